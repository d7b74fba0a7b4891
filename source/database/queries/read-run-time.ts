import type { Database } from '../database.ts';
import { secondsBetween } from './sql-time.ts';

/** Seconds from a job's first claim to its end; null if it has not ended or is unknown. */
export async function readRunTime(
  database: Database,
  tenant: string,
  job: string,
): Promise<number | null> {
  const [row] = await database.read(tenant, (query) =>
    query<{ seconds: number | null }>(
      `select ${secondsBetween('started_at', 'completed_at')}::float8 as seconds from backfill_jobs where id = $2 and tenant_id = $1`,
      [tenant, job],
    ),
  );
  return row?.seconds ?? null;
}
