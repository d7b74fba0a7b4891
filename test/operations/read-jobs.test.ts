import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../source/errors.ts';
import { actOnJob } from '../../source/operations/act/act-on-job.ts';
import { getJob, getJobDetail } from '../../source/operations/jobs/get-job.ts';
import { listJobs } from '../../source/operations/jobs/list-jobs.ts';
import { resolveJob, resolveJobs } from '../../source/operations/jobs/resolve-job.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await Operator.open();
  for (const asset of ['orders', 'orders_daily', 'clicks']) await operator.asset(asset, 'day');
});
afterAll(() => operator.close());

const names = async (options: Partial<Parameters<typeof listJobs>[2]> = {}) => {
  const { jobs } = await listJobs(operator.db, 'acme', { limit: 100, ...options });
  return jobs.map((job) => `${job.asset_name} ${job.partition_start} ${job.state}`);
};

describe('the job table', () => {
  beforeAll(async () => {
    await operator.sql('alter table backfill_jobs drop constraint valid_backfill_state');
    const day = (n: number) => `2024-01-0${n}`;
    const jobs: [asset: string, n: number, columns: Record<string, unknown>][] = [
      ['orders', 1, { completed_at: '2024-01-05', state: 'completed', created_at: '2024-01-05' }],
      ['orders', 2, { completed_at: '2024-01-04', state: 'failed', created_at: '2024-01-04' }],
      ['orders', 3, { completed_at: '2024-01-06', state: 'cancelled', created_at: '2024-01-06' }],
      ['orders', 4, { state: 'pending', created_at: '2024-01-03' }],
      ['orders', 5, { state: 'pending', created_at: '2024-01-02', priority: 9 }],
      ['orders_daily', 1, { state: 'running', created_at: '2024-01-01' }],
      ['orders_daily', 2, { state: 'paused', created_at: '2024-01-01' }],
      ['orders_daily', 3, { state: 'resuming', created_at: '2024-01-01' }],
      ['clicks', 1, { state: 'waiting_upstream', created_at: '2024-01-01' }],
      ['clicks', 2, { state: 'hibernating', created_at: '2024-01-01' }],
    ];
    for (const [asset, n, columns] of jobs) {
      await operator.job({ asset, start: day(n), end: day(n) }, columns);
    }
  });

  test('unfinished jobs first, the higher priority first, then the latest ended ones', async () => {
    expect(await names()).toEqual([
      // Stuck, and then what no executor can run.
      'orders_daily 2024-01-01 running',
      'orders_daily 2024-01-03 resuming',
      'orders 2024-01-05 pending',
      'orders 2024-01-04 pending',
      'clicks 2024-01-02 hibernating',
      'orders_daily 2024-01-02 paused',
      'clicks 2024-01-01 waiting_upstream',
      'orders 2024-01-03 cancelled',
      'orders 2024-01-01 completed',
      'orders 2024-01-02 failed',
    ]);
  });

  test('by state, an unknown one among them', async () => {
    expect(await names({ states: ['failed', 'hibernating'] })).toEqual([
      'clicks 2024-01-02 hibernating',
      'orders 2024-01-02 failed',
    ]);
    expect(await names({ states: [] })).toEqual([]);
  });

  test('by asset, by what a name begins with, and by both with a state', async () => {
    expect(await names({ assets: ['clicks'] })).toHaveLength(2);
    expect(await names({ assets: ['orders*'] })).toHaveLength(8);
    expect(
      await names({ assets: ['orders', 'clicks'], states: ['completed', 'waiting_upstream'] }),
    ).toEqual(['clicks 2024-01-01 waiting_upstream', 'orders 2024-01-01 completed']);
    expect(await names({ assets: ['nothing*'] })).toEqual([]);
  });

  test('an unknown asset is an error, not an empty list', async () => {
    const error = await errorOf(names({ assets: ['order'] }));
    expect(error).toMatchObject({ code: 'not_found', message: 'unknown asset "order"' });
    expect(error.hint).toContain('did you mean orders?');
  });

  test('a limit says that there are more', async () => {
    const list = await listJobs(operator.db, 'acme', { limit: 3 });
    expect(list).toMatchObject({ truncated: true, tenant_id: 'acme' });
    expect(list.jobs).toHaveLength(3);
    expect((await listJobs(operator.db, 'acme', { limit: 10 })).truncated).toBe(false);
  });

  test('counts of every state, whatever is listed', async () => {
    const list = await listJobs(operator.db, 'acme', { limit: 1, states: ['failed'] });
    expect(list.counts).toEqual({
      running: 1,
      paused: 1,
      resuming: 1,
      waiting_upstream: 1,
      pending: 2,
      hibernating: 1,
      completed: 1,
      failed: 1,
      cancelled: 1,
    });
  });

  test("nothing of another tenant's", async () => {
    expect(await listJobs(operator.db, 'globex', { limit: 10 })).toMatchObject({
      jobs: [],
      counts: {},
    });
  });

  test('bigint columns are numbers, times are times, what is absent is null', async () => {
    const { jobs } = await listJobs(operator.db, 'acme', { limit: 1 });
    await operator.sql('update backfill_jobs set avg_partition_duration_ms = 1500 where id = $1', [
      jobs[0]!.id,
    ]);
    const { job, as_of } = await getJob(operator.db, 'acme', jobs[0]!.id);
    expect(job.avg_partition_duration_ms).toBe(1500);
    expect(job.created_at).toBeInstanceOf(Date);
    expect(as_of).toBeInstanceOf(Date);
    expect(job).toMatchObject({
      sla_deadline_at: null,
      running_slots: 0,
      version: expect.any(Number),
    });
    expect(Object.keys(job)).not.toContain('lease_tokens');
  });
});

