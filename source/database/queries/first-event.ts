import type { Query } from '../database.ts';

const newest = 200;

/**
 * When the first event about a problem was written: of each job, the first one since its problem
 * began, and the earliest of those; the problem's beginning if there is none. Null for no jobs.
 *
 * A reclaim without a claim after it belongs to the same problem, though it renews the heartbeat:
 * reclaiming again must not reset the time. `tenant_id || ''` keeps the planner on the index by
 * job.
 */
export async function firstEventSince(
  query: Query,
  tenant: string,
  outages: readonly { job_id: string; since: Date }[],
): Promise<Date | null> {
  if (outages.length === 0) return null;
  const [row] = await query<{ at: Date | null }>(
    `select min(coalesce((
         with entries as materialized (
           select id, at, kind, to_state from backfill_events
           where job_id = t.job_id and tenant_id || '' = $1 order by id desc limit ${newest})
         select min(e.at) from entries e
         where e.at >= t.since or (e.kind = 'reclaim requested'
           and e.id > coalesce((select max(c.id) from entries c where c.to_state = 'running'), 0))), t.since)) as at
     from unnest($2::uuid[], $3::timestamptz[]) t (job_id, since)`,
    [tenant, outages.map((one) => one.job_id), outages.map((one) => one.since)],
  );
  return row?.at ?? null;
}
