import type { Query } from '../database.ts';

/**
 * The runbook's statement. A trigger revokes the leases (migrations/functions/triggers.sql), also
 * of an ended job. Returns the new version.
 */
export async function reclaimJob(query: Query, tenant: string, id: string): Promise<number> {
  const [row] = await query<{ version: number }>(
    `update backfill_jobs set heartbeat_at = clock_timestamp() - interval '5 minutes', version = version + 1
     where id = $2 and tenant_id = $1 and state in ('running', 'failed', 'cancelled') returning version`,
    [tenant, id],
  );
  return row!.version;
}

export async function countRunning(query: Query, tenant: string, id: string): Promise<number> {
  const [row] = await query<{ count: number }>(
    `select count(*)::int as count from backfill_partitions
     where tenant_id = $1 and backfill_job_id = $2 and state = 'running'`,
    [tenant, id],
  );
  return row!.count;
}
