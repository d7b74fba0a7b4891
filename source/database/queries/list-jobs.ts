import type { Job, JobActivity } from '../../domain/job.ts';
import type { Query } from '../database.ts';
import { activityColumns, activityJoins, type JobRow, jobColumns, jobOf } from './job-columns.ts';

export type JobFilter = {
  /** Null for any, states that this program does not know among them. */
  states: readonly string[] | null;
  /** Null for any. */
  asset_ids: readonly string[] | null;
  limit: number;
};

/**
 * The job table: what lives first (running, resuming, paused, waiting, pending; then by priority), then
 * the newest that have ended.
 *
 * At most `limit` of each state are fetched, each by one index range, and then sorted: 1,000 jobs and
 * 1,000,000 cost the same. The states that exist are found by stepping through the index from one to
 * the next, so that a state of a newer program is not lost. Pending ones come in claim order.
 */
export async function listJobs(
  query: Query,
  tenant: string,
  filter: JobFilter,
): Promise<(Job & JobActivity)[]> {
  const rows = await query<JobRow>(filter.asset_ids === null ? byState : byAsset, [
    tenant,
    filter.states,
    filter.limit,
    ...(filter.asset_ids === null ? [] : [filter.asset_ids]),
  ]);
  return rows.map(jobOf);
}

/**
 * How many jobs of each state the tenant has, each count capped at `cap`. Absent states have none. Ordered
 * for the index's sake: without, a rare state among a million jobs is looked for by a sequential scan.
 */
export async function countJobs(
  query: Query,
  tenant: string,
  cap: number,
): Promise<Record<string, number>> {
  const rows = await query<{ state: string; count: number }>(
    `with recursive ${presentStates}
     select s.state, (select count(*)::int from (
       select from backfill_jobs where tenant_id = $1 and state = s.state order by created_at desc limit $2) c) as count
     from present s where s.state is not null`,
    [tenant, cap],
  );
  return Object.fromEntries(rows.map((row) => [row.state, row.count]));
}

const presentStates = `present (state) as (
    (select state from backfill_jobs where tenant_id = $1 order by state limit 1)
    union all
    select (select j.state from backfill_jobs j where j.tenant_id = $1 and j.state > p.state order by j.state limit 1)
    from present p where p.state is not null
  )`;

const inOrder = `
  select ${jobColumns}, ${activityColumns}
  from picked j ${activityJoins}
  order by case when j.state in ('completed', 'failed', 'cancelled') then 1 else 0 end,
    case when j.state not in ('completed', 'failed', 'cancelled')
      then array_position(array['running', 'resuming', 'paused', 'waiting_upstream', 'pending'], j.state::text) end,
    case when j.state not in ('completed', 'failed', 'cancelled') then -j.priority end,
    j.created_at desc, j.id
  limit $3`;

const picked = `${jobColumns}, j.lease_tokens`;

const byState = `with recursive ${presentStates}, wanted as (
    select state from present where state is not null and ($2::text[] is null or state = any ($2::text[]))
  ), picked as (
    select j.* from wanted w cross join lateral (
      select ${picked} from backfill_jobs j where j.tenant_id = $1 and j.state = w.state
      order by j.created_at desc limit $3) j
    where w.state <> 'pending'
    union all
    select j.* from (
      select ${picked} from backfill_jobs j
      where j.tenant_id = $1 and j.state = 'pending' and exists (select from wanted where state = 'pending')
      order by j.priority desc, j.execution_order, j.sla_deadline_at, j.created_at limit $3) j
  ) ${inOrder}`;

const byAsset = `with recursive present (asset_id, state) as (
    select a.id, (select j.state from backfill_jobs j
      where j.asset_id = a.id and j.tenant_id = $1 order by j.state limit 1)
    from unnest($4::uuid[]) a (id)
    union all
    select p.asset_id, (select j.state from backfill_jobs j
      where j.asset_id = p.asset_id and j.tenant_id = $1 and j.state > p.state order by j.state limit 1)
    from present p where p.state is not null
  ), picked as (
    select j.* from present w cross join lateral (
      select ${picked} from backfill_jobs j
      where j.asset_id = w.asset_id and j.tenant_id = $1 and j.state = w.state
      order by j.created_at desc limit $3) j
    where w.state is not null and ($2::text[] is null or w.state = any ($2::text[]))
  ) ${inOrder}`;
