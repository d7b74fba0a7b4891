import type { Database } from '../database.ts';

/**
 * Takes or renews the lease on a duty for each tenant, unless another holder has it
 * (migrations/functions/election.sql), and returns the tenants that the holder leads. `lease_ms` 0
 * releases them. One message for each tenant, because a session has one tenant at a time.
 */
export async function elect(
  database: Database,
  lease: { tenants: readonly string[]; duty: string; holder: string; lease_ms: number },
): Promise<string[]> {
  const { tenants, duty, holder, lease_ms } = lease;
  const led: string[] = [];
  for (const tenant of tenants) {
    const [row] = await database.write({ tenant, actor: holder }, (query) =>
      query<{ leads: boolean }>('select servo_elect_v1($1, $2, $3, $4) as leads', [
        tenant,
        duty,
        holder,
        lease_ms,
      ]),
    );
    if (row!.leads) led.push(tenant);
  }
  return led;
}
