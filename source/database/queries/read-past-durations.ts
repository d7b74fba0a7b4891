import type { Durations } from '../../domain/forecast/durations.ts';
import { durationsOf, type Timed } from '../../domain/forecast/job-durations.ts';
import type { Query } from '../database.ts';

/** Past jobs of an asset whose durations count, as for the forecast of unfinished ones. */
const pastJobs = 5;

const none: Timed = {
  timed_attempts: null,
  slot_ms: null,
  slot_ms_square: null,
  retried_share: null,
};

/** What a job of each asset is expected to take, from its last jobs; absent without any. */
export async function readPastDurations(
  query: Query,
  tenant: string,
  assets: readonly string[],
): Promise<Map<string, Durations>> {
  const rows = await query<Timed & { asset_name: string; average_ms: number | null }>(
    `select a.name as asset_name, t.timed_attempts, t.slot_ms, t.slot_ms_square, t.retried_share, t.average_ms
     from (select distinct on (name) id, name from assets
         where name = any ($2) and (tenant_id = $1 or tenant_id is null) order by name, tenant_id nulls last) a
       cross join lateral (
         select sum(d.timed_attempts)::int as timed_attempts, sum(d.slot_ms * d.timed_attempts) / sum(d.timed_attempts) as slot_ms,
           sum(d.slot_ms_square * d.timed_attempts) / sum(d.timed_attempts) as slot_ms_square,
           sum(d.retried_share * d.timed_attempts) / sum(d.timed_attempts) as retried_share,
           avg(d.avg_partition_duration_ms) as average_ms
         from (
           (select o.timed_attempts, o.slot_ms, o.slot_ms_square, o.retried_share, o.avg_partition_duration_ms from backfill_jobs o
             where o.asset_id = a.id and o.tenant_id = $1 and o.state = 'completed' order by o.created_at desc limit ${pastJobs})
           union all
           (select o.timed_attempts, o.slot_ms, o.slot_ms_square, o.retried_share, o.avg_partition_duration_ms from backfill_jobs o
             where o.asset_id = a.id and o.tenant_id = $1 and o.state = 'running' order by o.created_at desc limit ${pastJobs})
         ) d) t`,
    [tenant, assets],
  );
  const known = rows.flatMap(({ asset_name, average_ms, ...past }) => {
    const durations = durationsOf(none, past, average_ms);
    return durations === null ? [] : [[asset_name, durations] as const];
  });
  return new Map(known);
}
