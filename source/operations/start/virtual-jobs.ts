import type { Query } from '../../database/database.ts';
import type { NewJob } from '../../database/queries/create-job.ts';
import { readPastDurations } from '../../database/queries/read-past-durations.ts';
import type { VirtualJob } from '../../domain/advice/start.ts';
import type { UpstreamPlan } from './upstream-plan.ts';

/** The upstreams that a start would make and the job itself, with what their assets took so far. */
export async function virtualJobs(
  query: Query,
  job: NewJob,
  upstreams: readonly UpstreamPlan[],
  max_parallel: number,
): Promise<VirtualJob[]> {
  const made = upstreams.filter(({ total_partitions }) => total_partitions > 0);
  const names = new Set(made.map(({ asset_name }) => asset_name));
  const direct = upstreams.filter((node) => node.direct);
  const own = {
    asset_name: job.asset_name,
    total_partitions: job.total_partitions,
    execution_order: Math.max(0, ...upstreams.map((node) => node.execution_order + 1)),
    needs: direct.map(({ asset_name }) => asset_name),
    existing: direct.flatMap(({ existing }) => existing),
  };
  const all = [...made, own];
  const assets = all.map(({ asset_name }) => asset_name);
  const durations = await readPastDurations(query, job.tenant_id, assets);
  return all.map(({ asset_name, total_partitions, execution_order, needs, existing }) => ({
    id: idOf(asset_name),
    asset_name,
    priority: job.priority,
    execution_order,
    sla_deadline_at: job.sla_deadline_at,
    remaining: total_partitions,
    max_parallel,
    durations: durations.get(asset_name) ?? null,
    upstreams: [...needs.filter((name) => names.has(name)).map(idOf), ...existing],
  }));
}

/** No job's id. */
function idOf(asset: string): string {
  return `new ${asset}`;
}
