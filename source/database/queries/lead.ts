import type { Database } from '../database.ts';

/**
 * Takes or renews the lease on a duty for each of the tenants, where nobody else's runs (migrations/functions/election.sql). Returns those that
 * the holder has now. With `lease_ms` 0 they are given up.
 */
export async function lead(
  database: Database,
  lease: { tenants: readonly string[]; duty: string; holder: string; lease_ms: number },
): Promise<string[]> {
  const rows = await database.call<{ tenant: string }>(
    'select servo_lead_v1($1, $2, $3, $4) as tenant',
    [lease.tenants, lease.duty, lease.holder, lease.lease_ms],
  );
  return rows.map(({ tenant }) => tenant);
}
