import type { Job, JobActivity } from '../../domain/job/job.ts';
import type { IdRange } from '../../domain/job/reference.ts';
import type { Query } from '../database.ts';
import { activityColumns, activityJoins, type JobRow, jobColumns, jobOf } from './job-columns.ts';

export async function readJob(
  query: Query,
  tenant: string,
  id: string,
): Promise<(Job & JobActivity) | null> {
  const [row] = await query<JobRow>(
    `select ${jobColumns}, ${activityColumns} from backfill_jobs j ${activityJoins}
     where j.tenant_id = $1 and j.id = $2`,
    [tenant, id],
  );
  return row === undefined ? null : jobOf(row);
}

export async function readJobs(
  query: Query,
  tenant: string,
  ids: readonly string[],
): Promise<(Job & JobActivity)[]> {
  if (ids.length === 0) return [];
  const rows = await query<JobRow>(
    `select ${jobColumns}, ${activityColumns} from backfill_jobs j ${activityJoins}
     where j.tenant_id = $1 and j.id = any ($2)`,
    [tenant, ids],
  );
  return rows.map(jobOf);
}

export type NamedJob = Pick<Job, 'id' | 'asset_name' | 'state'>;

/** Jobs whose id is in the range: an index range, where LIKE would read all jobs. */
export function findJobs(
  query: Query,
  tenant: string,
  range: IdRange,
  limit: number,
): Promise<NamedJob[]> {
  return query<NamedJob>(
    `select id, asset_name, state from backfill_jobs
     where id >= $2::uuid and id <= $3::uuid and tenant_id = $1 order by id limit $4`,
    [tenant, range.from, range.to, limit],
  );
}

export function readDeadlines(
  query: Query,
  tenant: string,
  range: IdRange,
  limit: number,
): Promise<{ id: string; sla_deadline_at: Date | null }[]> {
  return query(
    `select id, sla_deadline_at from backfill_jobs
     where id >= $2::uuid and id <= $3::uuid and tenant_id = $1 order by id limit $4`,
    [tenant, range.from, range.to, limit],
  );
}
