import type { History, PastJob, WorstKey } from '../../domain/forecast/forecast.ts';
import type { Query } from '../database.ts';

/** Partitions of each past job that are read. */
const maxPartitions = 2000;

/**
 * The asset's last completed or failed jobs, at most `limit`, their worst keys between `first` and
 * `last`, and their errors. Keys and failures are read by their indexes.
 */
export async function readHistory(
  query: Query,
  tenant: string,
  asset: string,
  keys: { first: string; last: string },
  limit: number,
): Promise<History> {
  const past_jobs = await query<PastJob>(
    `select j.* from (values ('completed'), ('failed')) s (state) cross join lateral (
       select id, state, completed_at, total_partitions, completed_partitions, failed_partitions, avg_partition_duration_ms
       from backfill_jobs where asset_id = $2 and tenant_id = $1 and state = s.state and completed_at is not null
       order by created_at desc limit $3) j
     order by j.completed_at desc limit $3`,
    [tenant, asset, limit],
  );
  const jobs = past_jobs.map(({ id }) => id);
  const worst_keys = await query<WorstKey>(
    `select p.partition_key, max(p.duration_ms) as slowest_ms, count(*) filter (where p.state = 'failed')::int as failed
     from unnest($2::uuid[]) j (id) cross join lateral (
       select partition_key, state, duration_ms from backfill_partitions
       where backfill_job_id = j.id and tenant_id = $1 and partition_key >= $3 and partition_key <= $4
       order by partition_key limit ${maxPartitions}) p
     where p.state in ('completed', 'failed')
     group by p.partition_key order by failed desc, slowest_ms desc nulls last, p.partition_key limit 5`,
    [tenant, jobs, keys.first, keys.last],
  );
  const errors = await query<History['errors'][number]>(
    `select p.error_message, count(*)::int as count
     from unnest($2::uuid[]) j (id) cross join lateral (
       select error_message from backfill_partitions
       where backfill_job_id = j.id and tenant_id = $1 and state = 'failed' limit ${maxPartitions}) p
     group by p.error_message order by count desc, p.error_message limit 20`,
    [tenant, jobs],
  );
  return { past_jobs, worst_keys, errors };
}
