import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readClaimScene } from '../../source/database/queries/read-claim-scene.ts';
import { type DeadlineOf, jobMatches, parseFilter } from '../../source/domain/job/filter.ts';
import { viewJob } from '../../source/domain/job/job.ts';
import { compareBy, sortColumns, walkedColumns } from '../../source/domain/job/order.ts';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { listJobs } from '../../source/operations/jobs/list-jobs.ts';
import { selectJobs } from '../../source/operations/plan/select-jobs.ts';
import { errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
let ids: string[];
const tenant = 'acme';
const count = 300;
const late = '0000000c';

/**
 * Jobs of every state with equal creation times, priorities and deadlines, and with ends that were
 * never written.
 */
beforeAll(async () => {
  operator = await Operator.open();
  await operator.sql(
    `insert into assets (id, name, asset_type, tenant_id)
     select gen_random_uuid(), name, 'table', case when name = 'shared' then null else 'acme' end
     from unnest(array['orders_daily', 'Orders_Hourly', 'weather', 'clicks_test', 'face', 'shared']) name`,
  );
  await operator.sql('alter table backfill_jobs drop constraint valid_backfill_state');
  await operator.sql('alter table backfill_jobs disable trigger user');
  await operator.sql(
    `insert into backfill_jobs (id, tenant_id, asset_id, asset_name, idempotency_key, state, total_partitions, completed_partitions, failed_partitions,
       avg_partition_duration_ms, priority, created_by, created_at, started_at, completed_at, heartbeat_at, sla_deadline_at, execution_strategy)
     select (lpad(to_hex((i * 7919) % 4096 + 12), 8, '0') || '-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, 'acme', a.id, a.name, i::text, state, 100,
       case state when 'completed' then 100 else i % 90 end, case when i % 11 = 0 then 2 else 0 end, case when i % 4 > 0 then i * 3000 end,
       (i * 31) % 5 - 2, (array['mara', 'Joe', null])[1 + i % 3],
       date_trunc('second', now()) - (i % 40) * interval '1 hour', now() - interval '1 hour',
       case when state in ('completed', 'failed', 'cancelled') and i % 13 > 0 then date_trunc('second', now()) - (i % 17) * interval '1 minute' end,
       case when i % 5 > 0 then now() - (i % 7) * interval '1 minute' - interval '5 seconds' end,
       case when i % 3 = 0 then date_trunc('second', now()) + ((i * 13) % 9 - 2) * interval '1 hour' end,
       jsonb_build_object('type', 'parallel', 'max_parallel', 1 + i % 3)
     from generate_series(1, ${count}) i,
       lateral (select (array['running', 'completed', 'pending', 'failed', 'paused', 'resuming', 'waiting_upstream', 'cancelled', 'quarantined'])[1 + (i * i) % 9] as state) s,
       lateral (select id, name from assets order by md5(name || i) limit 1) a`,
  );
  ids = (await operator.sql<{ id: string }>('select id from backfill_jobs')).map(({ id }) => id);
});
afterAll(() => operator.close());

/** The console's own order, if it has all jobs. */
async function inMemory(text: string, sort: { column: string; descending: boolean }) {
  const all = await listJobs(operator.db, tenant, { limit: count });
  expect(all.jobs).toHaveLength(count);
  // Read a moment apart, but computed by the same clock.
  const scene = await operator.db.read(tenant, (query) => readClaimScene(query, tenant));
  const jobs = (asOf: Date) => all.jobs.map((job) => viewJob(job, asOf, thresholdDefaults, scene));
  const deadlineOf: DeadlineOf = (named) =>
    all.jobs.find(({ id }) => id.startsWith(named))?.sla_deadline_at;
  const filter = parseFilter(text);
  return (asOf: Date) =>
    jobs(asOf)
      .filter((job) => jobMatches(filter, job, deadlineOf))
      .sort(compareBy(sort))
      .map(({ id }) => id);
}

const words = [
  'orders',
  'face',
  'co',
  'q',
  'state:active',
  'state:ended',
  'state:failed,paused',
  'state:qua',
  'asset:*_*y',
  'asset:ORDERS_hourly',
  'asset:shared',
  'asset:none',
  'risk:breached',
  'risk:high,medium,low',
  'risk:at-risk',
  'risk:unknown',
  'risk:none',
  'risk:on_track',
  'priority:<0',
  'priority:>=1',
  'priority:2,-2',
  'sla:none',
  `sla:later-than:${late}`,
  `sla:none,later-than:${late}`,
  'by:joe',
  'by:*r*',
  'id:0000',
  'id:00000',
  '0000',
  'problems',
];

const filters = fc
  .array(fc.tuple(fc.constantFrom('', '!'), fc.constantFrom(...words)), { maxLength: 3 })
  .map((terms) => terms.map((term) => term.join('')).join(' '));
const sorts = fc.record({ column: fc.constantFrom(...walkedColumns), descending: fc.boolean() });

describe('the server filters and sorts as the console does in memory', () => {
  test('where it reads all that match, by every column', async () => {
    const any = fc.record({ column: fc.constantFrom(...sortColumns), descending: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(filters, any, async (text, sort) => {
        const expected = await inMemory(text, sort);
        const list = await listJobs(operator.db, tenant, {
          filter: parseFilter(text),
          sort,
          limit: 1000,
          whole: 1000,
        });
        expect(list.jobs.map(({ id }) => id)).toEqual(expected(list.as_of));
        expect(list.page).toMatchObject({
          whole: true,
          searched: null,
          before: false,
          after: false,
        });
      }),
      { numRuns: 50 },
    );
  });

  test('where it walks its indexes: a page is a stretch of the same order, around any job, and at either end', async () => {
    await fc.assert(
      fc.asyncProperty(
        filters,
        sorts,
        fc.integer({ min: 3, max: 40 }),
        fc.nat(count - 1),
        async (text, sort, limit, nth) => {
          const expected = await inMemory(text, sort);
          const { jobs: all } = await listJobs(operator.db, tenant, { limit: count });
          const job = all.find(({ id }) => id === ids[nth])!;
          for (const around of ['first', 'last', job] as const) {
            const options = { filter: parseFilter(text), sort, limit, whole: 0, around };
            const { jobs, page, as_of } = await listJobs(operator.db, tenant, options);
            // An index finds few enough of them: all were read.
            if (page.whole) return;
            const order = expected(as_of);
            const got = jobs.map(({ id }) => id);
            const from = got.length === 0 ? 0 : order.indexOf(got[0]!);
            expect(got).toEqual(order.slice(from, from + got.length));
            expect(page).toMatchObject({
              before: from > 0,
              after: from + got.length < order.length,
              searched: null,
            });
            if (around === 'first') expect(from).toBe(0);
            if (around === 'last') expect(from + got.length).toBe(order.length);
            if (around === job && order.includes(job.id)) expect(got).toContain(job.id);
            expect(got.length).toBeLessThanOrEqual(limit);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

test('a selection is all that match, with their versions', async () => {
  const sort = { column: 'attention', descending: false };
  const expected = await inMemory('state:active !orders', sort);
  const filter = parseFilter('state:active !orders');
  const selection = await selectJobs(operator.db, tenant, filter);
  expect(selection.jobs.map(({ id }) => id)).toEqual(expected(selection.as_of));
  expect(selection).toMatchObject({ tenant_id: tenant, truncated: false, filter: filter.text });
  expect(selection.jobs[0]).toMatchObject({ version: 1, asset_name: expect.any(String) });
  const few = await selectJobs(operator.db, tenant, filter, { limit: 2 });
  expect(few).toMatchObject({ truncated: true, jobs: [{}, {}] });
});

test('a filter that names a job which is not there is an error, and finds nothing', async () => {
  const filter = parseFilter('sla:later-than:ffffffff');
  const message = 'job ffffffff not found';
  expect(await errorOf(selectJobs(operator.db, tenant, filter))).toMatchObject({ message });
  const list = await listJobs(operator.db, tenant, { filter, limit: 10 });
  expect(list).toMatchObject({ jobs: [], page: { problem: message } });
});

test('a rare word is searched in a bounded number of jobs, and the page says so', async () => {
  const filter = parseFilter('by:unknown');
  const few = { filter, limit: 10, budget: 10 };
  expect((await listJobs(operator.db, tenant, few)).page.searched).toBe(10);
  expect((await listJobs(operator.db, tenant, { ...few, budget: 300 })).page.searched).toBeNull();
});

test('the jobs asked for besides are there, wherever they are', async () => {
  const [id] = ids as [string];
  const filter = parseFilter('asset:none');
  const list = await listJobs(operator.db, tenant, { filter, limit: 10, keep: [id] });
  expect(list).toMatchObject({ jobs: [], page: { kept: [{ id }] } });
});

test('a tenant without jobs differs from one of which nothing is visible', async () => {
  expect((await listJobs(operator.db, tenant, { limit: 1 })).page.visible).toBe(true);
  await operator.asset('lonely', 'day', 'initech');
  const of = async (name: string) => (await listJobs(operator.db, name, { limit: 1 })).page.visible;
  expect(await of('initech')).toBe(true);
  expect(await of('initec')).toBe(false);
});
