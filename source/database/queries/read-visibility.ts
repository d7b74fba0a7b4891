import type { Query } from '../database.ts';

/** Whether row-level security isolates tenants for this role: not for a superuser, nor where it was never enabled. */
export async function isBypassed(query: Query): Promise<boolean> {
  const [row] = await query<{ bypassed: boolean }>(
    `select not row_security_active('backfill_jobs') as bypassed`,
  );
  return row!.bypassed;
}

/**
 * Whether the tenant has anything to show: a job, an asset of its own, or an executor that serves it. Where nothing is,
 * it may be called otherwise; to row-level security a tenant that does not exist looks like one without jobs.
 */
export async function isAnythingVisible(query: Query, tenant: string): Promise<boolean> {
  const [row] = await query<{ visible: boolean }>(
    `select exists (select from assets where tenant_id = $1)
       or exists (select from backfill_jobs where tenant_id = $1)
       or exists (select from backfill_executors where tenant_id = $1) as visible`,
    [tenant],
  );
  return row!.visible;
}
