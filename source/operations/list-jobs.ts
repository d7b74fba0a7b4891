import type { Database } from '../database/database.ts';
import { countJobs, listJobs as readJobs } from '../database/queries/list-jobs.ts';
import { assetNames, matchAssets } from '../database/queries/read-assets.ts';
import { readClock } from '../database/queries/read-clock.ts';
import { readJobs as readNamedJobs } from '../database/queries/read-job.ts';
import { type JobView, viewJob } from '../domain/job.ts';
import type { JobList } from '../domain/job-detail.ts';
import { unknownAsset } from './unknown-asset.ts';

export type ListOptions = {
  /** Only jobs in one of these; null or absent: any. */
  states?: readonly string[] | null;
  /** Only jobs of these assets; a name that ends in `*` is what it begins with. */
  assets?: readonly string[] | null;
  limit: number;
};

/** Above this a count of jobs says "so many or more". */
const countCap = 1000;

/**
 * The job table: what lives first, then the newest.
 * @throws ServoError not_found for an asset (not a pattern) that the tenant does not have
 */
export function listJobs(db: Database, tenant: string, options: ListOptions): Promise<JobList> {
  return db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const patterns = options.assets?.length ? options.assets : null;
    const matched = patterns && (await matchAssets(query, tenant, patterns));
    const missing = patterns?.filter(
      (pattern) => !pattern.endsWith('*') && !matched?.some((asset) => asset.name === pattern),
    );
    if (missing?.length) throw unknownAsset(missing[0]!, await assetNames(query, tenant, 5000));
    const counts = await countJobs(query, tenant, countCap);
    const jobs = await readJobs(query, tenant, {
      states: options.states ?? null,
      asset_ids: matched?.map((asset) => asset.id) ?? null,
      limit: options.limit + 1,
    });
    return {
      as_of,
      tenant_id: tenant,
      jobs: jobs.slice(0, options.limit).map((job) => viewJob(job, as_of)),
      truncated: jobs.length > options.limit,
      counts,
    };
  });
}

/** These jobs, as far as they still exist. */
export function listNamedJobs(
  db: Database,
  tenant: string,
  ids: readonly string[],
): Promise<JobView[]> {
  return db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const jobs = await readNamedJobs(query, tenant, [...new Set(ids)]);
    return jobs.map((job) => viewJob(job, as_of));
  });
}
