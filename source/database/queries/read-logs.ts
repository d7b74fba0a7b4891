import type { AttemptLog } from '../../domain/partition/attempt-log.ts';
import type { Query } from '../database.ts';

/**
 * The output of the newest attempt of each partition, or of one: the `limit` latest, in ascending
 * order. With `since`: those written since, the next `limit` by key after `after`. The keys are
 * selected first, because outputs are long.
 */
export function readLogs(
  query: Query,
  tenant: string,
  job: string,
  which: { key: string | null; limit: number; since?: Date | null; after?: string | null },
): Promise<AttemptLog[]> {
  return query<AttemptLog>(
    `with newest as materialized (
       select * from (
         select distinct on (partition_key) partition_key, attempt, at from backfill_attempt_logs
         where job_id = $2 and tenant_id = $1 and ($3::text is null or partition_key = $3)
         order by partition_key, attempt desc) n
       where ($4::timestamptz is null or at >= $4) and ($6::text is null or partition_key > $6)
       order by case when $4 is null then at end desc, partition_key limit $5)
     select l.job_id, l.partition_key, l.attempt, l.executor_id, l.at, l.output
     from newest n join backfill_attempt_logs l on l.job_id = $2 and l.partition_key = n.partition_key and l.attempt = n.attempt
     where l.tenant_id = $1 order by case when $4 is null then l.at end, l.partition_key`,
    [tenant, job, which.key, which.since ?? null, which.limit, which.after ?? null],
  );
}
