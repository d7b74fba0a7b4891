import type { Query } from '../database.ts';

/** Journal entries of a job that are looked at, the newest first. */
const newest = 200;

/**
 * When the first journal entry of a trouble was written: of each job, the first since its trouble began, and the first of those; the
 * trouble's beginning itself where the journal is silent. Null for no jobs.
 *
 * A reclaim that nobody has answered with a claim is of the same trouble, though it makes the heartbeat younger: asking again and again must not
 * set the clock back. The tenant is asked so that only the index by job fits.
 */
export async function firstEntry(
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
