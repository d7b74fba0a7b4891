import { policy } from '../../domain/policy.ts';
import type { Query } from '../database.ts';

/** Seen within 10 s, neither stopped nor declared dead. $1 is the tenant. */
export const alive = `tenant_id = $1 and stopped_at is null and lost_at is null
  and seen_at > clock_timestamp() - interval '${policy.alive_ms} milliseconds'`;

export async function countAliveExecutors(query: Query, tenant: string): Promise<number> {
  const [row] = await query<{ count: number }>(
    `select count(*)::int as count from backfill_executors where ${alive}`,
    [tenant],
  );
  return row!.count;
}
