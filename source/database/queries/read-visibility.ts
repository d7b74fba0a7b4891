import type { Query } from '../database.ts';

/** Whether row-level security is bypassed: for a superuser, or if it was never enabled. */
export async function isBypassed(query: Query): Promise<boolean> {
  const [row] = await query<{ bypassed: boolean }>(
    `select not row_security_active('backfill_jobs') as bypassed`,
  );
  return row!.bypassed;
}

/**
 * Whether the tenant has a job, an own asset or an executor. If not, its name may be wrong:
 * row-level security shows an unknown tenant like an empty one.
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
