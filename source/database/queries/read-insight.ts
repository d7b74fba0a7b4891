import type {
  DownstreamAsset,
  Durations,
  FailureKind,
  JobExecutor,
  Sample,
} from '../../domain/job/insight.ts';
import type { PartitionOrder } from '../../domain/job/strategy.ts';
import { readTime } from '../../domain/time/time.ts';
import type { Query } from '../database.ts';
import { unfinishedStates } from './unfinished-states.ts';

export async function jobSamples(
  query: Query,
  tenant: string,
  job: string,
  limit: number,
): Promise<Sample[]> {
  const rows = await query<Sample>(
    `select at, completed, failed, avg_partition_duration_ms, estimated_completion_at from backfill_samples
     where job_id = $2 and tenant_id = $1 order by at desc limit $3`,
    [tenant, job, limit],
  );
  return rows.reverse();
}

/**
 * Failures grouped by their messages without numbers and ids, the most frequent group first. Reads
 * at most 10,000 (35 ms) and 500 characters of each message: there may be a million, of a megabyte
 * each.
 */
export function failureKinds(query: Query, tenant: string, job: string): Promise<FailureKind[]> {
  return query<FailureKind>(
    `with failed as materialized (
       select partition_key, attempt_count, failure_count, left(error_message, 500) as error_message, completed_at
       from backfill_partitions where backfill_job_id = $2 and tenant_id = $1 and state = 'failed' limit 10000
     ), printed as (
       select f.*, p.fingerprint, row_number() over (partition by p.fingerprint order by partition_key) as n, count(*) over (partition by p.fingerprint) as count
       from failed f cross join lateral (select regexp_replace(error_message,
         '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|0x[0-9a-f]+|[0-9]+([.,:T-][0-9]+)*', '#', 'gi') as fingerprint) p
     )
     select count::int, jsonb_agg(jsonb_build_object('partition_key', partition_key, 'attempt_count', attempt_count,
       'failure_count', failure_count, 'error_message', error_message, 'completed_at', completed_at) order by partition_key) as partitions
     from printed where n <= 20 group by fingerprint, count order by count desc, min(partition_key) limit 50`,
    [tenant, job],
  ).then((kinds) => kinds.map((kind) => ({ ...kind, partitions: kind.partitions.map(timed) })));
}

/**
 * Durations of recently completed partitions: of the 10,000 before the next one to be claimed, by
 * the index of the keys (10 ms). All of a million take a second, and an index by duration would
 * slow down every report.
 */
export async function recentDurations(
  query: Query,
  tenant: string,
  job: string,
  order: PartitionOrder,
): Promise<Durations> {
  const [behind, onward, backward] = order === 'asc' ? ['<', 'asc', 'desc'] : ['>', 'desc', 'asc'];
  const [next] = await query<{ partition_key: string }>(
    `select partition_key from backfill_partitions
     where backfill_job_id = $2 and tenant_id = $1 and state = 'pending' and available_at is null
     order by partition_key ${onward} limit 1`,
    [tenant, job],
  );
  const [row] = await query<Durations>(
    `with recent as materialized (
       select * from (
         select partition_key, state, duration_ms, attempt_count, completed_at from backfill_partitions
         where backfill_job_id = $2 and tenant_id = $1 ${next === undefined ? '' : `and partition_key ${behind} $3`}
         order by partition_key ${backward} limit 10000) p
       where state = 'completed' and duration_ms is not null
     )
     select count(*)::int as count, percentile_disc(0.5) within group (order by duration_ms) as p50_ms,
       percentile_disc(0.95) within group (order by duration_ms) as p95_ms,
       coalesce((select jsonb_agg(s order by duration_ms desc, partition_key) from (
         select partition_key, duration_ms, attempt_count, completed_at from recent
         order by duration_ms desc, partition_key limit 20) s), '[]') as slowest
     from recent`,
    [tenant, job, ...(next === undefined ? [] : [next.partition_key])],
  );
  return { ...row!, slowest: row!.slowest.map(timed) };
}

