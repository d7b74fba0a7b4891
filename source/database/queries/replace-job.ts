import type { Query } from '../database.ts';

/**
 * Keys that the job's partition rows say are not done, in order: pending and running ones, and skipped ones where it has ended. Where it has
 * no rows yet (made by another writer), all that its keys or its range say.
 */
export async function unfinishedKeys(
  query: Query,
  tenant: string,
  job: string,
  ended: boolean,
): Promise<string[]> {
  const rows = await query<{ key: string }>(
    `with rows as materialized (
       select (select true from backfill_partitions where backfill_job_id = $2 and tenant_id = $1 order by partition_key limit 1) as there)
     select partition_key::text as key from backfill_partitions
     where backfill_job_id = $2 and tenant_id = $1 and (state in ('pending', 'running') or (state = 'skipped' and $3))
     union all
     select k.key from backfill_jobs j cross join lateral (
       select jsonb_array_elements_text(case when jsonb_typeof(j.partition_keys) = 'array' then j.partition_keys else '[]' end) as key
       union
       select servo_partition_keys(j.partition_start, j.partition_end,
         servo_granularity((select partition_config from assets where id = j.asset_id), j.partition_start))
       where j.partition_keys = '[]' and j.partition_start is not null) k
     where j.id = $2 and j.tenant_id = $1 and (select there from rows) is null
     order by key`,
    [tenant, job, ended],
  );
  return rows.map((row) => row.key);
}

/** The jobs that a job waits for: see migrations/functions/upstreams.sql. */
export async function upstreamsOf(query: Query, tenant: string, job: string): Promise<string[]> {
  const rows = await query<{ id: string }>(
    'select upstream_job_id as id from servo_upstreams_v1($1, $2) where state is not null',
    [tenant, job],
  );
  return rows.map((row) => row.id);
}

/**
 * Puts the new job into the place that the old one has in a tree: what waited for the old one waits for the new one, and is not
 * failed because the old one is cancelled.
 */
export async function takePlace(
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
    // Below a parent that has ended, the janitor would cancel it.
    `with parent as (select p.id from backfill_jobs j join backfill_jobs p on p.id = j.parent_job_id
       where j.id = $2 and j.tenant_id = $1 and p.state = 'waiting_upstream')
     update backfill_jobs set parent_job_id = case when id = $3 then (select id from parent) end
     where id in ($2, $3) and tenant_id = $1 and (select id from parent) is not null`,
    [tenant, old, replacement],
  );
}
