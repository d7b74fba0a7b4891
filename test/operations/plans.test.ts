import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Query } from '../../source/database/database.ts';
import { findOverlap } from '../../source/database/queries/create-job.ts';
import { explainJob } from '../../source/database/queries/explain-job.ts';
import { readLimits } from '../../source/database/queries/limits.ts';
import { countJobs } from '../../source/database/queries/list-jobs.ts';
import { readAssets } from '../../source/database/queries/read-assets.ts';
import {
  eventsAfter,
  jobEvents,
  lastTransition,
  latestEvents,
} from '../../source/database/queries/read-events.ts';
import { readExecutors } from '../../source/database/queries/read-executors.ts';
import { readHistory } from '../../source/database/queries/read-history.ts';
import { findJobs, readJob } from '../../source/database/queries/read-job.ts';
import { readLogs } from '../../source/database/queries/read-logs.ts';
import {
  executorsOf,
  failedPartitions,
  mapPartitions,
  openPartitions,
} from '../../source/database/queries/read-partitions.ts';
import { keysInState, partitionStates } from '../../source/database/queries/retry-partitions.ts';
import { Operator } from '../support/operator.ts';
import { readsOf } from '../support/plans.ts';

let operator: Operator;
let job: string;
let asset: string;
const tenant = 'acme';

beforeAll(async () => {
  operator = await Operator.open();
  asset = await operator.asset('orders', 'day');
  await operator.sql(
    `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state, created_at)
     select 'acme', $1, 'orders', i::text, case when i % 100 = 0 then 'running' when i = 5 then 'failed' when i % 9 = 0 then 'pending' else 'completed' end,
       now() - i * interval '1 minute' from generate_series(1, 20000) i`,
    [asset],
  );
  job = await operator.job({ asset: 'orders', start: '2000-01-01', end: '2040-12-31' });
  await operator.sql(`insert into backfill_limits values ('acme', 'asset', 'orders', 3)`);
  await operator.sql(
    `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers) values ('h:1:x', 'acme', 'h', 1, '0', 1, '{orders}')`,
  );
  await operator.sql('analyze');
});
afterAll(() => operator.close());

const statements: [name: string, run: (query: Query) => Promise<unknown>][] = [
  ['counts by state', (query) => countJobs(query, tenant, 1000)],
  ['one job', (query) => readJob(query, tenant, job)],
  [
    'a job by prefix',
    (query) => findJobs(query, tenant, { from: job, to: job.replace(/.{4}$/, 'ffff') }, 6),
  ],
  ['failed partitions', (query) => failedPartitions(query, tenant, job, 100)],
  ['open partitions', (query) => openPartitions(query, tenant, job, 20)],
  [
    'how the last jobs of an asset went',
    (query) => readHistory(query, tenant, asset, { first: '2000-01-01', last: '2001-01-01' }, 5),
  ],
  ['executors', (query) => executorsOf(query, tenant, job)],
  ['the journal of a job', (query) => jobEvents(query, tenant, job, 50)],
  ['its last transition', (query) => lastTransition(query, tenant, job, 'pending')],
  [
    'overlap',
    (query) => findOverlap(query, tenant, asset, { list: ['2001-01-01', '2050-01-01'] }, 6),
  ],
  ['what keeps a job from running', (query) => explainJob(query, tenant, job)],
  ['what executors run', (query) => readExecutors(query, tenant)],
  ['limits, with what runs', (query) => readLimits(query, tenant)],
  ['assets, with their unfinished jobs', (query) => readAssets(query, tenant)],
  ['the journal of all jobs', (query) => latestEvents(query, tenant, null, 50)],
  ['what is new in it', (query) => eventsAfter(query, tenant, null, 1000, 50)],
  ['what is new of a job', (query) => eventsAfter(query, tenant, job, 1000, 50)],
  [
    'logs of a job',
    (query) => readLogs(query, tenant, job, { key: null, since: new Date(0), limit: 20 }),
  ],
  ['keys that have failed', (query) => keysInState(query, tenant, job, ['failed'])],
  ['partitions by name', (query) => partitionStates(query, tenant, job, ['2001-01-01', 'x'])],
];

/** Only under row-level security: a superuser's plan proves nothing. */
test.each(statements)('%s reads no big table from end to end', async (_, run) => {
  const plans: string[] = [];
  await operator.db.read(tenant, async (query) => {
    const explained: Query = async <Row extends object>(
      text: string,
      values?: readonly unknown[],
    ) => {
      const rows = await query<{ 'QUERY PLAN': string }>(`explain ${text}`, values);
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
      return query<Row>(text, values);
    };
    await run(explained);
  });
  expect(plans.length).toBeGreaterThan(0);
  expect(plans.join('\n')).not.toMatch(/Seq Scan on backfill_(jobs|partitions|events)/);
});

test('the map of a job that has just begun read its partitions once for each of them', async () => {
  const fresh = await Operator.open();
  try {
    await fresh.asset('orders', 'day');
    await fresh.sql('alter table backfill_partitions set (autovacuum_enabled = false)');
    const begun = await fresh.job({ asset: 'orders', start: '2000-01-01', end: '2005-12-31' });
    const { fetched } = await readsOf(fresh.database.app, tenant, async (_, query) => {
      const map = await mapPartitions(query, tenant, begun, 1500);
      expect(map).toHaveLength(1500);
    });
    expect(fetched).toBeLessThan(3 * 2192);
  } finally {
    await fresh.close();
  }
});
