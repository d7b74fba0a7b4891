import type { JobAction } from '../job/action.ts';
import type { JobSettings } from '../job/settings.ts';
import type { Snapshot, SnapshotJob } from './snapshot.ts';

/** An action on one job, with what the snapshot does not know of the job. */
export type JobChange = {
  id: string;
  action: JobAction;
  settings: JobSettings;
  /** Failed partitions that a retry brings back. */
  again: number;
  /** Partitions leased by silent executors: a reclaim releases them. */
  silent: number;
  /** It runs one partition at a time after permanent failures, whatever its max parallel. */
  failing: boolean;
  /** The new job that a retry or recreation of an ended one creates; else null. */
  renewed: SnapshotJob | null;
};

type Changed = {
  snapshot: Snapshot;
  /** Jobs that fail because one that they wait for is cancelled. */
  failed: ReadonlySet<string>;
};

/**
 * The snapshot after these actions, one after the other. A recreated job keeps its id. Running
 * partitions keep their slots until they end.
 */
export function afterActions(snapshot: Snapshot, changes: readonly JobChange[]): Changed {
  const jobs = new Map(snapshot.jobs.map((job) => [job.id, job]));
  const leaving: SnapshotJob[] = [];
  const cancelled = new Set<string>();
  for (const change of changes) {
    const job = jobs.get(change.id);
    const [next, left] =
      job === undefined
        ? [change.renewed, null]
        : steps[change.action](job, change, snapshot.as_of);
    if (left !== null) leaving.push({ ...left, id: `${left.id} ${leaving.length}` });
    if (next === null) jobs.delete(change.id);
    else jobs.set(change.id, next);
    if (change.action === 'cancel') cancelled.add(change.id);
  }
  const failed = dependentsOf(cancelled, [...jobs.values()]);
  for (const id of failed) jobs.delete(id);
  return { snapshot: { ...snapshot, jobs: [...jobs.values(), ...leaving] }, failed };
}

type Next = readonly [job: SnapshotJob | null, leaving: SnapshotJob | null];
type Step = (job: SnapshotJob, change: JobChange, asOf: Date) => Next;

const steps: Readonly<Record<JobAction, Step>> = {
  pause: (job) => [{ ...job, state: 'paused', external: false }, null],
  resume: (job) => [{ ...job, state: resumedState(job) }, null],
  cancel: (job) => [null, leavingOf(job, job.slots)],
  retry: (job, { again }) => [{ ...job, remaining: job.remaining + again }, null],
  reclaim: (job, { silent }) => [
    { ...job, slots: [], later: without(job.later, silent), external: false },
    null,
  ],
  set: (job, { settings, failing }) => {
    const wanted = failing ? undefined : settings.strategy?.max_parallel;
    const next = withSettings(job, settings, wanted ?? job.max_parallel);
    const leaving = wanted === undefined ? [] : job.slots.slice(wanted);
    if (leaving.length === 0) return [next, null];
    const slots = job.slots.slice(0, wanted);
    return [{ ...next, slots, remaining: job.remaining - leaving.length }, leavingOf(job, leaving)];
  },
  // Its failures do not count for the new job. What completes in the old one is not run again.
  recreate: (job, { settings }, asOf) => [
    {
      ...withSettings(job, settings, settings.strategy?.max_parallel ?? job.max_parallel),
      state: job.upstreams.length > 0 ? 'waiting_upstream' : 'pending',
      created_at: asOf,
      remaining: Math.max(1, job.remaining - job.slots.length),
      slots: [],
      later: null,
      external: false,
    },
    leavingOf(job, job.slots),
  ],
};

/** With nothing left to claim it ends when its running partitions do. */
function resumedState({ remaining, slots }: SnapshotJob): string {
  return slots.length > 0 && remaining <= slots.length ? 'running' : 'resuming';
}

function withSettings(job: SnapshotJob, settings: JobSettings, max_parallel: number): SnapshotJob {
  const { priority = job.priority, sla_deadline_at = job.sla_deadline_at } = settings;
  return { ...job, priority, sla_deadline_at, max_parallel };
}

/** The slots of a job that claims nothing more with them; null without one. */
function leavingOf(job: SnapshotJob, slots: SnapshotJob['slots']): SnapshotJob | null {
  if (slots.length === 0) return null;
  const state = 'cancelled';
  return { ...job, state, slots, remaining: slots.length, later: null, upstreams: [] };
}

function without(later: SnapshotJob['later'], count: number): SnapshotJob['later'] {
  return later === null || later.count <= count ? null : { ...later, count: later.count - count };
}

function dependentsOf(cancelled: ReadonlySet<string>, jobs: readonly SnapshotJob[]): Set<string> {
  const failed = new Set<string>();
  if (cancelled.size === 0) return failed;
  for (let before = -1; before < failed.size; ) {
    before = failed.size;
    for (const { id, upstreams } of jobs)
      if (upstreams.some((one) => cancelled.has(one) || failed.has(one))) failed.add(id);
  }
  return failed;
}
