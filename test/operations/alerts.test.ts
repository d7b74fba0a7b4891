import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Alert, AlertName } from '../../source/domain/triage/alerts.ts';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { readHandoff } from '../../source/operations/reports/hand-off.ts';
import { listAlerts } from '../../source/operations/triage/alerts.ts';
import { triageCheck } from '../../source/operations/triage/checks.ts';
import { handOffReport } from '../../source/presentation/report/hand-off.ts';
import { alertsText } from '../../source/presentation/triage/alert-text.ts';
import { Operator } from '../support/operator.ts';

let operator: Operator;
let made = 0;
beforeAll(async () => {
  operator = await Operator.open();
  for (const asset of ['orders', 'clicks']) await operator.asset(asset);
  await operator.asset('orders', undefined, 'globex');
  await operator.sql('alter table backfill_jobs disable trigger user');
});
afterAll(() => operator.close());
afterEach(async () => {
  await operator.sql('delete from backfill_jobs');
  await operator.sql('delete from backfill_executors');
});

const aJob = async (columns: Record<string, string>, tenant = 'acme', asset = 'orders') => {
  const all = { state: `'running'`, started_at: 'now()', heartbeat_at: 'now()', ...columns };
  return operator.value<string>(
    `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, ${Object.keys(all)})
     select tenant_id, id, name, 'key ${made++}', ${Object.values(all)} from assets where tenant_id = $1 and name = $2 returning id`,
    [tenant, asset],
  );
};
const anExecutor = (seen: string) =>
  operator.sql(
    `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers, seen_at) values ('h:${made++}:x', 'acme', 'h', 1, '0', 2, '{orders,clicks}', ${seen})`,
  );
const firing = async (tenant = 'acme') => {
  const { alerts } = await listAlerts(operator.db, tenant);
  return Object.fromEntries(
    alerts.filter((alert) => alert.firing).map((alert) => [alert.name, alert]),
  ) as Partial<Record<AlertName, Alert>>;
};
const ago = (at: Date | null) => Math.round((Date.now() - at!.getTime()) / 1000);

test('none fires without jobs, and each says its threshold', async () => {
  const { alerts, tenant_id } = await listAlerts(operator.db, 'acme');
  expect(tenant_id).toBe('acme');
  expect(
    alerts.map(({ name, severity, threshold, figure, since, jobs, firing }) => [
      name,
      severity,
      threshold.value,
      figure,
      since,
      jobs.length,
      firing,
    ]),
  ).toEqual([
    ['ServoBackfillJobStuck', 'critical', 300, null, null, 0, false],
    ['ServoBackfillNoExecutor', 'critical', 0, null, null, 0, false],
    ['ServoBackfillHighFailureRate', 'warning', 0.2, null, null, 0, false],
    ['ServoBackfillLongRunning', 'warning', 14_400, null, null, 0, false],
    ['ServoBackfillQueueDepth', 'warning', 10, null, null, 0, false],
    ['ServoBackfillSLAAtRisk', 'warning', 0, null, null, 0, false],
    ['ServoBackfillSLABreach', 'critical', 0, null, null, 0, false],
  ]);
});

test('JobStuck: a heartbeat of over 5 minutes, since it was that old; triage says so from 2 on', async () => {
  await anExecutor('now()');
  await aJob({ heartbeat_at: `now() - interval '4 minutes'` });
  expect(await firing()).toEqual({});
  expect((await triageCheck(operator.db, 'acme', 'stuck')).rows).toHaveLength(1);
  const job = await aJob({ heartbeat_at: `now() - interval '14 minutes'` }, 'acme', 'clicks');
  const { ServoBackfillJobStuck: alert } = await firing();
  expect(alert).toMatchObject({
    found: 1,
    figure: { kind: 'seconds' },
    jobs: [{ job_id: job, asset_name: 'clicks', state: 'running' }],
  });
  expect(Math.round(alert!.figure!.value / 10)).toBe(84);
  expect(Math.round(ago(alert!.since) / 10)).toBe(54);
  expect(await firing('globex')).toEqual({});
});

test('HighFailureRate: the worst rate, of all jobs that have too many failures', async () => {
  const rates = { total_partitions: '100', started_at: `now() - interval '1 minute'` };
  await aJob({ ...rates, completed_partitions: '3', failed_partitions: '2' });
  const worst = await aJob({ ...rates, completed_partitions: '1', failed_partitions: '4' });
  const { ServoBackfillHighFailureRate: alert } = await firing();
  expect(alert).toMatchObject({
    figure: { value: 0.8, kind: 'ratio' },
    found: 2,
    since: null,
    jobs: [{ job_id: worst, value: 0.8 }, { value: 0.4 }],
  });
});

test('LongRunning and the SLA alerts: since the moment that they name', async () => {
  await aJob({
    started_at: `now() - interval '5 hours'`,
    sla_deadline_at: `now() - interval '20 minutes'`,
  });
  await aJob({
    sla_deadline_at: `now() + interval '10 minutes'`,
    total_partitions: '1',
    avg_partition_duration_ms: '1200000',
  });
  const alerts = await firing();
  expect(Object.keys(alerts)).toEqual([
    'ServoBackfillLongRunning',
    'ServoBackfillSLAAtRisk',
    'ServoBackfillSLABreach',
  ]);
  expect(Math.round(ago(alerts.ServoBackfillLongRunning!.since) / 60)).toBe(60);
  expect(Math.round(ago(alerts.ServoBackfillSLABreach!.since) / 60)).toBe(20);
  expect(alerts.ServoBackfillSLABreach!.figure).toMatchObject({ value: 1, kind: 'count' });
  // Late by ten minutes.
  expect(alerts.ServoBackfillSLAAtRisk!.jobs[0]!.value! / 600).toBeCloseTo(1, 1);
});