describe('the rate', () => {
  const running = (n: number) =>
    operator.job(
      { asset: 'clicks', partitions: [`2025-01-0${n}`] },
      { state: 'running', completed_partitions: 60 },
    );
  const baseOf = async (id: string) => (await getJob(operator.db, 'acme', id)).job.rate_base;

  test('is counted from the newest sample that is 1 to 10 minutes old', async () => {
    const id = await running(1);
    await operator.sql(
      `insert into backfill_samples (job_id, tenant_id, at, completed, failed)
       select $1, 'acme', now() - minutes * interval '1 minute', 100 - minutes, 0 from unnest(array[0.5, 2, 5, 11]) minutes`,
      [id],
    );
    expect((await baseOf(id))!.completed).toBe(98);
    await operator.sql(
      `delete from backfill_samples where job_id = $1 and at > now() - interval '10 minutes'`,
      [id],
    );
    expect(await baseOf(id)).toBeNull();
  });

  test('else from the start, if that was in the last 10 minutes', async () => {
    const id = await running(2);
    await operator.sql(
      `update backfill_jobs set started_at = now() - interval '2 minutes' where id = $1`,
      [id],
    );
    expect((await baseOf(id))!.completed).toBe(0);
    const { job } = await getJob(operator.db, 'acme', id);
    expect(job.rate_per_minute).toBeCloseTo(30, 0);
    await operator.sql(
      `update backfill_jobs set started_at = now() - interval '11 minutes' where id = $1`,
      [id],
    );
    expect(await baseOf(id)).toBeNull();
  });
});

describe("the ETA's range and drift", () => {
  test('are those of the samples of the last 15 minutes', async () => {
    const id = await operator.job(
      { asset: 'clicks', partitions: ['2027-01-01', '2027-01-02', '2027-01-03'] },
      { state: 'running', heartbeat_at: new Date(), avg_partition_duration_ms: 60_000 },
    );
    await operator.sql(
      `insert into backfill_samples (job_id, tenant_id, at, completed, failed, avg_partition_duration_ms, estimated_completion_at)
       select $1, 'acme', now() - minutes * interval '1 minute', 0, 0, average, now() + due * interval '1 second'
       from (values (16, 1000, 0), (14, null, null), (13, 40000, 60), (5, 90000, 600)) s (minutes, average, due)`,
      [id],
    );
    const { job } = await getJob(operator.db, 'acme', id);
    expect(job).toMatchObject({
      eta_seconds: 180,
      eta_low_seconds: 120,
      eta_high_seconds: 270,
      eta_trend: { least_average_ms: 40_000, most_average_ms: 90_000 },
    });
    expect(job.eta_drift_seconds).toBeCloseTo(120, 0);
    const { jobs } = await listJobs(operator.db, 'acme', { states: ['running'], limit: 100 });
    expect(jobs.find((one) => one.id === id)).toMatchObject({ eta_high_seconds: 270 });
  });

  test('are not known without samples, nor while the job does not run', async () => {
    const id = await operator.job(
      { asset: 'clicks', partitions: ['2027-02-01'] },
      { state: 'running', heartbeat_at: new Date(), avg_partition_duration_ms: 60_000 },
    );
    const unknown = { eta_low_seconds: null, eta_high_seconds: null, eta_drift_seconds: null };
    expect((await getJob(operator.db, 'acme', id)).job).toMatchObject({
      eta_seconds: 60,
      ...unknown,
    });
    await operator.sql(
      `insert into backfill_samples (job_id, tenant_id, at, completed, failed, avg_partition_duration_ms, estimated_completion_at)
       values ($1, 'acme', now() - interval '10 minutes', 0, 0, 1000, now())`,
      [id],
    );
    await operator.sql(`update backfill_jobs set state = 'paused' where id = $1`, [id]);
    expect((await getJob(operator.db, 'acme', id)).job).toMatchObject(unknown);
  });
});

