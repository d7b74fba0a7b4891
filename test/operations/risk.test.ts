import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readFleet, readLiveJobs } from '../../source/database/queries/read-live-jobs.ts';
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

/** A running job of 120 partitions with 60 s each: two at work end it in an hour. */
async function aJob(columns: Record<string, unknown> = {}, deadline?: string): Promise<string> {
  const first = made;
  made += 120;
  const id = await operator.job({
    asset: 'orders',
    partitions: Array.from({ length: 120 }, (_, index) => `k${first + index}`),
  });
  const all = {
    state: 'running',
    heartbeat_at: new Date(),
    started_at: new Date(),
    avg_partition_duration_ms: 60_000,
    execution_strategy: { type: 'parallel', max_parallel: 4 },
    lease_tokens: ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'],
    ...columns,
  };
  for (const [name, value] of Object.entries(all))
    await operator.sql(`update backfill_jobs set ${name} = $2 where id = $1`, [id, value]);
  if (deadline !== undefined)
    await operator.sql(
      `update backfill_jobs set sla_deadline_at = now() + $2::interval where id = $1`,
      [id, deadline],
    );
  return id;
}

const anExecutor = (slots: number, columns = '') =>
  operator.sql(
    `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers${columns && ', hold_reason'})
     values (gen_random_uuid(), 'acme', 'h', 1, '0', $1, '{orders}'${columns})`,
    [slots],
  );

const nothing = { job: null, pause: [] };
const assess = (input: Partial<Parameters<typeof assessRisk>[2]> = {}) =>
  assessRisk(operator.db, 'acme', { ...nothing, ...input });

describe('the table', () => {
  test('has all live jobs with a deadline, the most urgent first, and those that share their slots', async () => {
    const high = await aJob({}, '35 minutes');
    const breached = await aJob({ state: 'pending', lease_tokens: [] }, '-1 minute');
    const fine = await aJob({}, '2 hours');
    const stuck = await aJob({ heartbeat_at: new Date(0) }, '2 hours');
    const waiting = await aJob({ state: 'waiting_upstream', lease_tokens: [] }, '3 hours');
    const plain = await aJob();
    const next = await aJob({ state: 'pending', lease_tokens: [] });
    await aJob({ state: 'completed', lease_tokens: [] }, '1 hour');
    const report = await assess();
    expect(report.jobs.map(({ id }) => id)).toEqual([breached, high, stuck, fine, waiting]);
    expect(report.jobs.map(({ risk_level }) => risk_level)).toEqual([
      'breached',
      'high',
      'unknown',
      'on_track',
      'on_track',
    ]);
    expect(report.others.map(({ id }) => id)).toEqual([plain, next]);
    expect(report.levels).toEqual({
      now: { breached: 1, high: 1, unknown: 1, on_track: 2 },
      what_if: null,
    });
    expect(report.advice.map(({ level }) => level)).toEqual(['breached', 'high', 'unknown']);
  });

  test('says what the early warning says, and the buffer of each tier', async () => {
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
    await anExecutor(4);
    await anExecutor(3);
    await anExecutor(8, `, 'replication lags'`);
    await operator.sql(`update backfill_executors set draining_at = now() where slots = 3`);
    const { fleet } = await readRiskBoard(operator.db, 'acme');
    expect(fleet).toEqual({ slots: 4, by_asset: { orders: 4 } });
  });
});

describe('what if', () => {
  test('a job is paused, and its slots go to the one at risk', async () => {
    await anExecutor(4);
    const late = await aJob({}, '45 minutes');
    const plain = await aJob();
    const { jobs, others, levels } = await assess({ pause: [plain] });
    expect(jobs[0]).toMatchObject({
      id: late,
      lanes: 2,
      risk_level: 'medium',
      what_if: { slots: 4, eta_seconds: 1800, risk_level: 'on_track' },
    });
    expect(others[0]).toMatchObject({ id: plain, what_if: { paused: true, slots: 0 } });
    expect(levels).toEqual({ now: { medium: 1 }, what_if: { on_track: 1 } });
    const state = await operator.value('select state from backfill_jobs where id = $1', [plain]);
    expect(state).toBe('running');
  });

  test('one job alone, with everything at once', async () => {
    await anExecutor(2);
    const id = await aJob({ failed_partitions: 20, completed_partitions: 20 }, '10 minutes');
    await aJob({}, '1 hour');
    const { jobs, slots } = await assess({
      job: id,
      slots: '8',
      parallel: '5',
      extend: '10m',
      retry_failed: true,
    });
    expect(slots).toEqual({ now: 2, what_if: 8 });
    expect(jobs).toMatchObject([
      {
        id,
        what_if: { slots: 5, max_parallel: 5, remaining_partitions: 100, eta_seconds: 1200 },
      },
    ]);
    const moved =
      jobs[0]!.what_if!.sla_deadline_at!.getTime() - jobs[0]!.sla_deadline_at!.getTime();
    expect(moved).toBe(600_000);
  });

  test('a job that has ended stands as it ended, and nothing can be supposed of it', async () => {
    const id = await aJob({ state: 'failed', lease_tokens: [] }, '1 hour');
    expect((await assess({ job: id })).jobs).toMatchObject([
      { risk_level: 'breached', what_if: null },
    ]);
    const error = await errorOf(assess({ job: id, parallel: '9', pause: [id] }));
    expect(error.message).toContain('only running jobs can be paused; this one is failed');
    expect(error.message).toContain('has ended (failed): nothing can be supposed of it');
  });

  test('every mistake is told', async () => {
    const error = await errorOf(
      assess({ slots: 'many', parallel: '0', deadline: 'soon', extend: 'a bit' }),
    );
    for (const words of [
      '--slots many is no number of slots',
      '--parallel 0 is out of range',
      "--parallel is one job's: name it",
      '"soon" is not a time (--deadline)',
      "--deadline is one job's: name it",
      'exclude each other',
      '"a bit" is not a duration (--extend)',
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
        expect((await readLiveJobs(query, 'acme', 100)).length).toBe(200);
        await readFleet(query, 'acme');
      });
      expect(reads).toMatchObject({ scans: [], sequential: 0 });
      expect(reads.fetched).toBeLessThanOrEqual(1000);
    }
  });
});
