import type { Query } from '../database.ts';

/** Whether row-level security isolates tenants for this role: not for a superuser, nor where it was never enabled. */
export async function isBypassed(query: Query): Promise<boolean> {
  const [row] = await query<{ bypassed: boolean }>(
    `select not row_security_active('backfill_jobs') as bypassed`,
  );
  return row!.bypassed;
}
