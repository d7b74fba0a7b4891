import type { Query } from '../database.ts';
import { walked } from './prefer-walks.ts';

/** Rows of one transaction: it holds nobody up for long, and a vacuum can follow. */
export const pruneBatch = 5_000;

const ended = `'completed', 'failed', 'cancelled'`;

/**
 * When a job `t` ended. Other writers cancel without saying when: then the journal does; and what ended before there was a journal, which
 * has no line of it, did so before that began. Null where the journal missed it: nobody knows.
 * The comparison that says nothing new leads to the job's index: without statistics the tenant's was taken, and 2,000,200 lines read for 100 jobs.
 */
const endedAt = (t: string) => `coalesce(${t}.completed_at,
  (select coalesce(max(e.at) filter (where e.to_state = ${t}.state), case when count(*) = 0 then
       (select s.journal_since from servo_schema s) end)
   from backfill_events e where e.job_id = ${t}.id and e.job_id >= ${t}.id and e.tenant_id || '' = $1 and e.kind = 'state'))`;

// Of a job `t` that may go, whoever needs it: it ended before $2, and nothing of it is still to be settled or run.
const over = (t: string) =>
  `(${t}.state in (${ended}) and ${endedAt(t)} < $2 and not ${t}.needs_finalizing)`;

/**
 * A tree of jobs (a job, what was created with it for its upstreams, and so on) goes as a whole, when all of it is over; and what another
 * job waited for does not go before that one is over too. For `j`. Only the index that leads to the one row fits, which statistics do
 * not say when there are none: with plain comparisons 1,634,240 rows were fetched for 100 jobs.
 */
const mayGo = `not j.needs_finalizing and not exists (
    with recursive above (id, parent_job_id) as (
      select j.id, j.parent_job_id
      union select p.id, p.parent_job_id from above a join backfill_jobs p on p.id = a.parent_job_id and p.tenant_id || '' = $1
    ), tree (id) as (
      select id from above
      union select c.id from tree join backfill_jobs c on c.parent_job_id = tree.id and c.tenant_id || '' = $1
    )
    select from tree join backfill_jobs t on t.id = tree.id and t.tenant_id || '' = $1 where ${over('t')} is not true
    union all
    select from tree join backfill_upstreams u on u.upstream_job_id = tree.id and u.tenant_id || '' = $1
      join backfill_jobs w on w.id = u.job_id and w.tenant_id || '' = $1 where ${over('w')} is not true)`;

/** Where a page of ended jobs stopped. As text: a Date has no microseconds, and would not get past the last one. */
export type Stopped = { at: string; id: string };

/** The order that each kind of ended jobs is walked in, by its index; who does not say when they ended was created before that. */
const walks = {
  dated: { at: 'completed_at', those: '' },
  // As the index says it: that a state is one of these is not seen from where it comes from.
  undated: { at: 'created_at', those: `and completed_at is null and state in (${ended})` },
} as const;
export type Walk = keyof typeof walks;

/** The next jobs that ended before a moment, or may have, oldest first, and whether they may go. */
export function findEnded(
  query: Query,
  tenant: string,
  before: Date,
  page: { walk: Walk; after: Stopped | null; limit: number },
): Promise<(Stopped & { may_go: boolean })[]> {
  const { at, those } = walks[page.walk];
  return walked(
    query,
    `with j as materialized (
       select j.* from unnest(array[${ended}]) s (state) cross join lateral (
         select id, parent_job_id, needs_finalizing, state, ${at} as at from backfill_jobs
         where tenant_id = $1 and state = s.state ${those} and ${at} < $2 and ${at} >= coalesce($3, '-infinity'::timestamptz)
           and ($3::timestamptz is null or (${at}, id) > ($3, $4::uuid))
         order by ${at}, id limit $5) j
       order by j.at, j.id limit $5)
     select j.id, j.at::text as at, ${mayGo} as may_go from j order by j.at, j.id`,
    [tenant, before, page.after?.at ?? null, page.after?.id ?? null, page.limit],
  );
}

/** What hangs on a job: its partitions, and its journal of before that moment. */
export async function countRows(
  query: Query,
  tenant: string,
  jobs: readonly string[],
  before: Date,
): Promise<{ partitions: number; events: number }> {
  const [row] = await query<{ partitions: number; events: number }>(
    `select coalesce(sum(p.count), 0)::int as partitions, coalesce(sum(e.count), 0)::int as events
     from unnest($2::uuid[]) j (id) cross join lateral (
       select count(*) from backfill_partitions where backfill_job_id = j.id and tenant_id || '' = $1) p cross join lateral (
       select count(*) from backfill_events where job_id = j.id and tenant_id || '' = $1 and at < $3) e`,
    [tenant, jobs, before],
  );
  return row!;
}

/** One batch of the job's partitions. The job is looked at again under its lock: what lives keeps them. */
export async function prunePartitions(
  query: Query,
  tenant: string,
  job: string,
  before: Date,
): Promise<number> {
  const locked = await query(
    `select from backfill_jobs j where j.id = $3 and j.tenant_id = $1 and ${over('j')} for update`,
    [tenant, before, job],
  );
  if (locked.length === 0) return 0;
  const rows = await query(
    `delete from backfill_partitions where tenant_id = $1 and id = any (array(
       select id from backfill_partitions where backfill_job_id = $2 and tenant_id = $1 limit ${pruneBatch})) returning id`,
    [tenant, job],
  );
  return rows.length;
}

