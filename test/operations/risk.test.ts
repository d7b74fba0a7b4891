import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readUnfinishedJobs } from '../../source/database/queries/read-unfinished-jobs.ts';
import { handledSlots, openSlots } from '../../source/domain/forecast/what-if.ts';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { assessRisk, readRiskBoard } from '../../source/operations/triage/risk.ts';
import { errorOf, Operator } from '../support/operator.ts';
import { readsOf } from '../support/plans.ts';

let operator: Operator;
let made = 0;

beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders');
});
beforeEach(() => operator.sql('delete from backfill_jobs; delete from backfill_executors'));
afterAll(() => operator.close());

/** A running job of 120 partitions of 60 s: with two slots it ends in an hour. */
async function aJob(
  columns: Record<string, unknown> & { slots?: number } = {},
  deadline?: string,
): Promise<string> {
  const first = made;
  made += 120;
  const id = await operator.job({
    asset: 'orders',
    partitions: Array.from({ length: 120 }, (_, index) => `k${first + index}`),
  });
  const { slots = columns.state === undefined ? 2 : 0, ...changes } = columns;
  const all = {
    state: 'running',
    heartbeat_at: new Date(),
    started_at: new Date(),
    avg_partition_duration_ms: 60_000,
    execution_strategy: { type: 'parallel', max_parallel: 2 },
    ...changes,
  };
  for (const [name, value] of Object.entries(all))
    await operator.sql(`update backfill_jobs set ${name} = $2 where id = $1`, [id, value]);
  if (slots > 0) await operator.lease(id, 'web', slots);
  if (deadline !== undefined)
    await operator.sql(
      `update backfill_jobs set sla_deadline_at = now() + $2::interval where id = $1`,
      [id, deadline],
    );
  return id;
}

const anExecutor = (slots: number) => operator.executor('web', slots, ['orders']);
const around = (seconds: number) => expect.toSatisfy((eta: number) => Math.abs(eta - seconds) < 70);

const nothing = { job: null, pause: [] };
const assess = (input: Partial<Parameters<typeof assessRisk>[2]> = {}) =>
  assessRisk(operator.db, 'acme', { ...nothing, ...input });

describe('the table', () => {
  test('has all unfinished jobs with a deadline, the most urgent first, and those that share their slots', async () => {
    await anExecutor(6);
    const high = await aJob({}, '35 minutes');
    const breached = await aJob({ state: 'pending' }, '-1 minute');
    const fine = await aJob({}, '2 hours');
    const stuck = await aJob({ state: 'running', heartbeat_at: new Date(0) }, '2 hours');
    const waiting = await aJob({ state: 'waiting_upstream' }, '30 hours');
    const plain = await aJob();
    const next = await aJob({ state: 'pending' });
    await aJob({ state: 'completed' }, '1 hour');
    const report = await assess();
    expect(report.jobs.map(({ id }) => id)).toEqual([breached, high, stuck, fine, waiting]);
    expect(report.jobs.map(({ risk_level }) => risk_level)).toEqual([
      'breached',
      'high',
      'unknown',
      'on_track',
      'on_track',
    ]);
    expect(report.jobs[1]).toMatchObject({
      eta_seconds: around(3600),
      late_by_seconds: around(1500),
    });
    expect(report.others.map(({ id }) => id)).toEqual([plain, next]);
    expect(report.levels).toEqual({
      now: { breached: 1, high: 1, unknown: 1, on_track: 2 },
      what_if: null,
    });
    expect(report.advice.map(({ level }) => level)).toEqual(['breached', 'high', 'unknown']);
    expect(report.remedies.map(({ job_id }) => job_id)).toEqual([breached, high, stuck]);
    expect(report.remedies[1]).toMatchObject({ verdict: 'late', names: { [high]: 'orders' } });
    expect((await assess({ remedies: false })).remedies).toEqual([]);
  });

  test('says what the early warning says, and the buffer of each tier', async () => {
    await anExecutor(2);
    const id = await aJob({ priority: 5 }, '66 minutes');
    const thresholds = { ...thresholdDefaults, early_warning: 10 * 60_000 };
    const warned = await assessRisk(operator.db, 'acme', nothing, thresholds);
    expect(warned.jobs[0]).toMatchObject({ id, risk_level: 'low', sla_tier: 'standard' });
    expect(warned.jobs[0]!.sla_buffer).toBeCloseTo(0.1, 1);
    expect(warned).toMatchObject({ early_warning_seconds: 600 });
    expect(warned.jobs[0]).toMatchObject({ sla_buffer_fit: 'tight' });
    expect((await assess()).jobs[0]).toMatchObject({ risk_level: 'on_track' });
  });

  test('counts the slots of executors that take new work', async () => {
    for (const [id, slots] of [
      ['a', 4],
      ['b', 3],
      ['c', 8],
    ] as const)
      await operator.executor(id, slots, ['orders']);
    await operator.sql(`update backfill_executors set draining_at = now() where id = 'b'`);
    await operator.sql(`update backfill_executors set hold_reason = 'lag' where id = 'c'`);
    const { snapshot } = await readRiskBoard(operator.db, 'acme');
    expect([openSlots(snapshot), handledSlots(snapshot, 'orders')]).toEqual([4, 4]);
  });
});

