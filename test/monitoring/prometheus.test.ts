import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Backfills, keys, tenant } from '../support/backfill.ts';
import { Prometheus, promtool, type Sample } from '../support/prometheus.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Program } from '../support/worker.ts';
import { queries, rules, rulesFile, runbookQueries } from './rules.ts';

// Run where Prometheus is installed: `npm run check:alerts`.

describe('promtool', () => {
  test('finds nothing wrong with the rules', async () => {
    expect(await promtool('check', 'rules', rulesFile)).toContain(`${rules.length} rules found`);
  });

  test('sees each alert at its threshold and above it', async () => {
    const unitTests = join(import.meta.dirname, 'servo-alerts.promtool.yaml');
    expect(await promtool('test', 'rules', unitTests)).toContain('SUCCESS');
  });
});

describe('a real Prometheus, which scrapes two executors', () => {
  const gate = join(mkdtempSync(join(tmpdir(), 'servo-gate-')), 'open');
  // 20 ms and more for each, and half of them fail.
  const handler = `import { existsSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    export default async ({ partition_key }) => {
      while (!existsSync(${JSON.stringify(gate)})) await sleep(20);
      await sleep(30);
      if (Number(partition_key.slice(1)) % 2 === 0) throw new Error('never');
    };`;
  let backfills: Backfills;
  let workers: Program[];
  let prometheus: Prometheus;
  let job: string;

  beforeAll(async () => {
    backfills = await Backfills.open();
    const handlers = handlerDirectory({ 'orders.mjs': handler });
    workers = [0, 1].map(
      () =>
        new Program(backfills.database.app, tenant, [
          ...['--worker', '--handlers', handlers, '--slots', '2', '--metrics-port', '127.0.0.1:0'],
          ...['--pause-at-failure-rate', 'off'],
        ]),
    );
    const targets = await Promise.all(workers.map((worker) => worker.listening()));
    prometheus = await Prometheus.start(targets, rulesFile);
    // Of an external writer: 100 minutes to its ETA, 90 to the deadline.
    await backfills.job({
      asset: 'reports',
      keys: keys(10),
      columns: {
        state: 'running',
        heartbeat_at: new Date(),
        started_at: new Date(),
        avg_partition_duration_ms: 600_000,
        sla_deadline_at: new Date(Date.now() + 90 * 60_000),
      },
    });
    job = await backfills.job({
      keys: keys(100),
      strategy: { type: 'parallel', max_parallel: 4, max_attempts: 1 },
    });
  });
  afterAll(async () => {
    await prometheus?.stop();
    await Promise.all(workers.map((worker) => worker.kill()));
    await backfills.close();
  });

  /** Waits for two scrapes with it: a rate needs two samples. */
  const answer = (expression: string, wanted: (samples: Sample[]) => boolean) =>
    waitFor(
      expression,
      async () => {
        const samples = await prometheus.query(expression);
        return wanted(samples) ? samples : null;
      },
      { seen: () => prometheus.query(expression) },
    );
  const values = (samples: Sample[]) => samples.map(({ value }) => value);

  test('each example of the runbook has the value that it should have', async () => {
    const { running, stuck, p95, failureRate, longEta } = runbookQueries;
    expect(values(await answer(running, ([one]) => one?.value === 2))).toEqual([2]);
    // Two run, and nothing completes.
    expect(values(await answer(stuck, (samples) => samples.length > 0))).toEqual([2]);
    // The one whose ETA is known: the middle of the bucket of one to two hours.
    expect(values(await answer(longEta, (samples) => samples.length > 0))).toEqual([5400]);
    writeFileSync(gate, '');
    await backfills.state(job, 'failed');
    expect(await answer(stuck, (samples) => samples.length === 0)).toEqual([]);
    const completed = (status: string) =>
      `sum(servo_backfill_partition_completion_total{status="${status}"})`;
    await answer(completed('completed'), ([one]) => one?.value === 50);
    await answer(completed('failed'), ([one]) => one?.value === 50);
    const slow = (await answer(p95, (all) => all.some(({ value }) => value > 0))).filter(
      ({ value }) => !Number.isNaN(value),
    );
    for (const { value } of slow) expect(value).toBeGreaterThan(0.025);
    // The runbook's expression: each failed series divided by the same one.
    const printed = await answer(failureRate, (all) => all.some(({ value }) => value === 1));
    for (const { value } of printed) expect([1, Number.NaN]).toContain(value);
    // Our rule: not exactly a half, because work before the first scrape is in no rate.
    const shipped = queries.find(({ panel }) => panel === 'Failure rate')!.expr;
    const [share] = values(await answer(shipped, ([one]) => one !== undefined));
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.7);
    expect(values(await answer(running, ([one]) => one?.value === 1))).toEqual([1]);
  });

  test('the rules evaluate, and what they find goes off', async () => {
    const found = await waitFor('all rules to be evaluated', async () => {
      const all = await prometheus.rules();
      return all.length === rules.length && all.every(({ health }) => health !== 'unknown')
        ? all
        : null;
    });
    expect(
      found.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => [name, lastError]),
    ).toEqual([]);
    const firing = await answer('ALERTS{alertstate="firing"}', (all) => all.length >= 2);
    expect(firing.map(({ metric }) => metric.alertname).sort()).toEqual([
      'ServoBackfillHighFailureRate',
      'ServoBackfillSLAAtRisk',
    ]);
  });

  test('each panel of the dashboard has something to show', async () => {
    const quiet = ['Running, nothing completes', 'Executors on hold'];
    for (const { panel, expr } of queries) {
      const samples = await prometheus.query(expr);
      if (!quiet.includes(panel))
        expect([panel, expr, samples.length > 0]).toEqual([panel, expr, true]);
    }
    const shownBy = async (panel: string) => {
      const { expr } = queries.find((one) => one.panel === panel)!;
      return values(await prometheus.query(expr));
    };
    expect(await shownBy('SLA At Risk Jobs')).toEqual([1]);
    expect(await shownBy('SLA Breached Jobs')).toEqual([0]);
    expect(await shownBy('Executors alive')).toEqual([2]);
    const [buffer] = await shownBy('Least buffer');
    expect(buffer).toBeLessThan(-600);
    expect(buffer).toBeGreaterThan(-900);
  });
});
