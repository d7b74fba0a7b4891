import type { Database } from '../database.ts';

/** Rows per transaction: 10,000 lock the job's row for about 150 ms, a million for 15 s. */
const settleBatch = 10_000;

/**
 * Skips one batch of what a cancelled job left unfinished: see migrations/functions/finalize.sql.
 * `unsettled`: some are left.
 */
export async function settleJob(
  database: Database,
  settle: { tenant: string; job: string; actor: string },
  batch = settleBatch,
): Promise<{ skipped: number; unsettled: boolean }> {
  const [row] = await database.call<{ skipped: number; unsettled: boolean }>(
    'select skipped, unsettled from servo_settle_v1($1, $2, $3, $4)',
    [settle.tenant, settle.job, settle.actor, batch],
  );
  return row ?? { skipped: 0, unsettled: false };
}
