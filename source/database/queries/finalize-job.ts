import type { Database } from '../database.ts';

/**
 * Rows that one transaction skips: 10,000 hold the job's row for some 150 ms, a million for 15 s.
 */
const finalizeBatch = 10_000;

/**
 * Skips one batch of a cancelled job's unfinished partitions (finalize.sql); `needs_finalizing`:
 * some are left.
 */
export async function finalizeJob(
  database: Database,
  request: { tenant: string; job: string; actor: string },
  batch = finalizeBatch,
): Promise<{ skipped: number; needs_finalizing: boolean }> {
  const [row] = await database.call<{ skipped: number; needs_finalizing: boolean }>(
    'select skipped, needs_finalizing from servo_finalize_v1($1, $2, $3, $4)',
    [request.tenant, request.job, request.actor, batch],
  );
  return row ?? { skipped: 0, needs_finalizing: false };
}
