import type { Query } from '../database.ts';
import { queryInIndexOrder } from './index-order.ts';

export const pruneBatch = 5_000;

const ended = `'completed', 'failed', 'cancelled'`;

/**
 * When job `t` ended. Other writers cancel without a time: then the journal has it, and jobs
 * without any event ended before the journal began. Null if the journal missed it. `e.job_id >=
 * t.id` adds nothing but leads to the job's index: without statistics the tenant's was used, and
 * 2,000,200 events were read for 100 jobs.
 */
const endedAt = (t: string) => `coalesce(${t}.completed_at,
  (select coalesce(max(e.at) filter (where e.to_state = ${t}.state), case when count(*) = 0 then
       (select s.journal_since from servo_schema s) end)
   from backfill_events e where e.job_id = ${t}.id and e.job_id >= ${t}.id and e.tenant_id || '' = $1 and e.kind = 'state'))`;

// Job `t` may go: it ended before $2, and nothing of it is left to finalize or run.
const over = (t: string) =>
  `(${t}.state in (${ended}) and ${endedAt(t)} < $2 and not ${t}.needs_finalizing)`;

/**
 * For `j`: a tree of jobs goes as a whole, once all of it has ended, and a job that others waited
 * for goes after them. `tenant_id || ''` leaves only the index by id: with plain comparisons and no
 * statistics 1,634,240 rows were read for 100 jobs.
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

/** As text: a Date has no microseconds and would repeat the last job. */
export type EndedPosition = { at: string; id: string };

/** By index order. An undated job was created before the limit. */
const endedKinds = {
  dated: { at: 'completed_at', those: '' },
  // Worded like the index: the planner cannot derive it from the array of states.
  undated: { at: 'created_at', those: `and completed_at is null and state in (${ended})` },
} as const;
export type EndedKind = keyof typeof endedKinds;

/** The next jobs that ended, or may have ended, before a moment, oldest first. */
export function findEnded(
  query: Query,
  tenant: string,
  before: Date,
  page: { kind: EndedKind; after: EndedPosition | null; limit: number },
): Promise<(EndedPosition & { may_go: boolean })[]> {
  const { at, those } = endedKinds[page.kind];
  return queryInIndexOrder(
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

/** Deletes one batch of a job's partitions, unless the locked job is no longer deletable. */
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

/** Deletes the job with the rest of its rows. False if it is no longer deletable. */
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
 * Deletes one batch of events of deleted jobs after id `after`: see migrations/functions/purge.sql.
 * `last` is null after the last event older than `age_ms`.
 */
export async function purgeEvents(
  query: Query,
  tenant: string,
  { age_ms, after, dry }: { age_ms: number; after: number; dry: boolean },
): Promise<{ purged: number; last: number | null }> {
  const [row] = await query<{ purged: number; last: number | null }>(
    `select purged, last_id as last from servo_purge_v1($1, $2, $3, ${pruneBatch}, $4)`,
    [tenant, age_ms, after, dry],
  );
  return row!;
}

/** Other jobs that may have old samples: too many to read every hour. */
const endedLater = `union all
  select j.id from unnest(array[${ended}]) s (state) cross join lateral (
    select id, started_at from backfill_jobs
    where tenant_id = $1 and state = s.state and completed_at >= $2 order by completed_at desc) j
  where j.started_at < $2
  union all
  select j.id from unnest(array[${ended}]) s (state) cross join lateral (
    select id from backfill_jobs where tenant_id = $1 and state = s.state ${endedKinds.undated.those} and created_at < $2 order by created_at desc) j`;

/**
 * Jobs that may have samples older than $2: samples have no index by age, only by job. With a
 * window ($3, in ms), only unfinished jobs and those that ended within it before $2: earlier rounds
 * of the janitor did the others.
 */
const sampled = (
  windowMs: number | null,
) => `select j.id from backfill_jobs j where j.tenant_id = $1 and j.state in ('running', 'paused', 'resuming') and j.started_at < $2
  ${windowMs === null ? endedLater : ''}
  union all
  select j.id from unnest(array[${ended}]) s (state) cross join lateral (
    select id from backfill_jobs where tenant_id = $1 and state = s.state and completed_at < $2
      and ($3::float8 is null or completed_at > $2::timestamptz - $3 * interval '1 millisecond') order by completed_at desc) j`;

export async function pruneSamples(
  query: Query,
  tenant: string,
  before: Date,
  windowMs: number | null,
): Promise<number> {
  const rows = await queryInIndexOrder(
    query,
    // By job and age; ctid only limits the batch: a join by ctid is planned as a scan.
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
  const [row] = await queryInIndexOrder<{ count: number }>(
    query,
    `select count(*)::int as count from (${sampled(null)}) j join backfill_samples s on s.job_id = j.id and s.tenant_id = $1 and s.at < $2`,
    [tenant, before, null],
  );
  return row!.count;
}

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

/** Deletes executors not seen since that moment. They have no running attempts. */
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
