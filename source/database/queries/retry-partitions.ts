import type { Query } from '../database.ts';

export function partitionStates(
  query: Query,
  tenant: string,
  job: string,
  keys: readonly string[],
): Promise<{ partition_key: string; state: string }[]> {
  return query(
    `select partition_key, state from backfill_partitions
     where backfill_job_id = $2 and tenant_id = $1 and partition_key = any ($3) order by partition_key`,
    [tenant, job, keys],
  );
}

export async function hasFailed(query: Query, tenant: string, job: string): Promise<boolean> {
  const rows = await query(
    `select from backfill_partitions where backfill_job_id = $2 and tenant_id = $1 and state = 'failed' limit 1`,
    [tenant, job],
  );
  return rows.length > 0;
}

/** Keys of the job's partitions in these states, sorted; `keys` null: all. */
export async function keysInState(
  query: Query,
  tenant: string,
  job: string,
  states: readonly string[],
  keys: readonly string[] | null = null,
): Promise<string[]> {
  const rows = await query<{ partition_key: string }>(
    `select partition_key from backfill_partitions
     where backfill_job_id = $2 and tenant_id = $1 and state = any ($3) and ($4::text[] is null or partition_key = any ($4))
     order by partition_key`,
    [tenant, job, states, keys],
  );
  return rows.map((row) => row.partition_key);
}

/**
 * Makes failed partitions of an unfinished job due again and adjusts its counter; the caller holds
 * the job's row. At most `limit`, which failed before `before`, so that one that fails again is not
 * retried for ever. Returns their keys, sorted.
 */
export async function retryPartitions(
  query: Query,
  tenant: string,
  job: string,
  which: { keys: readonly string[] | null; before: Date; limit: number },
): Promise<string[]> {
  const rows = await query<{ partition_key: string }>(
    `update backfill_partitions set state = 'pending', failure_count = 0, crash_count = 0, available_at = clock_timestamp(), completed_at = null
     where id = any (array(select id from backfill_partitions where backfill_job_id = $2 and tenant_id = $1 and state = 'failed'
       and ($3::text[] is null or partition_key = any ($3)) and coalesce(completed_at, '-infinity') <= $4 limit $5))
     returning partition_key`,
    [tenant, job, which.keys, which.before, which.limit],
  );
  await query(
    `update backfill_jobs set failed_partitions = greatest(0, failed_partitions - $3) where id = $2 and tenant_id = $1`,
    [tenant, job, rows.length],
  );
  return rows.map((row) => row.partition_key).sort();
}
