import type { Database } from '../database.ts';

/**
 * Makes a waiting job `running`, or takes over a stale one of an external writer. Null if another
 * executor was faster; the states are those of migrations/functions/claim.sql.
 */
export async function claimJob(
  database: Database,
  claim: { tenant: string; job: string; owner: string; stale_ms: number; grace_ms: number },
): Promise<{ state: string; paused_seconds: number | null } | null> {
  const [row] = await database.call<{ job_state: string; paused_seconds: number | null }>(
    'select job_state, paused_seconds from servo_claim_v1($1, $2, $3, $4, $5)',
    [claim.tenant, claim.job, claim.owner, claim.stale_ms, claim.grace_ms],
  );
  if (row === undefined) return null;
  // Paused since infinity: no length of a pause.
  const { paused_seconds: paused } = row;
  return { state: row.job_state, paused_seconds: Number.isFinite(paused) ? paused : null };
}