describe('one job in full', () => {
  let id: string;
  beforeAll(async () => {
    id = await operator.job(
      { asset: 'clicks', start: '2026-01-01', end: '2026-04-10' },
      { state: 'running' },
    );
    await operator.sql(
      `update backfill_partitions set state = case
           when partition_key < '2026-02-01' then 'completed' when partition_key = '2026-02-01' then 'failed'
           when partition_key = '2026-02-02' then 'running' else state end,
         error_message = case when partition_key in ('2026-02-01', '2026-02-03') then 'no such table' end,
         available_at = case when partition_key = '2026-02-01' then 'infinity'
           when partition_key = '2026-02-03' then now() + interval '1 minute' end,
         lease_owner = case when partition_key = '2026-02-02' then 'web-1:7:x' end
       where backfill_job_id = $1`,
      [id],
    );
  });

  test('failed, open, journal and executors', async () => {
    const detail = await getJobDetail(operator.db, 'acme', id, { buckets: 0 });
    expect(detail.map).toEqual([]);
    expect(detail.failed).toMatchObject([
      { partition_key: '2026-02-01', error_message: 'no such table' },
    ]);
    expect(detail.open.map((one) => one.partition_key)).toEqual(['2026-02-02', '2026-02-03']);
    expect(detail.executors).toEqual(['web-1:7:x']);
    await actOnJob(operator.db, { ...author, reason: 'look' }, { action: 'pause', id });
    const { events } = await getJobDetail(operator.db, 'acme', id, { buckets: 0 });
    expect(events[0]).toMatchObject({ kind: 'state', to_state: 'paused', reason: 'look' });
    expect(typeof events[0]!.id).toBe('number');
  });

  test.each([[1], [7], [99], [100], [250]])(
    'the map in %i pieces has every partition once, in order',
    async (buckets) => {
      const { map } = await getJobDetail(operator.db, 'acme', id, { buckets });
      const sum = (name: 'completed' | 'failed' | 'running' | 'pending') =>
        map.reduce((total, bucket) => total + bucket[name], 0);
      expect([sum('completed'), sum('failed'), sum('running'), sum('pending')]).toEqual([
        31, 1, 1, 67,
      ]);
      expect(map).toHaveLength(Math.min(buckets, 100));
      expect(map[0]!.first_key).toBe('2026-01-01');
      expect(map.at(-1)!.last_key).toBe('2026-04-10');
      const keys = map.flatMap((bucket) => [bucket.first_key, bucket.last_key]);
      expect(keys).toEqual([...keys].sort());
      const sizes = map.map(
        (bucket) => bucket.completed + bucket.failed + bucket.running + bucket.pending,
      );
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    },
  );

  test('an unknown job is not found', async () => {
    const error = await errorOf(
      getJob(operator.db, 'acme', '00000000-0000-4000-8000-000000000000'),
    );
    expect(error.code).toBe('not_found');
  });
});

describe('job references', () => {
  const ids = ['abcd1111-0000-4000-8000-000000000001', 'abcd2222-0000-4000-8000-000000000002'];
  beforeAll(async () => {
    for (const [index, id] of ids.entries()) {
      const made = await operator.job({ asset: 'orders', partitions: [`2030-01-0${index + 1}`] });
      await operator.sql('delete from backfill_partitions where backfill_job_id = $1', [made]);
      await operator.sql('update backfill_jobs set id = $2 where id = $1', [made, id]);
    }
  });

  test('a UUID, and a prefix of any case, mean the job', async () => {
    expect(await resolveJob(operator.db, 'acme', ids[0]!)).toBe(ids[0]);
    expect(await resolveJob(operator.db, 'acme', 'ABCD1')).toBe(ids[0]);
    expect(await resolveJob(operator.db, 'acme', 'abcd2222-00')).toBe(ids[1]);
  });

  test('an ambiguous prefix lists what it may mean', async () => {
    const error = await errorOf(resolveJob(operator.db, 'acme', 'abcd'));
    expect(error).toMatchObject({ code: 'usage' });
    expect(error.message).toBe(
      '"abcd" is ambiguous: abcd1111 (orders, pending), abcd2222 (orders, pending)',
    );
  });

  test('an unknown one is not found, a malformed one is no job id', async () => {
    expect(await errorOf(resolveJob(operator.db, 'acme', 'ffff'))).toMatchObject({
      code: 'not_found',
      message: 'job ffff not found',
    });
    for (const malformed of ['abc', 'orders', '']) {
      expect(await errorOf(resolveJob(operator.db, 'acme', malformed))).toBeInstanceOf(UsageError);
    }
  });

  test('all mistakes are reported together', async () => {
    const error = await errorOf(resolveJobs(operator.db, 'acme', ['abcd', 'ffff', 'abcd1']));
    expect(error.message).toMatch(/ambiguous.*job ffff not found/);
  });

  test('a job that is meant twice is there once', async () => {
    const jobs = await resolveJobs(operator.db, 'acme', ['abcd1', ids[0]!, 'abcd2']);
    expect(jobs.map((job) => job.id)).toEqual(ids);
  });

  test("another tenant's job is not found", async () => {
    expect(await errorOf(resolveJob(operator.db, 'globex', ids[0]!))).toMatchObject({
      code: 'not_found',
    });
  });
});

test('an adopted table with columns of its own is read all the same', async () => {
  await operator.sql('alter table backfill_jobs add column color text default $$red$$');
  const id = await operator.job({ asset: 'orders', partitions: ['2040-01-01'] });
  await actOnJob(operator.db, { ...author, reason: 'r' }, { action: 'cancel', id });
  const { job } = await getJob(operator.db, 'acme', id);
  expect(job).not.toHaveProperty('color');
});
