import type { Query } from '../database.ts';

type UnfinishedKey = { key: string; running: boolean };

/**
 * Unfinished keys of a job in order: pending and running; of an ended job also skipped ones; with
 * `failed` those too. A job of another writer without partition rows has all its keys.
 */
export function unfinishedKeys(
  query: Query,
  tenant: string,
  job: string,
  ended: boolean,
  failed = false,
): Promise<UnfinishedKey[]> {
  return query<UnfinishedKey>(
    `with rows as materialized (
       select (select true from backfill_partitions where backfill_job_id = $2 and tenant_id = $1 order by partition_key limit 1) as there)
     select partition_key::text as key, state = 'running' as running from backfill_partitions
     where backfill_job_id = $2 and tenant_id = $1 and (state in ('pending', 'running') or (state = 'skipped' and $3) or (state = 'failed' and $4))
     union all
     select k.key, false from backfill_jobs j cross join lateral (
       select jsonb_array_elements_text(case when jsonb_typeof(j.partition_keys) = 'array' then j.partition_keys else '[]' end) as key
       union
       select servo_partition_keys(j.partition_start, j.partition_end,
         servo_granularity((select partition_config from assets where id = j.asset_id), j.partition_start))
       where j.partition_keys = '[]' and j.partition_start is not null) k
     where j.id = $2 and j.tenant_id = $1 and (select there from rows) is null
     order by key`,
    [tenant, job, ended, failed],
  );
}

/**
 * Links partitions of a new job tree to running partitions of cancelled jobs with the same keys: if
 * those complete, these are completed too and not run again (migrations/functions/adopt.sql). Links
 * of the job `replaced` are taken over.
 */
export async function followInFlight(
  query: Query,
  tenant: string,
  job: string,
  replaced: string,
): Promise<void> {
  await query(
    `with recursive made as (
       select id, asset_id from backfill_jobs where id = $2 and tenant_id = $1
       union all
       select c.id, c.asset_id from made m join backfill_jobs c on c.parent_job_id = m.id and c.tenant_id || '' = $1
     ), flights as materialized (
       select m.id as job, p.partition_key, p.id as follows, 1 as rank from made m
         -- Leaves only the index of jobs to finalize.
         join backfill_jobs o on o.tenant_id = $1 and o.needs_finalizing and o.asset_id || '' = m.asset_id::text and o.id <> m.id
         join backfill_partitions p on p.backfill_job_id = o.id and p.tenant_id = $1 and p.state = 'running'
       union all
       select $2, p.partition_key, p.follows_id, 2 from backfill_partitions p
       where (case when p.follows_id is not null then p.backfill_job_id end) = $3 and p.follows_id is not null
         and p.tenant_id = $1 and p.state <> 'completed'
     )
     update backfill_partitions n set follows_id = f.follows
     from (select distinct on (job, partition_key) * from flights order by job, partition_key, rank) f
     where n.backfill_job_id = f.job and n.partition_key = f.partition_key and n.tenant_id = $1`,
    [tenant, job, replaced],
  );
}

/**
 * Puts the new job into the old one's place in a tree, so that downstream jobs wait for it instead
 * of failing with the cancelled one.
 */
export async function replaceInTree(
  query: Query,
  tenant: string,
  old: string,
  replacement: string,
): Promise<void> {
  await query(
    `update backfill_upstreams u set upstream_job_id = $3 from backfill_jobs w
     where u.upstream_job_id = $2 and u.tenant_id = $1 and w.id = u.job_id and w.state = 'waiting_upstream'`,
    [tenant, old, replacement],
  );
  await query(
    // Below an ended parent, the janitor would cancel it.
    `with parent as (select p.id from backfill_jobs j join backfill_jobs p on p.id = j.parent_job_id
       where j.id = $2 and j.tenant_id = $1 and p.state = 'waiting_upstream')
     update backfill_jobs set parent_job_id = case when id = $3 then (select id from parent) end
     where id in ($2, $3) and tenant_id = $1 and (select id from parent) is not null`,
    [tenant, old, replacement],
  );
}
