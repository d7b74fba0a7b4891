import type { JobForecast } from '../forecast/job-forecast.ts';
import type { Snapshot, SnapshotJob } from '../forecast/snapshot.ts';
import type { Step } from './advice.ts';

/** A job with its unfinished upstreams, the one that ends last first, and theirs. */
export function chainOf(
  { jobs }: Snapshot,
  job: SnapshotJob,
  forecasts: ReadonlyMap<string, JobForecast>,
): SnapshotJob[] {
  const byId = new Map(jobs.map((one) => [one.id, one]));
  const chain = new Map<string, SnapshotJob>();
  const end = ({ id }: SnapshotJob) =>
    forecasts.get(id)?.finish_at?.getTime() ?? Number.POSITIVE_INFINITY;
  const add = (one: SnapshotJob) => {
    if (chain.has(one.id)) return;
    chain.set(one.id, one);
    const upstreams = one.upstreams.flatMap((id) => byId.get(id) ?? []);
    for (const upstream of upstreams.sort((a, b) => (end(a) < end(b) ? 1 : -1))) add(upstream);
  };
  add(job);
  return [...chain.values()];
}

/** What must change before the end of the job can be told, and the job whose state says so. */
export type Cause = {
  forecast: JobForecast;
  job: SnapshotJob;
  /** Null: nothing that an operator can do. */
  steps: readonly Step[] | null;
};

/** The causes of an unknown end in a chain; empty if the end is known. */
export function causesOf(
  snapshot: Snapshot,
  chain: readonly SnapshotJob[],
  forecasts: ReadonlyMap<string, JobForecast>,
): Cause[] {
  return chain.flatMap((job) => {
    const forecast = forecasts.get(job.id);
    // Of one that waits for an upstream, the upstream is the cause.
    if (forecast === undefined || forecast.unknown === null || forecast.unknown === 'upstream')
      return [];
    return [{ forecast, job, steps: stepsFor(snapshot, job, forecast) }];
  });
}

/** An executor with so few slots is assumed where there is none. */
const assumedSlots = 4;

function stepsFor(snapshot: Snapshot, job: SnapshotJob, forecast: JobForecast): Step[] | null {
  switch (forecast.unknown) {
    case 'paused':
      return [{ kind: 'resume', job: job.id }, ...barred(snapshot, job)];
    case 'limit':
      return raised(snapshot, job);
    case 'no_executor':
    case 'no_handler':
    case 'closed':
      return barred(snapshot, job);
    default:
      return null;
  }
}

/** What is missing to run it at all. */
function barred({ executors }: Snapshot, { asset_name, max_parallel }: SnapshotJob): Step[] {
  const able = executors.filter(({ assets }) => assets.includes(asset_name));
  if (able.length === 0) {
    const slots = Math.min(max_parallel, assumedSlots);
    return [{ kind: 'executor', assets: [asset_name], slots }];
  }
  return able.every(({ closed }) => closed) ? [{ kind: 'open' }] : [];
}

/** The limits that count the job's asset and are reached, each raised by one. */
export function raised({ limits, jobs }: Snapshot, { asset_name }: SnapshotJob): Step[] {
  return limits.flatMap(({ max_running, assets }, index) => {
    if (assets !== null && !assets.includes(asset_name)) return [];
    const counted = jobs.filter(
      (job) => job.state === 'running' && (assets === null || assets.includes(job.asset_name)),
    );
    const to = Math.max(max_running, counted.length) + 1;
    return counted.length >= max_running
      ? [{ kind: 'limit' as const, limit: index, from: max_running, to }]
      : [];
  });
}
