import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobInsight } from '../../source/domain/job/insight.ts';
import { getJobDetail, getJobSql } from '../../source/operations/jobs/get-job.ts';
import { getPartition } from '../../source/operations/jobs/get-partition.ts';
import { errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await Operator.open();
});
afterAll(() => operator.close());

const insightOf = async (id: string): Promise<JobInsight> =>
  (await getJobDetail(operator.db, 'acme', id, { buckets: 0, insight: true })).insight!;

describe('failures and durations', () => {
  let id: string;
  beforeAll(async () => {
    await operator.asset('orders', 'day');
    id = await operator.job(
      { asset: 'orders', start: '2024-01-01', end: '2024-04-09' },
      { state: 'running', failed_partitions: 31 },
    );
    await operator.sql(
      `update backfill_partitions set state = 'completed', duration_ms = extract(day from partition_key::date) * 10, completed_at = now(), attempt_count = 1
       where backfill_job_id = $1 and partition_key < '2024-02-01'`,
      [id],
    );
    await operator.sql(
      `update backfill_partitions set state = 'failed', available_at = 'infinity', attempt_count = 3, failure_count = 3, completed_at = now(),
         error_message = case when partition_key < '2024-02-05' then repeat('x', 1000000) else 'differs by ' || extract(day from partition_key::date) || ' % (limit 3 %)' end
       where backfill_job_id = $1 and partition_key between '2024-02-01' and '2024-02-29'`,
      [id],
    );
  });

  test('failures are grouped by what their messages have in common, whatever their length', async () => {
    const { failures } = await insightOf(id);
    expect(failures.map(({ count }) => count)).toEqual([25, 4]);
    expect(failures[0]!.partitions).toHaveLength(20);
    expect(failures[0]!.partitions[0]).toMatchObject({
      partition_key: '2024-02-05',
      attempt_count: 3,
      error_message: 'differs by 5 % (limit 3 %)',
      completed_at: expect.any(Date),
    });
    expect(failures[1]!.partitions[0]!.error_message).toHaveLength(500);
  });

  test('the middle, the slowest twentieth and the slowest of what was completed', async () => {
    const { durations } = await insightOf(id);
    expect(durations).toMatchObject({ count: 31, p50_ms: 160, p95_ms: 300 });
    expect(durations.slowest[0]).toMatchObject({ partition_key: '2024-01-31', duration_ms: 310 });
    expect(durations.slowest).toHaveLength(20);
  });

  test('a job that runs backward, too', async () => {
    await operator.sql(
      `update backfill_jobs set execution_strategy = '{"type":"sequential","order":"desc"}' where id = $1`,
      [id],
    );
    expect((await insightOf(id)).durations.count).toBe(0);
    await operator.sql(
      `update backfill_partitions set state = 'completed', duration_ms = 7 where backfill_job_id = $1 and partition_key >= '2024-04-01'`,
      [id],
    );
    expect((await insightOf(id)).durations).toMatchObject({ count: 9, p50_ms: 7, p95_ms: 7 });
  });

  test('one partition in full: its row, its journal, its outputs', async () => {
    const key = '2024-02-10';
    await operator.sql(
      `insert into backfill_events (tenant_id, job_id, partition_key, kind, actor, reason) values
         ('acme', $1, $2, 'retry', 'web-1:1:x', 'first'), ('acme', $1, '2024-02-11', 'failed', 'web-1:1:x', 'other'), ('acme', $1, $2, 'failed', 'web-1:1:x', 'last')`,
      [id, key],
    );
    await operator.sql(
      `insert into backfill_attempt_logs (job_id, partition_key, attempt, tenant_id, executor_id, output)
       select $1, $2, n, 'acme', 'web-1:1:x', 'output ' || n from generate_series(1, 3) n`,
      [id, key],
    );
    const { partition, events, logs } = await getPartition(operator.db, 'acme', id, key);
    expect(partition).toMatchObject({ state: 'failed', attempt_count: 3, available_at: null });
    expect(events.map(({ kind, reason }) => [kind, reason])).toEqual([
      ['failed', 'last'],
      ['retry', 'first'],
    ]);
    expect(logs.map(({ output }) => output)).toEqual(['output 3', 'output 2', 'output 1']);
    const error = await errorOf(getPartition(operator.db, 'acme', id, 'nowhere'));
    expect(error).toMatchObject({ code: 'not_found' });
    expect(await errorOf(getPartition(operator.db, 'globex', id, key))).toMatchObject({
      code: 'not_found',
    });
  });

  test('parts of a map are as they are in the whole of it', async () => {
    const { map } = await getJobDetail(operator.db, 'acme', id, { buckets: 7 });
    const ranges = [map[5]!, map[2]!];
    const { changed, map: unread } = await getJobDetail(operator.db, 'acme', id, {
      buckets: 0,
      ranges,
    });
    expect(changed).toEqual(ranges);
    expect(unread).toEqual([]);
  });
});

