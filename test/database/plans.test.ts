import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { composites } from '../../source/database/composite.ts';
import type { Database, Query } from '../../source/database/database.ts';
import { claimJob } from '../../source/database/queries/claim-job.ts';
import {
  declareDead,
  rescueJob,
  sampleJobs,
} from '../../source/database/queries/executor-calls.ts';
import { explainJob } from '../../source/database/queries/explain-job.ts';
import { finalizeJob } from '../../source/database/queries/finalize-job.ts';
import { findHeld } from '../../source/database/queries/find-held.ts';
import { findRescues, findStates, findWork } from '../../source/database/queries/find-work.ts';
import { countInStates, countJobs } from '../../source/database/queries/list-jobs.ts';
import { jobEvents, lastTransition } from '../../source/database/queries/read-events.ts';
import { readExecutors } from '../../source/database/queries/read-executors.ts';
import { readFigures } from '../../source/database/queries/read-figures.ts';
import {
  downstreamAssets,
  executorShares,
  failureKinds,
  jobSamples,
  recentDurations,
  upstreamsOf,
  waitingFor,
} from '../../source/database/queries/read-insight.ts';
import { findJobs, readJob, readJobs } from '../../source/database/queries/read-job.ts';
import {
  partitionEvents,
  partitionLogs,
  readPartition,
} from '../../source/database/queries/read-partition.ts';
import {
  executorsOf,
  failedPartitions,
  mapRanges,
  openPartitions,
} from '../../source/database/queries/read-partitions.ts';
import {
  countAttempts,
  countAttemptsAfter,
  decisionsAfter,
  endedSince,
  jobTimeline,
  lastIdBefore,
} from '../../source/database/queries/read-reports.ts';
import { followInFlight } from '../../source/database/queries/replace-job.ts';
import { policyRow } from '../../source/database/queries/report-and-claim.ts';
import { setJobState } from '../../source/database/queries/set-job-state.ts';
import { activeStates } from '../../source/domain/executor/figures.ts';
import { parseFilter } from '../../source/domain/job/filter.ts';
import { walkedColumns } from '../../source/domain/job/order.ts';
import { type ListOptions, listJobs } from '../../source/operations/jobs/list-jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { readsOf } from '../support/plans.ts';
import { run } from '../support/roles.ts';

