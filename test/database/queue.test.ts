import { afterAll, beforeAll, expect, test } from 'vitest';
import { explainJob } from '../../source/database/queries/explain-job.ts';
import { findWork } from '../../source/database/queries/find-work.ts';
import { Operator } from '../support/operator.ts';
import { readsOf } from '../support/plans.ts';

let operator: Operator;
const names = ['busy', 'busier', 'calm', 'rare', 'limited'];

// 1,500 waiting jobs: three of a rare asset, the others of four. Each is somewhere in the order,
// with equals before and after it.
beforeAll(async () => {
  operator = await Operator.open();
  for (const name of names) await operator.asset(name);
  await operator.sql(
    `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state, priority, execution_order, sla_deadline_at, created_at, heartbeat_at)
     select 'acme', a.id, a.name, i::text, case when i % 40 = 0 then 'running' when i % 9 = 0 then 'resuming' else 'pending' end, hashtext('p' || i) % 3, abs(hashtext('o' || i)) % 3,
       case when hashtext('d' || i) > 0 then timestamptz '2030-01-01' + abs(hashtext('s' || i)) % 4 * interval '1 day' end, now() - i * interval '1 second', now()
     from generate_series(1, 1500) i
       join assets a on a.name = case when i % 500 = 0 then 'rare' else (array['busy', 'busier', 'calm', 'limited'])[1 + abs(hashtext('a' || i)) % 4] end`,
  );
  await operator.sql(
    `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers)
     values ('h:1:x', 'acme', 'h', 1, '0', 1, '{calm,rare}'), ('h:2:x', 'acme', 'h', 2, '0', 1, '{calm}')`,
  );
  await operator.sql(`insert into backfill_limits values ('acme', 'asset', 'limited', 0)`);
});
afterAll(() => operator.close());

const order = 'priority desc, execution_order, sla_deadline_at, created_at';

test.each([
  [['busy', 'busier', 'calm']],
  [['rare']],
  [['rare', 'calm', 'rare']],
  [['rare', 'limited']],
  [['limited']],
  [['unknown', 'busier']],
  [[]],
])('work for %j is found in claim order, wherever in the queue it is', async (assets) => {
  const found = await findWork(operator.db, 'acme', { assets, stale_ms: 120_000, limit: 20 });
  const expected = await operator.sql(
    `select id from backfill_jobs where tenant_id = 'acme' and state in ('pending', 'resuming') and asset_name = any ($1) and asset_name <> 'limited'
     order by ${order} limit 20`,
    [assets],
  );
  expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
});

test('jobs ahead are those before it in claim order that have a handler', async () => {
  const places = (await operator.sql(
    `select id, asset_name, (count(*) filter (where asset_name in ('calm', 'rare')) over (order by ${order}
       rows between unbounded preceding and 1 preceding))::int as jobs_ahead
     from backfill_jobs where state in ('pending', 'resuming', 'running') order by created_at`,
  )) as { id: string; asset_name: string; jobs_ahead: number }[];
  const asked = places.filter(
    ({ asset_name }, i) => asset_name === 'rare' || (asset_name === 'calm' && i % 5 === 0),
  );
  expect(new Set(asked.map(({ jobs_ahead }) => jobs_ahead)).size).toBeGreaterThan(50);
  await operator.sql('update backfill_executors set seen_at = clock_timestamp()');
  await operator.db.read('acme', async (query) => {
    for (const { id, jobs_ahead } of asked) {
      expect(await explainJob(query, 'acme', id)).toMatchObject({ id, jobs_ahead });
    }
  });
});

// Was: every waiting job.
test('an executor of a rare asset reads the head of the queue and its own jobs', async () => {
  const look = { assets: ['rare'], stale_ms: 120_000, limit: 20 };
  const reads = await readsOf(operator.database.app, 'acme', (db) => findWork(db, 'acme', look));
  expect(reads).toMatchObject({ scans: [], sequential: 0 });
  expect(reads.fetched).toBeLessThanOrEqual(150);
});
