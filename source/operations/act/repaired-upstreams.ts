import type { Query } from '../../database/database.ts';
import { unfinishedKeys } from '../../database/queries/replace-job.ts';
import {
  findTaken,
  type UpstreamJob,
  upstreamsOf,
  withoutCompleted,
} from '../../database/queries/upstreams.ts';
import type { Job } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { isJobState, isTerminal } from '../../domain/job/state.ts';
import { ServoError } from '../../errors.ts';

/**
 * The jobs that a replacement of `old` has to wait for: its unfinished upstream jobs, and the
 * unfinished jobs that took over the work of those that failed or were cancelled.
 * @throws ServoError not_allowed if work of an upstream is neither done nor planned
 */
export async function repairedUpstreams(query: Query, old: Job): Promise<string[]> {
  const upstreams = await upstreamsOf(query, old.tenant_id, old.id);
  const awaited = new Set<string>();
  for (const upstream of upstreams) {
    const { id, state } = upstream;
    if (state === 'completed') continue;
    if (state !== null && !(isJobState(state) && isTerminal(state))) {
      awaited.add(id);
      continue;
    }
    const { jobs, missing } = await repairsOf(query, old.tenant_id, upstream);
    if (missing !== 0) throw notRepaired(old, upstream, missing);
    for (const job of jobs) awaited.add(job);
  }
  return [...awaited];
}

/**
 * Unfinished jobs with an upstream's work, and how many of its keys have no job; null if the
 * upstream's keys are unknown.
 */
async function repairsOf(
  query: Query,
  tenant: string,
  { id, asset_id, created_at }: UpstreamJob,
): Promise<{ jobs: string[]; missing: number | null }> {
  if (asset_id === null || created_at === null) return { jobs: [], missing: null };
  const list = (await unfinishedKeys(query, tenant, id, true, true)).map(({ key }) => key);
  const { jobs, rest } = await findTaken(query, tenant, asset_id, { list });
  const left = { list: rest ?? list };
  const missing = await withoutCompleted(query, tenant, asset_id, left, created_at);
  return { jobs: jobs.map((job) => job.id), missing: missing.length };
}

function notRepaired(
  { id, asset_name }: Job,
  { id: upstream, asset_name: name, state }: UpstreamJob,
  missing: number | null,
): ServoError {
  const what =
    state === null
      ? `its upstream job ${shortId(upstream)} was deleted`
      : `its upstream ${name ?? 'job'} ${shortId(upstream)} is ${state}`;
  const left =
    missing === null ? '' : `, and no job has done or is to do ${missing} of its partitions`;
  return new ServoError(
    'not_allowed',
    `cannot recreate ${asset_name} ${shortId(id)} alone: ${what}${left}`,
    {
      hint: `recreate both: servo-tui recreate ${shortId(id)} --include-upstream --reason "why"; or run it without them: --without-upstream`,
    },
  );
}