const tenant = 'acme';
const idOf = (number: number) => `10000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const tokenOf = (number: number) => `20000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** Jobs by what they are for; the others are history. */
const fresh = idOf(1);
const half = idOf(2);
const retried = idOf(3);
const cancelled = idOf(4);
const pending = idOf(5);
const urgent = idOf(60);
/** Running for two weeks, with a sample of every minute. */
const sampled = idOf(97);
const asset = '00000000-0000-4000-8000-000000000001';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await run(
    database.superuser,
    `alter table backfill_jobs set (autovacuum_enabled = false);
     alter table backfill_partitions set (autovacuum_enabled = false);
     insert into assets (id, name, asset_type, tenant_id) values
       ('${asset}', 'orders', 'table', 'acme'), ('00000000-0000-4000-8000-000000000002', 'orders', 'table', 'globex');
     alter table backfill_jobs disable trigger user;
     insert into backfill_jobs (id, tenant_id, asset_id, asset_name, idempotency_key, state, total_partitions, version, claimed_version, created_at, heartbeat_at, needs_finalizing, completed_at)
       select j.*, case when state in ('completed', 'failed', 'cancelled') and right(id::text, 2) <> '77' then created_at + interval '30 seconds' end from (
       select format('10000000-0000-4000-8000-%s', lpad(i::text, 12, '0'))::uuid as id,
         case when i % 5 = 0 and i > 100 then 'globex' else 'acme' end,
         case when i % 5 = 0 and i > 100 then '00000000-0000-4000-8000-000000000002' else '${asset}' end::uuid, 'orders', i::text,
         case when i <= 3 then 'running' when i = 4 then 'cancelled' when i <= 60 then 'pending' when i <= 70 then 'waiting_upstream' when i % 700 = 0 then 'failed'
           when i % 300 = 0 then 'paused' when i % 211 = 0 then 'pending' when i % 97 = 0 then 'running' else 'completed' end as state,
         2, 2, 2, now() - i * interval '1 minute' as created_at, now(), i = 4
       from generate_series(1, 20000) i) j;
     alter table backfill_jobs enable trigger user;
     insert into backfill_events (tenant_id, job_id, kind, to_state, actor)
       select 'acme', format('10000000-0000-4000-8000-%s', lpad((i % 200)::text, 12, '0'))::uuid, 'state', 'pending', 'test' from generate_series(1, 20000) i;
     insert into backfill_samples (job_id, at, tenant_id, completed, failed, avg_partition_duration_ms, estimated_completion_at)
       select '${sampled}', now() - i * interval '1 minute', 'acme', 20000 - i, 0, 1000 + i, now() from generate_series(0, 20000) i;
     update backfill_jobs set execution_strategy = '{"type":"parallel","max_parallel":8}', total_partitions = 60000 where id in ('${fresh}', '${half}', '${retried}');
     update backfill_jobs set sla_deadline_at = now() + interval '1 day' where id = '${urgent}';
     update backfill_jobs set checkpoint_partition_key = '0000000030000', completed_partitions = 30000 where id = '${half}';
     update backfill_jobs set lease_tokens = array['${tokenOf(1)}', '${tokenOf(2)}']::uuid[] where id = '${half}';
     insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, state, available_at, lease_token, lease_owner, lease_expires_at, started_at, attempt_count)
       select format('30000000-000%s-4000-8000-%s', j.n, lpad(i::text, 12, '0'))::uuid, format('10000000-0000-4000-8000-%s', lpad(j.n::text, 12, '0'))::uuid, 'acme', lpad(i::text, 13, '0'),
         case when j.n = 2 and i <= 30000 then 'completed' when j.n = 2 and i <= 30200 then 'running' when j.n = 3 and i % 3000 = 0 then 'failed' else 'pending' end,
         case when j.n = 3 and i % 3000 = 0 then 'infinity' when j.n = 3 then now() - i * interval '1 second' end::timestamptz,
         case when j.n = 2 and i between 30001 and 30200 then case when i <= 30100 then '${tokenOf(1)}' else '${tokenOf(2)}' end::uuid end,
         case when j.n = 2 and i between 30001 and 30200 then 'executor-1' end,
         case when j.n = 2 and i between 30001 and 30200 then now() + interval '1 hour' end,
         now(), 1
       from (values (1, 60000), (2, 60000), (3, 30000), (4, 20000), (5, 10)) j (n, count), generate_series(1, j.count) i;
     insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, state)
       select gen_random_uuid(), id, tenant_id, n::text, case state when 'running' then 'pending' when 'failed' then 'failed' else state end
       from backfill_jobs, generate_series(1, 2) n where created_at < now() - interval '10 minutes' and state in ('completed', 'failed', 'running')`,
  );
  // Before it is long: no statement fills it at once.
  await run(database.superuser, 'analyze backfill_events');
});
afterAll(async () => {
  await database.drop();
});

