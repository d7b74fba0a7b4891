import type { JobEvent } from '../../domain/job/detail.ts';
import type { AttemptLog } from '../../domain/partition/attempt-log.ts';
import type { Partition } from '../../domain/partition/partition.ts';
import type { Query } from '../database.ts';
import { eventColumns } from './read-events.ts';

/** One partition, or null. A message is cut at 65,536 characters. */
export async function readPartition(
  query: Query,
  tenant: string,
  job: string,
  key: string,
): Promise<Partition | null> {
  const [row] = await query<Partition>(
    `select partition_key, state, attempt_count, failure_count, crash_count, duration_ms, started_at, completed_at, lease_owner,
       lease_expires_at, nullif(available_at, 'infinity') as available_at, left(error_message, 65536) as error_message
     from backfill_partitions where backfill_job_id = $2 and tenant_id = $1 and partition_key = $3`,
    [tenant, job, key],
  );
  return row ?? null;
}

/** Newest first, from the job's last 20,000 events: there is no index by key. */
export function partitionEvents(
  query: Query,
  tenant: string,
  job: string,
  key: string,
  limit: number,
): Promise<JobEvent[]> {
  return query<JobEvent>(
    `select * from (
       select ${eventColumns} from backfill_events
       where job_id = $2 and tenant_id = $1 order by id desc limit 20000) e
     where partition_key = $3 order by id desc limit $4`,
    [tenant, job, key, limit],
  );
}

export function partitionLogs(
  query: Query,
  tenant: string,
  job: string,
  key: string,
  limit: number,
): Promise<AttemptLog[]> {
  return query<AttemptLog>(
    `select job_id, partition_key, attempt, executor_id, at, output from backfill_attempt_logs
     where job_id = $2 and tenant_id = $1 and partition_key = $3 order by attempt desc limit $4`,
    [tenant, job, key, limit],
  );
}
