import type { Query } from '../../database/database.ts';
import {
  downstreamAssets,
  executorShares,
  failureKinds,
  jobSamples,
  type Relation,
  recentDurations,
  upstreamsOf,
  waitingFor,
} from '../../database/queries/read-insight.ts';
import { readJobs } from '../../database/queries/read-job.ts';
import type { JobInsight, RelatedJob } from '../../domain/job/insight.ts';
import type { Job } from '../../domain/job/job.ts';
import { readStrategy } from '../../domain/job/strategy.ts';
import { inTreeOrder } from '../../domain/job/tree.ts';
import type { JobThresholds } from '../../domain/triage/thresholds.ts';
import { viewJobs } from './view-jobs.ts';

const limits = { samples: 120, related: 100 };

export async function readInsight(
  query: Query,
  job: Job,
  asOf: Date,
  thresholds: JobThresholds,
): Promise<JobInsight> {
  const { tenant_id: tenant, id } = job;
  const { order } = readStrategy(job.execution_strategy);
  const [upstreams, waiting, samples, failures, durations, assets, executors] = await Promise.all([
    upstreamsOf(query, tenant, id, limits.related),
    waitingFor(query, tenant, id, limits.related),
    jobSamples(query, tenant, id, limits.samples),
    job.failed_partitions > 0 ? failureKinds(query, tenant, id) : [],
    recentDurations(query, tenant, id, order),
    downstreamAssets(query, tenant, job.asset_id, limits.related),
    executorShares(query, tenant, id),
  ]);
  const ids = [...new Set([...upstreams, ...waiting].map((relation) => relation.id))];
  const views = await viewJobs(query, tenant, await readJobs(query, tenant, ids), asOf, thresholds);
  const related = (relations: Relation[]): RelatedJob[] =>
    inTreeOrder(
      relations.map((one) => ({
        id: one.id,
        to: one.related_to,
        depth: one.depth,
        job: views.find((view) => view.id === one.id) ?? null,
      })),
      id,
    );
  return {
    samples,
    failures,
    durations,
    upstreams: related(upstreams),
    waiting: related(waiting),
    assets,
    executors,
  };
}