/** The job itself, with what is left of it. False where it may not go any more. */
export async function pruneJob(
  query: Query,
  tenant: string,
  job: string,
  before: Date,
): Promise<boolean> {
  const rows = await query(
    `delete from backfill_jobs j where j.id = $3 and j.tenant_id = $1 and ${over('j')}
       and not exists (select from backfill_jobs c where c.parent_job_id = j.id) returning j.id`,
    [tenant, before, job],
  );
  return rows.length > 0;
}

/**
 * The journal of jobs that are not there any more, a batch on from `after`: see migrations/functions/purge.sql. `last` is null at the end of what is older
 * than `age_ms`.
 */
export async function forget(
  query: Query,
  tenant: string,
  { age_ms, after, dry }: { age_ms: number; after: number; dry: boolean },
): Promise<{ forgotten: number; last: number | null }> {
  const [row] = await query<{ forgotten: number; last: number | null }>(
    `select forgotten, last_id as last from servo_purge_v1($1, $2, $3, ${pruneBatch}, $4)`,
    [tenant, age_ms, after, dry],
  );
  return row!;
}

/** Of whatever else may have samples of before that moment; too many to be looked at every hour. */
const endedLater = `union all
  select j.id from unnest(array[${ended}]) s (state) cross join lateral (
    select id, started_at from backfill_jobs
    where tenant_id = $1 and state = s.state and completed_at >= $2 order by completed_at desc) j
  where j.started_at < $2
  union all
  select j.id from unnest(array[${ended}]) s (state) cross join lateral (
    select id from backfill_jobs where tenant_id = $1 and state = s.state ${walks.undated.those} and created_at < $2 order by created_at desc) j`;

/**
 * Jobs that may have samples of before that moment: from there the primary key of the samples leads to them, which have no index by
 * age. With a window ($3, in ms) only what lives and what ended within it before that moment: the janitor has been there for the others.
 */
const sampled = (
  windowMs: number | null,
) => `select j.id from backfill_jobs j where j.tenant_id = $1 and j.state in ('running', 'paused', 'resuming') and j.started_at < $2
  ${windowMs === null ? endedLater : ''}
  union all
  select j.id from unnest(array[${ended}]) s (state) cross join lateral (
    select id from backfill_jobs where tenant_id = $1 and state = s.state and completed_at < $2
      and ($3::float8 is null or completed_at > $2::timestamptz - $3 * interval '1 millisecond') order by completed_at desc) j`;

/** One batch of samples that are older. */
export async function pruneSamples(
  query: Query,
  tenant: string,
  before: Date,
  windowMs: number | null,
): Promise<number> {
  const rows = await walked(
    query,
    // Job and age say which rows may go; ctid only makes the batch, since a join to it is planned as a scan of the table.
    `with past as materialized (
       select o.job_id, o.ctid as place from (${sampled(windowMs)}) j cross join lateral (
         select job_id, ctid from backfill_samples where job_id = j.id and tenant_id = $1 and at < $2 order by at limit ${pruneBatch}) o limit ${pruneBatch})
     delete from backfill_samples where tenant_id = $1 and at < $2 and job_id = any (array(select job_id from past))
       and ctid = any (array(select place from past))
     returning job_id`,
    [tenant, before, windowMs],
  );
  return rows.length;
}

export async function countSamples(query: Query, tenant: string, before: Date): Promise<number> {
  const [row] = await walked<{ count: number }>(
    query,
    `select count(*)::int as count from (${sampled(null)}) j join backfill_samples s on s.job_id = j.id and s.tenant_id = $1 and s.at < $2`,
    [tenant, before, null],
  );
  return row!.count;
}

/** One batch of attempts' outputs that are older. */
export async function pruneLogs(query: Query, tenant: string, before: Date): Promise<number> {
  const rows = await query(
    `delete from backfill_attempt_logs l using (
       select job_id, partition_key, attempt from backfill_attempt_logs
       where at < $2 and tenant_id = $1 order by at limit ${pruneBatch}) old
     where l.job_id = old.job_id and l.partition_key = old.partition_key and l.attempt = old.attempt and l.tenant_id = $1 returning l.job_id`,
    [tenant, before],
  );
  return rows.length;
}

export async function countLogs(query: Query, tenant: string, before: Date): Promise<number> {
  const [row] = await query<{ count: number }>(
    'select count(*)::int as count from backfill_attempt_logs where at < $2 and tenant_id = $1',
    [tenant, before],
  );
  return row!.count;
}

const dead = 'greatest(seen_at, stopped_at, lost_at) < $2';

/** Executors that have not been heard of since before that moment, and hold nothing of the tenant. */
export async function pruneExecutors(query: Query, tenant: string, before: Date): Promise<number> {
  const rows = await query(
    `delete from backfill_executors where tenant_id = $1 and ${dead} returning id`,
    [tenant, before],
  );
  return rows.length;
}

export async function countDeadExecutors(
  query: Query,
  tenant: string,
  before: Date,
): Promise<number> {
  const [row] = await query<{ count: number }>(
    `select count(*)::int as count from backfill_executors where tenant_id = $1 and ${dead}`,
    [tenant, before],
  );
  return row!.count;
}