function batch(
  query: Query,
  job: string,
  options: { per_queue: number; reports?: number[]; closing?: string[] },
): Promise<unknown[]> {
  const reports = options.reports ?? [];
  return query(
    `select *, array(select partition_key from unnest(claimed)) as keys from servo_report_and_claim_v1($1, $2, 'executor-1', $3, $4, $5, $6, 60000, $7)`,
    [
      tenant,
      job,
      composites(
        reports.map((key, i) => [
          `30000000-0002-4000-8000-${String(key).padStart(12, '0')}`,
          1,
          key <= 30_100 ? tokenOf(1) : tokenOf(2),
          i % 3 === 2 ? 'failed' : 'completed',
          5,
          60_000,
          null,
          null,
          null,
        ]),
      ),
      options.closing ?? [],
      composites((options.closing ?? [null]).map((token, i) => [tokenOf(100 + i), token])),
      options.per_queue,
      policyRow(),
    ],
  );
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
const partitions = (keys: number[]) =>
  keys.map((key) => `30000000-0002-4000-8000-${String(key).padStart(12, '0')}`);

type Statement = [
  name: string,
  /** Rows that it may fetch, of 20,000 jobs and 200,000 partitions: some half more than it does. */
  rows: number,
  work: (database: Database, query: Query) => Promise<unknown>,
];

/** Every way in which the job table is asked for, by its filter: whole where few match, else around a job in the middle. */
const listing = (
  name: string,
  rows: number,
  text: string,
  options: Partial<ListOptions> = {},
): Statement => [
  name,
  rows,
  async (db) => {
    const filter = parseFilter(text);
    const list = await listJobs(db, tenant, { filter, limit: 200, whole: 0, ...options });
    expect(list.page).toMatchObject({ problem: null });
    expect(filter.problems).toEqual([]);
  },
];
const middle = {
  id: idOf(10_001),
  state: 'completed',
  priority: 0,
  asset_id: asset,
  created_at: new Date(),
  completed_at: null,
  sla_deadline_at: null,
};

const listings: Statement[] = [
  listing('the job table', 3500, ''),
  listing('the job table, read whole', 10_000, '', { whole: 1000 }),
  listing('the job table, counted', 25_000, '', { total: true }),
  ...walkedColumns.flatMap((column) =>
    [false, true].map((descending) =>
      listing(`the table around a job, by ${column}${descending ? ', inverted' : ''}`, 3500, '', {
        sort: { column, descending },
        around: middle,
      }),
    ),
  ),
  listing('its last jobs', 3500, '', { around: 'last' }),
  ...[
    'state:failed',
    'state:active',
    'asset:ord*',
    'asset:nothing',
    'orders',
    `id:${half}`,
    '10000000-0000-4000-8000-00000000001',
    'risk:high',
    'risk:none',
    'priority:<4',
    'sla:none state:running',
    // What no index knows is looked for in so many rows of each state, and once more where nothing is found.
    '10',
    `sla:later-than:${urgent}`,
    'problems',
    'by:mara',
    '!orders',
  ].flatMap((text) => [
    listing(`jobs of the filter ${text}`, 10_000, text, { budget: 500 }),
    listing(`jobs of the filter ${text}, read whole`, 17_000, text, { whole: 1000, budget: 500 }),
  ]),
];

const statements: Statement[] = [
  [
    'the search for work',
    300,
    async (db) => {
      const found = await findWork(db, tenant, {
        assets: ['orders'],
        stale_ms: 120_000,
        limit: 20,
      });
      expect(found).toHaveLength(20);
    },
  ],
  [
    'the figures of a tenant',
    900,
    async (_, query) => {
      const { counts, unfinished } = await readFigures(query, tenant, activeStates, 0);
      expect(unfinished).toHaveLength(counts.running!);
    },
  ],
  ['the states of an executor’s jobs', 4, (db) => findStates(db, tenant, [fresh, half])],
  [
    'the rescuer’s search',
    900,
    async (db) => {
      const { jobs } = await findRescues(db, tenant, 120_000);
      expect(jobs.map(({ id }) => id)).toContain(cancelled);
    },
  ],
  // Was: all jobs of the tenant, by the condition that one be active or not finalized.
  [
    'what an executor holds',
    900,
    async (db) => expect(await findHeld(db, tenant, 'executor-1')).toHaveLength(200),
  ],
  // Was: the same, twice for each dead executor.
  [
    'declaring an executor dead',
    2500,
    async (db, query) => {
      await query(
        `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers, locked, seen_at)
         values ('executor-1', 'acme', 'h', 1, '0', 1, '{orders}', true, now() - interval '1 hour')`,
      );
      const declarer = { tenant, owner: 'executor-2', silence_ms: 60_000 };
      expect(await declareDead(db, declarer)).toEqual(['executor-1']);
      const [row] = await query<{ held: number }>(
        `select count(*)::int as held from backfill_partitions
         where backfill_job_id = $1 and state = 'running' and lease_expires_at = '-infinity'`,
        [half],
      );
      expect(row!.held).toBe(200);
    },
  ],
  [
    'a claim of a job',
    20,
    async (db) => {
      const claim = { tenant, job: pending, owner: 'executor-1', stale_ms: 120_000, grace_ms: 0 };
      expect(await claimJob(db, claim)).toMatchObject({ state: 'running' });
    },
  ],
  [
    'a step that takes 500 new partitions of 60,000',
    1500,
    async ({ call }) => {
      const [reply] = (await batch(call, fresh, { per_queue: 500 })) as [{ keys: string[] }];
      expect(reply.keys).toHaveLength(500);
    },
  ],
  [
    'a step that reports 200 partitions in the middle of 60,000 and takes 400 more',
    1500,
    async ({ call }) => {
      const [reply] = (await batch(call, half, {
        per_queue: 200,
        reports: range(30_001, 200),
        closing: [tokenOf(1), tokenOf(2)],
      })) as [{ keys: string[]; accepted: number[] }];
      expect(reply.accepted).toHaveLength(200);
      expect(reply.keys).toHaveLength(400);
      expect(reply.keys[0]).toBe('0000000030201');
    },
  ],
  [
    'a step that finds 100 of its partitions completed by the job that it follows',
    1500,
    async ({ call }, query) => {
      await query(
        `update backfill_partitions p set follows_id = o.id from backfill_partitions o
         where o.backfill_job_id = $2 and p.backfill_job_id = $1 and o.partition_key = p.partition_key and p.partition_key <= '0000000000100'`,
        [fresh, half],
      );
      const [reply] = (await batch(call, fresh, { per_queue: 150 })) as [{ keys: string[] }];
      expect(reply.keys[0]).toBe('0000000000101');
      expect(reply.keys).toHaveLength(50);
    },
  ],
  [
    'the marking of what still runs in a cancelled job',
    1500,
    async (_, query) => {
      await query(
        `update backfill_jobs set state = 'cancelled', needs_finalizing = true, version = version + 1 where id = $1`,
        [half],
      );
      await followInFlight(query, tenant, fresh, half);
      const [row] = await query<{ n: number }>(
        `select count(*)::int as n from backfill_partitions where backfill_job_id = $1
           and (case when follows_id is not null then backfill_job_id end) = $1 and follows_id is not null`,
        [fresh],
      );
      expect(row!.n).toBe(200);
    },
  ],
  [
    'a batch that claims 100 due partitions of 30,000',
    300,
    async ({ call }) => {
      const [reply] = (await batch(call, retried, { per_queue: 100 })) as [{ keys: string[] }];
      expect(reply.keys).toHaveLength(100);
    },
  ],
  [
    'a heartbeat of 200 attempts',
    1500,
    async (db) => {
      const ids = partitions(range(30_001, 200));
      await db.call(`select servo_heartbeat_v1($1, $2, $3, $4, 100000000, 5000)`, [
        tenant,
        [half],
        ids,
        ids.map((_, i) => tokenOf(i < 100 ? 1 : 2)),
      ]);
    },
  ],
  [
    'a rescue of 200 attempts',
    600,
    async (db, query) => {
      await query(
        `update backfill_jobs set heartbeat_at = now() - interval '5 minutes' where id = $1`,
        [half],
      );
      const rescued = await rescueJob(db, {
        tenant,
        job: half,
        actor: 'executor-2',
        stale_ms: 120_000,
      });
      expect(rescued).toHaveLength(200);
    },
  ],
  [
    'the skipping of 500 partitions of a cancelled job',
    1500,
    async (db) => {
      const finalized = await finalizeJob(db, { tenant, job: cancelled, actor: 'executor-1' }, 500);
      expect(finalized).toEqual({ skipped: 500, needs_finalizing: true });
    },
  ],
  ['a sample of jobs', 6, (db) => sampleJobs(db, tenant, [fresh, half])],
  [
    'a pause',
    250,
    async (_, query) => {
      const seen = { id: fresh, state: 'running', version: 2 };
      expect(await setJobState(query, tenant, 'pause', seen, null)).toEqual({
        state: 'paused',
        version: 3,
      });
    },
  ],
  ...listings,
  [
    'jobs that match, counted',
    20_000,
    (_, query) => countInStates(query, tenant, ['completed'], 100_000),
  ],
  ['jobs by state', 2000, (_, query) => countJobs(query, tenant, 1000)],
  ['one job', 2, (_, query) => readJob(query, tenant, half)],
  // Was: all of its samples, for the rate.
  [
    'one job with 20,000 samples',
    30,
    async (_, query) => {
      const job = (await readJob(query, tenant, sampled))!;
      // Of a minute ago; on a busy machine the newest is as old by now.
      expect(job.rate_base!.completed).toBeGreaterThanOrEqual(19_999);
      // Of a quarter of an hour: a few less where the test has taken minutes to come here.
      expect(job.eta_trend!.least_average_ms).toBe(1000);
      expect(job.eta_trend!.most_average_ms).toBeLessThanOrEqual(1014);
    },
  ],
  [
    'a job by the beginning of its id',
    15,
    (_, query) => findJobs(query, tenant, { from: half, to: idOf(9) }, 6),
  ],
  ['failed partitions', 15, (_, query) => failedPartitions(query, tenant, retried, 100)],
  ['open partitions', 300, (_, query) => openPartitions(query, tenant, half, 20)],
  ['what executors run', 700, (_, query) => readExecutors(query, tenant)],
  ['what keeps a job from running', 3000, (_, query) => explainJob(query, tenant, half)],
  ['a job’s executors', 300, (_, query) => executorsOf(query, tenant, half)],
  ['a job’s journal', 150, (_, query) => jobEvents(query, tenant, half, 50)],
  [
    'parts of a map',
    300,
    (_, query) =>
      mapRanges(query, tenant, half, [
        { first_key: '0000000030001', last_key: '0000000030100' },
        { first_key: '0000000030101', last_key: '0000000030200' },
      ]),
  ],
  ['the kinds of failures', 15, (_, query) => failureKinds(query, tenant, retried)],
  ['the last durations', 10_010, (_, query) => recentDurations(query, tenant, half, 'asc')],
  [
    'those of a job that runs backward',
    10_010,
    (_, query) => recentDurations(query, tenant, half, 'desc'),
  ],
  ['a job’s samples', 120, (_, query) => jobSamples(query, tenant, half, 120)],
  ['its executors', 300, (_, query) => executorShares(query, tenant, half)],
  ['what it waits for', 5, (_, query) => upstreamsOf(query, tenant, half, 100)],
  ['what waits for it', 5, (_, query) => waitingFor(query, tenant, half, 100)],
  ['assets that are made from it', 60, (_, query) => downstreamAssets(query, tenant, asset, 100)],
  ['several jobs', 10, (_, query) => readJobs(query, tenant, [half, fresh])],
  ['one partition', 2, (_, query) => readPartition(query, tenant, half, '0000000030001')],
  ['its journal', 150, (_, query) => partitionEvents(query, tenant, half, '0000000030001', 50)],
  ['the timeline of a job', 150, (_, query) => jobTimeline(query, tenant, half, 500)],
  ['the outcomes of its attempts', 150, (_, query) => countAttempts(query, tenant, half)],
  [
    'the beginning of a shift',
    40,
    async (_, query) => {
      const [row] = await query<{ at: Date }>(`select now() - interval '1 hour' as at`);
      expect(await lastIdBefore(query, tenant, row!.at)).toBe(0);
    },
  ],
  ['what was done in it', 1010, (_, query) => decisionsAfter(query, tenant, 19_000, 1000)],
  ['the outcomes of attempts in it', 1010, (_, query) => countAttemptsAfter(query, tenant, 19_000)],
  [
    'what ended in it',
    600,
    (_, query) => endedSince(query, tenant, new Date(Date.now() - 8 * 3_600_000), 500),
  ],
  ['its outputs', 5, (_, query) => partitionLogs(query, tenant, half, '0000000030001', 10)],
  ['its last transition', 150, (_, query) => lastTransition(query, tenant, half, 'running')],
];

describe.each([
  ['before the tables were ever analysed', null],
  ['with statistics', 'analyze'],
])('%s', (_, prepare) => {
  beforeAll(async () => {
    if (prepare !== null) await run(database.superuser, prepare);
  });

  test.each(statements)(
    '%s reads no table from end to end, and at most %i rows',
    async (_, rows, work) => {
      const reads = await readsOf(database.app, tenant, work);
      expect(reads).toMatchObject({ scans: [], sequential: 0 });
      expect(reads.fetched).toBeLessThanOrEqual(rows);
    },
  );
});

test('the walker finds a sequential scan, and so does the server’s count', async () => {
  const reads = await readsOf(database.app, tenant, (_, query) =>
    query(
      `select count(*) from (select from backfill_partitions where error_message = 'x' limit 5) x`,
    ),
  );
  expect(reads.scans).toEqual(['Seq Scan on backfill_partitions']);
  expect(reads.sequential).toBe(1);
});
