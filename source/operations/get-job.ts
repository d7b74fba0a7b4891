import type { Database } from '../database/database.ts';
import { readClock } from '../database/queries/read-clock.ts';
import { jobEvents } from '../database/queries/read-events.ts';
import { readJob } from '../database/queries/read-job.ts';
import {
  executorsOf,
  failedPartitions,
  mapPartitions,
  openPartitions,
} from '../database/queries/read-partitions.ts';
import { type JobView, viewJob } from '../domain/job.ts';
import type { JobDetail } from '../domain/job-detail.ts';
import { shortId } from '../domain/job-reference.ts';
import { ServoError } from '../errors.ts';

const limits = { failed: 100, open: 20, events: 50 };

/** One job with its derived figures. @throws ServoError not_found */
export function getJob(
  db: Database,
  tenant: string,
  id: string,
): Promise<{ as_of: Date; tenant_id: string; job: JobView }> {
  return db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const job = await readJob(query, tenant, id);
    if (job === null) throw noSuchJob(id);
    return { as_of, tenant_id: tenant, job: viewJob(job, as_of) };
  });
}

/**
 * Everything about one job; the partition map in at most `buckets` pieces, unread where that is 0
 * (it reads every partition of the job).
 * @throws ServoError not_found
 */
export function getJobDetail(
  db: Database,
  tenant: string,
  id: string,
  options: { buckets: number },
): Promise<JobDetail> {
  return db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const job = await readJob(query, tenant, id);
    if (job === null) throw noSuchJob(id);
    return {
      as_of,
      tenant_id: tenant,
      job: viewJob(job, as_of),
      map: options.buckets > 0 ? await mapPartitions(query, tenant, id, options.buckets) : [],
      failed: await failedPartitions(query, tenant, id, limits.failed),
      open: await openPartitions(query, tenant, id, limits.open),
      events: await jobEvents(query, tenant, id, limits.events),
      executors: await executorsOf(query, tenant, id),
    };
  });
}

export function noSuchJob(id: string): ServoError {
  return new ServoError('not_found', `there is no job ${shortId(id)}`, {
    hint: 'see: servo-tui list',
  });
}
