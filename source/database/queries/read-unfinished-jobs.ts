import type { Job, JobActivity } from '../../domain/job/job.ts';
import type { Fleet } from '../../domain/risk/what-if.ts';
import type { Query } from '../database.ts';
import { alive } from './alive-executors.ts';
import {
  activityColumns,
  activityJoins,
  claimSources,
  type JobRow,
  jobColumns,
  jobOf,
} from './job-columns.ts';
import { unfinishedStates } from './unfinished-states.ts';

/**
 * Unfinished jobs with a deadline, the nearest first, and the jobs that share slots with them:
 * running ones without a deadline, and waiting ones in claim order. At most `limit` of each, by its
 * own index range.
 */
export async function readUnfinishedJobs(
  query: Query,
  tenant: string,
  limit: number,
): Promise<(Job & JobActivity)[]> {
  const picked = `${jobColumns}, ${claimSources}`;
  const rows = await query<JobRow>(
    `with picked as (
       (select ${picked} from backfill_jobs j
        where j.tenant_id = $1 and j.sla_deadline_at is not null
          and j.state in (${unfinishedStates})
        order by j.sla_deadline_at limit $2)
       union all
       (select ${picked} from backfill_jobs j
        where j.tenant_id = $1 and j.state = 'running' and j.sla_deadline_at is null
        order by j.created_at desc limit $2)
       union all
       (select ${picked} from backfill_jobs j
        where j.tenant_id = $1 and j.state in ('pending', 'resuming') and j.sla_deadline_at is null
        order by j.priority desc, j.execution_order, j.sla_deadline_at, j.created_at limit $2)
     )
     select ${jobColumns}, ${activityColumns} from picked j ${activityJoins}`,
    [tenant, limit],
  );
  return rows.map(jobOf);
}

export async function readFleet(query: Query, tenant: string): Promise<Fleet> {
  const rows = await query<{ asset_name: string | null; slots: number }>(
    `with ready as materialized (
       select slots, handlers from backfill_executors
       where ${alive} and draining_at is null and hold_reason is null
     )
     select null as asset_name, coalesce(sum(slots), 0)::int as slots from ready
     union all
     select asset_name, sum(slots)::int from ready, unnest(handlers) asset_name group by asset_name`,
    [tenant],
  );
  const by_asset = rows.flatMap(({ asset_name, slots }) =>
    asset_name === null ? [] : [[asset_name, slots] as const],
  );
  return {
    slots: rows.find(({ asset_name }) => asset_name === null)!.slots,
    by_asset: Object.fromEntries(by_asset),
  };
}
