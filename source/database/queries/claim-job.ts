import type { Database } from '../database.ts';

/**
 * Makes a waiting job `running`, or takes over a stale one of an external executor. Null if another executor was
 * faster; `failed` if its partitions are missing and cannot be made; `limited` if a limit is reached; `locked`,
 * `incomplete` or `needs_finalizing` if it is to be tried again soon. See migrations/functions/claim.sql.
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
