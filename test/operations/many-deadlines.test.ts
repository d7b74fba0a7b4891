import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseFilter } from '../../source/domain/job/filter.ts';
import { isProblem } from '../../source/domain/job/order.ts';
import { type ListOptions, listJobs } from '../../source/operations/jobs/list-jobs.ts';
import { Operator } from '../support/operator.ts';
import { readsOf } from '../support/plans.ts';

let operator: Operator;
let late: string;

/**
 * 6,000 waiting jobs that never ran, all with deadlines before that of the running job, which will
 * miss its own.
 */
beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders');
  await operator.sql(
    `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state, total_partitions, completed_partitions, failed_partitions,
         avg_partition_duration_ms, heartbeat_at, created_at, started_at, completed_at, sla_deadline_at)
     select 'acme', a.id, a.name, i::text, s.state, 10, 5, (s.state = 'failed')::int, case when s.state <> 'pending' then 7200000 end,
       case when s.state = 'running' then now() end, now() - i * interval '1 minute', case when s.state <> 'pending' then now() - i * interval '1 minute' end,
       case when s.state = 'failed' then now() end, case when s.state in ('pending', 'running') then now() + i * interval '1 second' + interval '10 minutes' end
     from assets a, generate_series(1, 8000) i,
       lateral (select case when i <= 6000 then 'pending' when i = 7000 then 'running' else 'failed' end as state) s`,
  );
  await operator.sql('analyze backfill_jobs');
  [late] = (await operator.sql(`select id from backfill_jobs where state = 'running'`)).map(
    ({ id }) => id as string,
  ) as [string];
});
afterAll(() => operator.close());

const list = (db: Parameters<typeof listJobs>[0], text: string, options: Partial<ListOptions>) =>
  listJobs(db, 'acme', { filter: parseFilter(text), limit: 100, ...options });

// Was: not among the 500 nearest deadlines that were read.
test('a job that runs and will miss its deadline comes first, however many wait with a nearer one', async () => {
  const { jobs } = await list(operator.db, '', {});
  expect(jobs[0]).toMatchObject({ id: late, risk_level: 'high' });
  expect(jobs.filter(isProblem)).toHaveLength(100);
});

test('what cannot all be counted is said to be more', async () => {
  const { page } = await list(operator.db, '', {});
  expect(page.late).toMatchObject({ at_risk: 1, capped: true });
});

test.each([
  ['risk:high', [1, 'high']],
  ['risk:low,medium,high', [1, 'high']],
  ['risk:unknown', [100, 'unknown']],
  ['risk:breached', [0, undefined]],
])('%s finds what it asks for', async (text, [count, level]) => {
  const { jobs } = await list(operator.db, text, {});
  expect([jobs.length, jobs[0]?.risk_level]).toEqual([count, level]);
});

test.each([
  // Was: all deadlines, for urgent jobs in a state that has none.
  // Of those that failed lately, up to 500 are sorted by attention before the page is read.
  ['state:failed', 700],
  ['state:running', 100],
  // Was: the 6,000 that wait, each with its samples.
  ['risk:high', 100],
  ['risk:medium', 100],
  // Was: the next 20,000 of each state, for a word that can only be the beginning of a state.
  ['runn', 100],
])('%s reads few of those that wait', async (text, rows) => {
  const reads = await readsOf(operator.database.app, 'acme', (db) => list(db, text, {}));
  expect(reads).toMatchObject({ scans: [], sequential: 0 });
  // Besides the counts by state, up to 1,000 of each.
  expect(reads.fetched).toBeLessThanOrEqual(2000 + rows);
});
