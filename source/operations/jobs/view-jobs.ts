import type { Query } from '../../database/database.ts';
import { type Job, type JobActivity, type JobView, viewJob } from '../../domain/job/job.ts';
import { isTerminal } from '../../domain/job/state.ts';
import type { JobThresholds } from '../../domain/triage/thresholds.ts';
import { readScene } from './read-scene.ts';

export async function viewJobs(
  query: Query,
  tenant: string,
  jobs: readonly (Job & JobActivity)[],
  asOf: Date,
  thresholds?: JobThresholds,
): Promise<JobView[]> {
  const ended = jobs.every(({ state }) => isTerminal(state));
  const scene = ended ? null : await readScene(query, tenant);
  return jobs.map((job) => viewJob(job, asOf, thresholds, scene));
}

export async function viewOneJob(
  query: Query,
  tenant: string,
  job: Job & JobActivity,
  asOf: Date,
  thresholds?: JobThresholds,
): Promise<JobView> {
  const [view] = await viewJobs(query, tenant, [job], asOf, thresholds);
  return view!;
}
