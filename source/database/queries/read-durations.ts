import type { Durations } from '../../domain/forecast/durations.ts';
import { durationsOf, type Timed } from '../../domain/forecast/job-durations.ts';
import type { Query } from '../database.ts';

/** What the attempts of these jobs took, ended jobs included; absent without any. */
export async function readDurations(
  query: Query,
  tenant: string,
  ids: readonly string[],
): Promise<Map<string, Durations>> {
  if (ids.length === 0) return new Map();
  const rows = await query<Timed & { id: string; average_ms: number | null }>(
    `select id, timed_attempts, slot_ms, slot_ms_square, retried_share, avg_partition_duration_ms as average_ms
     from backfill_jobs where tenant_id = $1 and id = any ($2)`,
    [tenant, ids],
  );
  return new Map(
    rows.flatMap(({ id, average_ms, ...own }) => {
      const durations = durationsOf(own, null, average_ms);
      return durations === null ? [] : [[id, durations] as const];
    }),
  );
}
