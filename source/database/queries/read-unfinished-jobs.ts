import type { Job, JobActivity } from '../../domain/job/job.ts';
import type { Query } from '../database.ts';
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
