import type { Query } from '../database.ts';

/** The runbook's statement; a trigger voids the leases (migrations/functions/triggers.sql). Returns the new version. */
export async function reclaimJob(query: Query, tenant: string, id: string): Promise<number> {
  const [row] = await query<{ version: number }>(
    `update backfill_jobs set heartbeat_at = clock_timestamp() - interval '5 minutes', version = version + 1
     where id = $2 and tenant_id = $1 and state = 'running' returning version`,
    [tenant, id],
  );
  return row!.version;
}