/** Executors that run the job's partitions, with their number, the busiest first. */
export function executorShares(query: Query, tenant: string, job: string): Promise<JobExecutor[]> {
  return query<JobExecutor>(
    `select p.lease_owner as id, p.partitions, p.slots, p.since, e.seen_at,
       e.draining_at is not null as draining, e.lost_at is not null or e.stopped_at is not null as lost
     from (
       select lease_owner, count(*)::int as partitions, count(distinct lease_token)::int as slots, min(started_at) as since
       from backfill_partitions
       where backfill_job_id = $2 and tenant_id = $1 and state = 'running' and lease_owner is not null
       group by lease_owner) p
     left join backfill_executors e on e.tenant_id = $1 and e.id = p.lease_owner
     order by p.partitions desc, p.lease_owner limit 100`,
    [tenant, job],
  );
}

export type Relation = { id: string; related_to: string; depth: number };

/** The upstream jobs of a job, at most 10 levels deep. */
export function upstreamsOf(
  query: Query,
  tenant: string,
  job: string,
  limit: number,
): Promise<Relation[]> {
  return query<Relation>(
    `with recursive tree (id, related_to, depth, path) as (
       select u.upstream_job_id, $2::uuid, 1, array[$2::uuid, u.upstream_job_id] from servo_upstreams_v1($1, $2) u
       union all
       select u.upstream_job_id, t.id, t.depth + 1, t.path || u.upstream_job_id
       from tree t cross join lateral servo_upstreams_v1($1, t.id) u
       where t.depth < 10 and u.upstream_job_id <> all (t.path)
     )
     select id, related_to, depth from tree limit $3`,
    [tenant, job, limit],
  );
}

/** Downstream jobs, at most 10 levels deep. An external writer's parent waits for its children. */
export function waitingFor(
  query: Query,
  tenant: string,
  job: string,
  limit: number,
): Promise<Relation[]> {
  return query<Relation>(
    `with recursive tree (id, related_to, depth, path) as (
       select w.id, $2::uuid, 1, array[$2::uuid, w.id] from (${waiters('$2::uuid')}) w
       union all
       select w.id, t.id, t.depth + 1, t.path || w.id from tree t cross join lateral (${waiters('t.id')}) w
       where t.depth < 10 and w.id <> all (t.path)
     )
     select id, related_to, depth from tree limit $3`,
    [tenant, job, limit],
  );
}

function waiters(job: string): string {
  return `select u.job_id as id from backfill_upstreams u where u.upstream_job_id = ${job} and u.tenant_id = $1
    union all
    select j.parent_job_id from backfill_jobs j where j.id = ${job} and j.tenant_id = $1 and j.parent_job_id is not null
      and not exists (select from backfill_upstreams u where u.job_id = j.parent_job_id)`;
}

/** The downstream assets, at most 10 levels deep, with their unfinished jobs. */
export function downstreamAssets(
  query: Query,
  tenant: string,
  asset: string,
  limit: number,
): Promise<DownstreamAsset[]> {
  return query<DownstreamAsset>(
    `with recursive tree (id, depth) as (
       select $2::uuid, 0
       union
       select d.downstream_asset_id, t.depth + 1 from tree t join asset_dependencies d on d.upstream_asset_id = t.id where t.depth < 10
     ), found as materialized (
       select id, min(depth) as depth from (select * from tree limit 5000) t where id <> $2 group by id order by 2 limit $3
     )
     select a.id, a.name, a.owner, f.depth, coalesce((select jsonb_agg(jsonb_build_object('id', j.id, 'state', j.state)) from (
         select id, state from backfill_jobs
         where asset_id = a.id and tenant_id = $1 and state in (${unfinishedStates})
         order by created_at desc limit 20) j), '[]') as jobs
     from found f join assets a on a.id = f.id where (a.tenant_id = $1 or a.tenant_id is null) and a.name is not null
     order by f.depth, a.name`,
    [tenant, asset, limit],
  );
}

function readJsonTime(at: Date | string | null): Date | null {
  return typeof at === 'string' ? readTime(at) : at;
}

/** Times within JSON are text. */
function timed<Row extends { completed_at: Date | string | null }>(row: Row): Row {
  return { ...row, completed_at: readJsonTime(row.completed_at) };
}
