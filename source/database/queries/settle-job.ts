import type { Database, Query } from '../database.ts';

/** The janitor's batch after a cancel: 10,000 rows hold the job's row for some 150 ms. */
export const settleBatch = 10_000;

/** Marks one batch of a cancelled job's unfinished partitions as skipped; `unsettled`: some are left. */
export async function settleJob(
  database: Database,
  tenant: string,
  job: string,
  actor: string,
): Promise<{ skipped: number; unsettled: boolean }> {
  const [row] = await database.call<{ skipped: number; unsettled: boolean }>(
    'select skipped, unsettled from servo_settle_v1($1, $2, $3, $4)',
    [tenant, job, actor, settleBatch],
  );
  return row!;
}

/** How many executors of the tenant have been heard of in the last 10 s. */
export async function livingExecutors(query: Query, tenant: string): Promise<number> {
  const [row] = await query<{ count: number }>(
    `select count(*)::int as count from backfill_executors
     where $1 = any (tenants) and stopped_at is null and seen_at > clock_timestamp() - interval '10 seconds'`,
    [tenant],
  );
  return row!.count;
}
