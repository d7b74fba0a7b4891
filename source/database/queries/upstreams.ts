import type { KeySource } from '../../domain/start/request.ts';
import type { Dependency } from '../../domain/start/upstream-plan.ts';
import type { Database, Query } from '../database.ts';
import { findUnfinishedJobs, keysOf, openPartition } from './create-job.ts';
import { assetOf } from './read-assets.ts';

export async function findUpstreams(
  query: Query,
  tenant: string,
  assets: readonly string[],
): Promise<Dependency[]> {
  const rows = await query<{
    downstream_id: string;
    id: string;
    name: string;
    partition_config: unknown;
  }>(
    `select d.downstream_asset_id as downstream_id, a.id, a.name, a.partition_config
     from asset_dependencies d join assets a on a.id = d.upstream_asset_id
     where d.downstream_asset_id = any ($2) and (a.tenant_id = $1 or a.tenant_id is null)
     order by a.name`,
    [tenant, assets],
  );
  return rows.map(({ downstream_id, ...row }) => ({ downstream_id, upstream: assetOf(row) }));
}

export async function findTaken(
  query: Query,
  tenant: string,
  asset: string,
  keys: KeySource,
): Promise<{ jobs: { id: string; state: string }[]; rest: string[] | null }> {
  const unfinished = await findUnfinishedJobs(query, tenant, asset);
  if (unfinished.length === 0) return { jobs: [], rest: null };
  const source = keysOf(keys, 3);
  const rows = await query<{ key: string; job: string | null }>(
    `with taken as materialized (
       select p.partition_key, p.backfill_job_id from backfill_partitions p
       where p.backfill_job_id = any ($2) and p.tenant_id = $1
         and ${openPartition})
     select k.key, t.backfill_job_id as job from ${source.sql} left join taken t on t.partition_key = k.key order by k.key`,
    [tenant, unfinished.map((job) => job.id), ...source.values],
  );
  const jobs = unfinished.filter((job) => rows.some((row) => row.job === job.id));
  return {
    jobs,
    rest: jobs.length === 0 ? null : rows.filter((row) => row.job === null).map((row) => row.key),
  };
}

/** A job that another one waits for; asset and state are null if it was deleted. */
export type UpstreamJob = {
  id: string;
  asset_id: string | null;
  asset_name: string | null;
  state: string | null;
  created_at: Date | null;
};

export function upstreamsOf(query: Query, tenant: string, job: string): Promise<UpstreamJob[]> {
  return query<UpstreamJob>(
    `select u.upstream_job_id as id, j.asset_id, u.asset_name, u.state, j.created_at
     from servo_upstreams_v1($1, $2) u left join backfill_jobs j on j.id = u.upstream_job_id and j.tenant_id = $1
     order by servo_upstream_cause(u.state, u.error_message), u.asset_name, u.upstream_job_id`,
    [tenant, job],
  );
}

/** The keys that no job of the asset has completed since then. */
export async function withoutCompleted(
  query: Query,
  tenant: string,
  asset: string,
  keys: KeySource,
  since: Date,
): Promise<string[]> {
  const source = keysOf(keys, 4);
  const rows = await query<{ key: string }>(
    `with later as materialized (
       select id from backfill_jobs where asset_id = $2 and tenant_id = $1 and coalesce(completed_at, 'infinity') >= $3
     ), done as materialized (
       select distinct p.partition_key from later l join backfill_partitions p on p.backfill_job_id = l.id
       where p.tenant_id = $1 and p.state = 'completed' and p.completed_at >= $3)
     select k.key from ${source.sql} where k.key not in (select partition_key from done) order by k.key`,
    [tenant, asset, since, ...source.values],
  );
  return rows.map((row) => row.key);
}

export async function insertUpstreams(
  query: Query,
  tenant: string,
  job: string,
  upstreams: readonly string[],
): Promise<void> {
  await query(
    `with edges as (
       insert into backfill_upstreams (job_id, upstream_job_id, tenant_id) select $2, unnest($3::uuid[]), $1)
     update backfill_jobs set upstream_job_count = cardinality($3::uuid[]) where id = $2 and tenant_id = $1`,
    [tenant, job, upstreams],
  );
}

/**
 * Finalizes a job that waits for its upstreams: see migrations/functions/upstreams.sql. Returns its
 * new state, or null.
 */
export async function finalizeWaiting(
  database: Database,
  request: { tenant: string; job: string; actor: string; stale_ms: number },
): Promise<string | null> {
  const [row] = await database.call<{ verdict: string | null }>(
    'select servo_finalize_waiting_v1($1, $2, $3, $4) as verdict',
    [request.tenant, request.job, request.actor, request.stale_ms],
  );
  return row?.verdict ?? null;
}