describe('what is related', () => {
  test('upstream and waiting jobs as trees, deleted ones among them, and assets made from it', async () => {
    const [raw, mid, out] = await Promise.all(
      ['raw', 'mid', 'out'].map((name) => operator.asset(name, 'day')),
    );
    await operator.sql(
      `insert into asset_dependencies (upstream_asset_id, downstream_asset_id, dependency_type) values ($1, $2, 'data'), ($2, $3, 'data')`,
      [raw, mid, out],
    );
    const { job } = await operator.start({
      asset: 'out',
      start: '2024-01-01',
      end: '2024-01-03',
      include_upstream: true,
      max_upstream_depth: '2',
    });
    const top = await insightOf(job!.id);
    expect(top.upstreams.map((one) => [one.depth, one.job?.asset_name])).toEqual(
      expect.arrayContaining([[1, 'mid']]),
    );
    const middle = top.upstreams.find((one) => one.job?.asset_name === 'mid')!;
    const inner = await insightOf(middle.id);
    expect(inner.waiting).toMatchObject([
      { depth: 1, to: middle.id, job: { asset_name: 'out', state: 'waiting_upstream' } },
    ]);
    expect(inner.upstreams).toMatchObject([{ depth: 1, job: { asset_name: 'raw' } }]);
    expect(inner.assets).toMatchObject([
      { name: 'out', depth: 1, jobs: [{ id: job!.id, state: 'waiting_upstream' }] },
    ]);
    const lowest = await insightOf(inner.upstreams[0]!.id);
    expect(lowest.waiting.map((one) => one.job?.asset_name)).toContain('mid');
    expect(lowest.assets.map(({ name, depth }) => [name, depth])).toEqual([
      ['mid', 1],
      ['out', 2],
    ]);
    await operator.sql('delete from backfill_jobs where id = $1', [inner.upstreams[0]!.id]);
    expect((await insightOf(middle.id)).upstreams).toMatchObject([{ depth: 1, job: null }]);
  });

  test('a parent job waits for the job of an external writer', async () => {
    await operator.asset('base', 'day');
    const parent = await operator.job({ asset: 'base', partitions: ['2024-01-01'] });
    const child = await operator.job(
      { asset: 'base', partitions: ['2024-01-02'] },
      { parent_job_id: parent },
    );
    expect((await insightOf(child)).waiting).toMatchObject([{ id: parent, depth: 1 }]);
    expect((await insightOf(parent)).upstreams).toMatchObject([{ id: child, depth: 1 }]);
  });

  test('which executors run it', async () => {
    await operator.asset('crewed', 'day');
    const id = await operator.job(
      { asset: 'crewed', start: '2024-01-01', end: '2024-01-05' },
      { state: 'running' },
    );
    await operator.sql(
      `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers, lost_at) values ('web-1:1:x', 'acme', 'web-1', 1, '0', 4, '{crewed}', now())`,
    );
    await operator.sql(
      `update backfill_partitions set state = 'running', started_at = now(), lease_token = gen_random_uuid(),
         lease_owner = case when partition_key = '2024-01-05' then 'other:2:y' else 'web-1:1:x' end where backfill_job_id = $1`,
      [id],
    );
    expect((await insightOf(id)).executors).toMatchObject([
      { id: 'web-1:1:x', partitions: 4, slots: 4, lost: true, seen_at: expect.any(Date) },
      { id: 'other:2:y', partitions: 1, slots: 1, lost: false, seen_at: null },
    ]);
  });
});

test('the SQL that is shown is the SQL that was run, ready for psql', async () => {
  await operator.asset("it's odd\x1b[2J", 'day');
  const id = await operator.job({ asset: "it's odd\x1b[2J", partitions: ['2024-01-01'] });
  const script = await getJobSql(operator.db, 'acme', id, { buckets: 10, insight: true });
  expect(script).toMatch(/^SET app\.current_tenant = 'acme';\n/);
  expect(script).not.toMatch(/\$\d/);
  expect(script).toContain(`j.id = '${id}'`);
  const client = new pg.Client(operator.database.app);
  await client.connect();
  try {
    const results = (await client.query(script)) as unknown as pg.QueryResult[];
    expect(results.length).toBeGreaterThan(10);
    expect(results.some(({ rows }) => rows[0]?.id === id)).toBe(true);
  } finally {
    await client.end();
  }
});
