import { compareRank } from '../job/rank.ts';
import type { ExecutorSlots, Snapshot, SnapshotJob } from './snapshot.ts';

/** A change whose effect is asked for. Jobs are named by their ids. */
export type WhatIf = {
  /** Slots of the executors that take new work, all together; null: unchanged. */
  slots: number | null;
  /** hold: no executor claims; open: those on hold or draining claim again; null: unchanged. */
  claiming: 'hold' | 'open' | null;
  /** An executor more, with handlers for these assets. */
  executor: { slots: number; assets: readonly string[] } | null;
  pause: readonly string[];
  resume: readonly string[];
  retry_failed: readonly string[];
  parallel: Readonly<Record<string, number>>;
  priority: Readonly<Record<string, number>>;
  deadline: Readonly<Record<string, Date | null>>;
  /** Most running jobs, by the limit's index in the snapshot. */
  limits: Readonly<Record<number, number>>;
};

export const noChange: WhatIf = {
  slots: null,
  claiming: null,
  executor: null,
  pause: [],
  resume: [],
  retry_failed: [],
  parallel: {},
  priority: {},
  deadline: {},
  limits: {},
};

export function isNoChange(what: WhatIf): boolean {
  const { slots, claiming, executor, pause, resume, retry_failed } = what;
  const records = [what.parallel, what.priority, what.deadline, what.limits];
  return (
    slots === null &&
    claiming === null &&
    executor === null &&
    pause.length + resume.length + retry_failed.length === 0 &&
    records.every((record) => Object.keys(record).length === 0)
  );
}

/** Jobs that the what-if itself changes. */
export function changedJobs(what: WhatIf): Set<string> {
  const { parallel, priority, deadline } = what;
  const named = [parallel, priority, deadline].flatMap((record) => Object.keys(record));
  return new Set([...what.pause, ...what.resume, ...what.retry_failed, ...named]);
}

/** Slots of the executors that take new work. */
export function openSlots({ executors }: Snapshot): number {
  return executors.reduce((sum, { closed, slots }) => sum + (closed ? 0 : slots), 0);
}

/** The same of those with a handler for the asset. */
export function handledSlots({ executors }: Snapshot, asset: string): number {
  const able = executors.filter(({ closed, assets }) => !closed && assets.includes(asset));
  return able.reduce((sum, { slots }) => sum + slots, 0);
}

/**
 * The snapshot as it would be after the change, for the same simulation.
 * @param failed permanently failed partitions by job, which a retry would run again
 */
export function applyWhatIf(
  snapshot: Snapshot,
  what: WhatIf,
  failed: ReadonlyMap<string, number> = new Map(),
): Snapshot {
  if (isNoChange(what)) return snapshot;
  const changed = changedJobs(what);
  const jobs = snapshot.jobs.map((job) =>
    changed.has(job.id) ? changeJob(job, what, failed.get(job.id) ?? 0) : job,
  );
  const limits = snapshot.limits.map((limit, index) => ({
    ...limit,
    max_running: what.limits[index] ?? limit.max_running,
  }));
  const executors = changeExecutors(snapshot, what);
  return { ...snapshot, executors, limits, jobs: withSlotsOf(jobs, executors) };
}

function changeJob(job: SnapshotJob, what: WhatIf, failed: number): SnapshotJob {
  const { id, state } = job;
  const deadline = what.deadline[id];
  const again = what.retry_failed.includes(id) ? failed : 0;
  const paused = what.pause.includes(id) && state === 'running';
  const resumed = what.resume.includes(id) && state === 'paused';
  return {
    ...job,
    state: paused ? 'paused' : resumed ? 'resuming' : state,
    priority: what.priority[id] ?? job.priority,
    max_parallel: what.parallel[id] ?? job.max_parallel,
    sla_deadline_at: deadline === undefined ? job.sla_deadline_at : deadline,
    remaining: job.remaining + again,
  };
}

function changeExecutors(snapshot: Snapshot, what: WhatIf): ExecutorSlots[] {
  const { claiming, executor } = what;
  const present = snapshot.executors.map((one) => ({
    ...one,
    closed: claiming === null ? one.closed : claiming === 'hold',
  }));
  if (executor !== null) present.push({ id: 'one more', closed: claiming === 'hold', ...executor });
  if (what.slots === null) return present;
  const open = present.filter(({ closed }) => !closed);
  const total = open.reduce((sum, { slots }) => sum + slots, 0);
  if (what.slots < total) return fewer(present, what.slots / total);
  // Like those that there are; without one, as if it could run everything.
  const names = open.length > 0 ? open.flatMap(({ assets }) => assets) : assetsOf(snapshot);
  const assets = [...new Set(names)];
  return [...present, { id: 'more slots', slots: what.slots - total, assets, closed: false }];
}

function assetsOf({ jobs }: Snapshot): string[] {
  return jobs.map(({ asset_name }) => asset_name);
}

/** Each open executor keeps its share; the sum is exact. */
function fewer(executors: readonly ExecutorSlots[], share: number): ExecutorSlots[] {
  let exact = 0;
  let given = 0;
  return executors.map((one) => {
    if (one.closed) return one;
    exact += one.slots * share;
    const slots = Math.round(exact) - given;
    given += slots;
    return { ...one, slots };
  });
}

/** On an executor with fewer slots than it uses, the jobs that rank last lose theirs. */
function withSlotsOf(jobs: SnapshotJob[], executors: readonly ExecutorSlots[]): SnapshotJob[] {
  const left = new Map(executors.map(({ id, slots }) => [id, slots]));
  const busy = new Map<string, number>();
  for (const { slots } of jobs)
    for (const { executor } of slots) busy.set(executor, (busy.get(executor) ?? 0) + 1);
  if ([...busy].every(([id, count]) => count <= (left.get(id) ?? count))) return jobs;
  const kept = new Map<string, SnapshotJob>();
  for (const job of jobs.toSorted(compareRank)) {
    const slots = job.slots.filter(({ executor }) => {
      const free = left.get(executor);
      if (free === undefined) return true;
      left.set(executor, free - 1);
      return free > 0;
    });
    kept.set(job.id, slots.length === job.slots.length ? job : { ...job, slots });
  }
  return jobs.map(({ id }) => kept.get(id)!);
}
