import { describe, expect, test } from 'vitest';
import { figuresOf } from '../../source/domain/executor/figures.ts';
import { writeDuration } from '../../source/domain/time/duration.ts';
import { alertNames } from '../../source/domain/triage/alerts.ts';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { ExecutorMetrics } from '../../source/observability/executor-metrics.ts';
import { holdReasons } from '../../source/observability/meter.ts';
import { tenantMetrics } from '../../source/observability/tenant-metrics.ts';
import { Exposition } from '../support/exposition.ts';
import { dashboard, queries, ruleNamed, rules, runbookQueries } from './rules.ts';

/** The metrics of an executor that reports a tenant with one running job. */
async function everything(): Promise<Exposition> {
  const vitals = { slots: 1, slots_busy: 0, jobs: 0, holds: holdReasons, heartbeat_age: 0 };
  const own = new ExecutorMetrics(() => vitals, true);
  own.meter.partition('completed');
  const as_of = new Date();
  const job = {
    state: 'running',
    heartbeat_at: as_of,
    started_at: as_of,
    total_partitions: 2,
    completed_partitions: 1,
    failed_partitions: 0,
    skipped_partitions: 0,
    avg_partition_duration_ms: 1000,
    execution_strategy: {},
    running_slots: 1,
    sla_deadline_at: as_of,
    forecast_at: null,
  };
  const reading = { as_of, counts: {}, unfinished: [job], pending_breached: 0, executors: [] };
  const text = await own.registry.metrics();
  return new Exposition(text + (await tenantMetrics(figuresOf([reading], thresholdDefaults))));
}

test('every alert of the runbooks exists, with its name and severity', () => {
  expect(rules.map(({ alert, labels }) => `${alert} ${labels.severity}`)).toEqual([
    'ServoBackfillJobStuck critical',
    'ServoBackfillHighFailureRate warning',
    'ServoBackfillLongRunning warning',
    'ServoBackfillQueueDepth warning',
    'ServoBackfillSLAAtRisk warning',
    'ServoBackfillSLABreach critical',
    'ServoBackfillMetricsAbsent critical',
    'ServoBackfillNoExecutor critical',
    'ServoExecutorHold warning',
  ]);
  for (const { annotations } of rules)
    expect(Object.keys(annotations)).toEqual(['summary', 'description', 'runbook']);
});

test('every alert of `servo-tui alerts` is an alert rule', () => {
  const names = rules.map(({ alert }) => alert);
  expect(alertNames.filter((name) => !names.includes(name))).toEqual([]);
});

describe('the figures are the thresholds that triage uses', () => {
  const figure = (alert: string, pattern: RegExp) =>
    Number(pattern.exec(ruleNamed(alert).expr)?.[1]);
  const { heartbeat_alert, failure_rate, failure_window, failure_least } = thresholdDefaults;
  const { long_running, queue_depth, early_warning } = thresholdDefaults;
  test.each([
    ['ServoBackfillJobStuck', /> (\d+)$/, heartbeat_alert / 1000],
    ['ServoBackfillHighFailureRate', /> (0\.\d+)/, failure_rate],
    ['ServoBackfillHighFailureRate', /\[(\d+)m\]/, failure_window / 60_000],
    ['ServoBackfillHighFailureRate', />= (\d+)/, failure_least],
    ['ServoBackfillLongRunning', /> (\d+)$/, long_running / 1000],
    ['ServoBackfillQueueDepth', /> (\d+)$/, queue_depth],
    // The gauge counts from --early-warning on, whose default is the threshold.
    ['ServoBackfillSLAAtRisk', /> (\d+)$/, early_warning],
  ])('%s %s', (alert, pattern, threshold) => {
    expect(figure(alert, pattern)).toBe(threshold);
  });

  test('and what must last does for as long', () => {
    const { for: lasting } = ruleNamed('ServoBackfillNoExecutor');
    expect(lasting).toBe(writeDuration(thresholdDefaults.no_executor));
  });

  test('and every window of the failure rate is the same', () => {
    const { expr } = ruleNamed('ServoBackfillHighFailureRate');
    expect(new Set(expr.match(/\[\w+\]/g))).toEqual(new Set(['[10m]']));
  });
});

test('the dashboard is the one that the runbook names', () => {
  expect(dashboard.title).toBe('Servo Backfill Operations');
  const rowsAndPanels = dashboard.panels.map(({ type, title }) => `${type} ${title}`);
  const row = rowsAndPanels.indexOf('row SLA Tracking');
  expect(row).toBeGreaterThan(-1);
  expect(rowsAndPanels[row + 1]).toBe('stat SLA At Risk Jobs');
  expect(queries.length).toBeGreaterThan(30);
});

test('rules and dashboard ask for series that there are, with labels and values that they have', async () => {
  const seen = await everything();
  const asked = [
    ...rules.map(({ expr }) => expr),
    ...queries.map(({ expr }) => expr),
    ...Object.values(runbookQueries),
  ];
  const selectors = asked.flatMap((expr) => [
    ...expr.matchAll(/\b((?:servo|process)_\w+)(?:\{([^}]*)\})?/g),
  ]);
  expect(selectors.length).toBeGreaterThan(50);
  const missing = selectors.filter(([, metric, matchers = '']) => {
    const series = seen.seriesOf(metric!);
    const wanted = [...matchers.matchAll(/(\w+)(=~?|!=)"([^"]*)"/g)];
    return !series.some((one) =>
      wanted.every(([, label, operator, value]) => {
        const actual = new RegExp(`${label}="([^"]*)"`).exec(one)?.[1];
        if (actual === undefined) return false;
        if (operator === '!=') return actual !== value;
        return operator === '=' ? actual === value : value!.split('|').includes(actual);
      }),
    );
  });
  expect(missing.map(([text]) => text)).toEqual([]);
});