describe('what if', () => {
  test('a job is paused, and its slots go to the one at risk; the one that follows it is the victim', async () => {
    await anExecutor(4);
    const late = await aJob(
      { execution_strategy: { type: 'parallel', max_parallel: 4 } },
      '45 minutes',
    );
    const plain = await aJob({ priority: 8 });
    const { jobs, others, levels, victims } = await assess({ pause: [plain] });
    expect(jobs[0]).toMatchObject({
      id: late,
      risk_level: 'medium',
      what_if: { eta_seconds: around(1800), risk_level: 'on_track', victim: false },
    });
    expect(others[0]).toMatchObject({ id: plain, what_if: { paused: true, eta_seconds: null } });
    expect(levels).toEqual({ now: { medium: 1 }, what_if: { on_track: 1 } });
    expect(victims).toEqual([]);
    const state = await operator.value('select state from backfill_jobs where id = $1', [plain]);
    expect(state).toBe('running');
    const raised = await assess({ job: late, priority: '9' });
    expect(raised.jobs[0]!.what_if).toMatchObject({ priority: 9, risk_level: 'on_track' });
    expect(raised.victims).toMatchObject([{ id: plain, what_if: { made_late: false } }]);
    const held = await assess({ job: late, hold: true });
    expect(held.jobs[0]!.what_if).toMatchObject({ eta_seconds: null, risk_level: 'unknown' });
  });

  test('one job alone, with everything together', async () => {
    await anExecutor(4);
    const id = await aJob({ failed_partitions: 20, completed_partitions: 20 }, '10 minutes');
    await aJob({}, '1 hour');
    const { jobs, slots } = await assess({
      job: id,
      slots: '8',
      parallel: '5',
      extend: '10m',
      retry_failed: true,
    });
    expect(slots).toEqual({ now: 4, what_if: 8 });
    expect(jobs).toMatchObject([
      {
        id,
        what_if: {
          max_parallel: 5,
          remaining_partitions: 100,
          incomplete_partitions: 0,
          eta_seconds: around(1200),
        },
      },
    ]);
    const moved =
      jobs[0]!.what_if!.sla_deadline_at!.getTime() - jobs[0]!.sla_deadline_at!.getTime();
    expect(moved).toBe(600_000);
  });

  test('a job that has ended stands as it ended, and no what-if is possible', async () => {
    const id = await aJob({ state: 'failed' }, '1 hour');
    expect((await assess({ job: id })).jobs).toMatchObject([
      { risk_level: 'breached', what_if: null },
    ]);
    const error = await errorOf(assess({ job: id, parallel: '9', pause: [id] }));
    expect(error.message).toContain('only running jobs can be paused; this one is failed');
    expect(error.message).toContain('has ended (failed): no what-if is possible');
  });

  test('every mistake is reported', async () => {
    const error = await errorOf(
      assess({ slots: 'many', parallel: '0', deadline: 'soon', extend: 'a bit' }),
    );
    for (const words of [
      'invalid --slots "many"',
      'invalid --parallel "0"',
      '--parallel requires a job',
      'invalid --deadline "soon"',
      '--deadline requires a job',
      'mutually exclusive',
      'invalid --extend "a bit"',
    ])
      expect(error.message).toContain(words);
  });
});

describe('at size', () => {
  test('reads as many jobs as it shows, by their indexes, before and with statistics', async () => {
    const asset = await operator.value(`select id from assets where name = 'orders'`);
    await operator.sql(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state, created_at, sla_deadline_at)
       select 'acme', $1, 'orders', i::text, case when i % 1000 = 0 then 'running' when i % 3 = 0 then 'pending' else 'completed' end,
         now() - i * interval '1 minute', case when i % 500 = 0 or i % 4 = 1 then now() + (i - 10000) * interval '1 minute' end
       from generate_series(1, 20000) i`,
      [asset],
    );
    await operator.sql(
      `insert into backfill_samples (job_id, at, tenant_id, completed, failed, avg_partition_duration_ms)
       select id, now() - i * interval '1 minute', 'acme', 0, 0, 1 from backfill_jobs, generate_series(1, 500) i where state = 'running'`,
    );
    for (const prepare of ['select 1', 'analyze']) {
      await operator.sql(prepare);
      const reads = await readsOf(operator.database.app, 'acme', async (_, query) => {
        expect((await readUnfinishedJobs(query, 'acme', 100)).length).toBe(200);
      });
      expect(reads).toMatchObject({ scans: [], sequential: 0 });
      expect(reads.fetched).toBeLessThanOrEqual(1000);
    }
  });
});