test('QueueDepth: more than 10 pending, since the eleventh came', async () => {
  await anExecutor('now()');
  for (let i = 1; i <= 12; i++) {
    const minutes = `now() - interval '${i} minutes'`;
    await aJob({
      state: `'pending'`,
      heartbeat_at: 'null',
      started_at: 'null',
      created_at: minutes,
    });
    const { ServoBackfillQueueDepth: alert } = await firing();
    expect(alert?.figure?.value, `${i} pending`).toBe(i > 10 ? i : undefined);
    if (i === 12) expect(Math.round(ago(alert!.since) / 60)).toBe(2);
  }
});

test('NoExecutor: since the last one was seen, if jobs have waited for longer', async () => {
  await aJob({ state: `'pending'`, created_at: `now() - interval '1 hour'`, heartbeat_at: 'null' });
  expect(Math.round(ago((await firing()).ServoBackfillNoExecutor!.since) / 60)).toBe(60);
  await anExecutor(`now() - interval '7 minutes'`);
  expect(Math.round(ago((await firing()).ServoBackfillNoExecutor!.since) / 60)).toBe(7);
  await anExecutor('now()');
  expect((await firing()).ServoBackfillNoExecutor).toBeUndefined();
});

test('NoExecutor does not fire for a job that has just been started, before its worker is there', async () => {
  await aJob({ state: `'pending'`, created_at: 'now()', heartbeat_at: 'null' });
  const { alerts } = await listAlerts(operator.db, 'acme');
  expect(alerts.find(({ name }) => name === 'ServoBackfillNoExecutor')).toMatchObject({
    firing: false,
    found: 1,
    lasting_seconds: 300,
  });
  await operator.sql(`update backfill_jobs set created_at = now() - interval '5 minutes'`);
  expect((await firing()).ServoBackfillNoExecutor).toBeDefined();
  const thresholds = { ...thresholdDefaults, no_executor: 3_600_000 };
  const patient = await listAlerts(operator.db, 'acme', thresholds);
  expect(patient.alerts.some((alert) => alert.firing)).toBe(false);
});

test('the thresholds are settings', async () => {
  await aJob({ heartbeat_at: `now() - interval '4 minutes'` });
  const thresholds = { ...thresholdDefaults, heartbeat_alert: 180_000 };
  const { alerts } = await listAlerts(operator.db, 'acme', thresholds);
  expect(alerts[0]).toMatchObject({ firing: true, threshold: { value: 180 } });
});

test('how many executors are there: alive, or silent and not found dead', async () => {
  const now = (await listAlerts(operator.db, 'acme')).executors;
  await operator.sql(
    `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers, seen_at, lost_at)
     values ('a', 'acme', 'a', 1, '0', 1, '{}', now(), null), ('b', 'acme', 'b', 1, '0', 1, '{}', now() - interval '20 seconds', null),
       ('c', 'acme', 'c', 1, '0', 1, '{}', now() - interval '20 seconds', now()), ('d', 'globex', 'd', 1, '0', 1, '{}', now(), null)`,
  );
  const { executors } = await listAlerts(operator.db, 'acme');
  expect(executors).toEqual({ alive: now.alive + 1, silent: now.silent + 1 });
});

test('C7: a count that was cut off keeps its plus, as a figure, in a list and in a hand-off', async () => {
  const queued = (count: number) =>
    operator.sql(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state)
       select tenant_id, id, name, 'queued ' || i, 'pending' from assets, generate_series(1, $1::int) i
       where tenant_id = 'acme' and name = 'orders'`,
      [count],
    );
  const shown = async () => {
    const report = await listAlerts(operator.db, 'acme');
    const alert = report.alerts.find(({ name }) => name === 'ServoBackfillQueueDepth')!;
    const summary = await readHandoff(operator.db, 'acme', { before_ms: 3_600_000 });
    const text = alertsText(report, { width: 200, zone: 'utc' });
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.includes(alert.name));
    return {
      figure: alert.figure,
      line: lines[at]!,
      more: lines
        .slice(at)
        .find((line) => line.includes(' more'))!
        .trim(),
      summary: handOffReport(summary)
        .split('\n')
        .find((line) => line.includes(alert.name))!,
    };
  };
  await queued(200);
  const exact = await shown();
  expect(exact).toMatchObject({ figure: { value: 200, at_least: false }, more: 'and 195 more' });
  expect(exact.line + exact.summary).not.toContain('+');
  await operator.sql('delete from backfill_jobs');
  await queued(201);
  const capped = await shown();
  expect(capped).toMatchObject({ figure: { value: 200, at_least: true }, more: 'and 195+ more' });
  expect(capped.line.match(/200\+/g)).toHaveLength(2);
  expect(capped.summary).toContain('and 195+ more');
});
