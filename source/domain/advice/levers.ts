import type { Snapshot, SnapshotJob } from '../forecast/snapshot.ts';
import { handledSlots, openSlots } from '../forecast/what-if.ts';
import { compareRank } from '../job/rank.ts';
import { highestPriority } from '../risk/tier.ts';
import type { Step } from './advice.ts';
import { raised } from './causes.ts';

/** One thing to turn: its values, each as steps, from the least to the greatest change. */
export type Lever = {
  /** The order in which remedies are tried and listed. */
  cost: number;
  values: readonly (readonly Step[])[];
  /** The steps of a value are independent: fewer of them may do. */
  separable?: true;
};

/** Costs of what is done with one command, by how much it asks of others. */
export const costs = { parallel: 1, priority: 2, accept: 2.5, pause: 3, limit: 3.5, slots: 5 };

/** Most jobs that a remedy pauses. */
const mostPaused = 20;

/** What could bring a job in, the cheapest first. */
export function leversFor(
  snapshot: Snapshot,
  chain: readonly SnapshotJob[],
  failing: ReadonlySet<string>,
): Lever[] {
  const [job] = chain;
  if (job === undefined) return [];
  const ours = chain.slice(0, mostTurned).filter(({ external }) => !external);
  const levers: Lever[] = [
    ...ours.map((one) => parallelOf(snapshot, one, failing)),
    ...ours.map((one) => priorityOf(snapshot, one)),
    pausesOf(snapshot, chain),
    { cost: costs.limit, values: listOf(raised(snapshot, job)) },
    slotsOf(snapshot, chain),
  ];
  return levers.filter(({ values }) => values.length > 0);
}

/** The job and as many of its upstreams are turned. */
const mostTurned = 3;

function listOf(steps: readonly Step[]): (readonly Step[])[] {
  return steps.length === 0 ? [] : [steps];
}

/** A failing job runs one partition at a time, whatever its max parallel. */
function parallelOf(snapshot: Snapshot, job: SnapshotJob, failing: ReadonlySet<string>): Lever {
  const from = job.max_parallel;
  const most = failing.has(job.id)
    ? 0
    : Math.min(job.remaining, handledSlots(snapshot, job.asset_name));
  const values = ramp(from + 1, most).map((to) => [
    { kind: 'parallel' as const, job: job.id, from, to },
  ]);
  return { cost: costs.parallel, values };
}

/** Only those that put it in front of further jobs. */
function priorityOf({ jobs }: Snapshot, job: SnapshotJob): Lever {
  const { id, priority: from } = job;
  const others = jobs.flatMap(({ id: other, priority }) =>
    other !== id && priority >= from ? [Math.min(highestPriority, priority + 1)] : [],
  );
  const values = [...new Set(others)]
    .filter((to) => to > from)
    .sort((a, b) => a - b)
    .map((to) => [{ kind: 'priority' as const, job: id, from, to }]);
  return { cost: costs.priority, values };
}

/** Running jobs without a deadline, that no job with one waits for: those that rank last first. */
function pausesOf(snapshot: Snapshot, chain: readonly SnapshotJob[]): Lever {
  const kept = new Set([...chain.map(({ id }) => id), ...needed(snapshot.jobs)]);
  const pausable = snapshot.jobs
    .filter(
      ({ id, state, external, sla_deadline_at, slots }) =>
        state === 'running' &&
        !external &&
        sla_deadline_at === null &&
        slots.length > 0 &&
        !kept.has(id),
    )
    .sort((a, b) => a.priority - b.priority || b.slots.length - a.slots.length || compareRank(b, a))
    .slice(0, mostPaused)
    .map(({ id }) => ({ kind: 'pause' as const, job: id }));
  const values = pausable.map((_, index) => pausable.slice(0, index + 1));
  return { cost: costs.pause, values, separable: true };
}

/** Jobs that one with a deadline waits for. */
function needed(jobs: readonly SnapshotJob[]): string[] {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const all = new Set<string>();
  const add = (id: string) => {
    if (all.has(id)) return;
    all.add(id);
    for (const upstream of byId.get(id)?.upstreams ?? []) add(upstream);
  };
  for (const { upstreams, sla_deadline_at } of jobs)
    if (sla_deadline_at !== null) for (const id of upstreams) add(id);
  return [...all];
}

/** As many more as all that rank before it, and itself, could use. */
function slotsOf(snapshot: Snapshot, chain: readonly SnapshotJob[]): Lever {
  const from = openSlots(snapshot);
  const [job] = chain;
  if (from === 0 || job === undefined) return { cost: costs.slots, values: [] };
  const wanted = snapshot.jobs
    .filter((one) => one.id === job.id || compareRank(one, job) < 0 || one.slots.length > 0)
    .reduce((sum, one) => sum + Math.min(one.max_parallel, one.remaining), 0);
  const most = Math.min(mostSlotsMore, Math.max(wanted, job.max_parallel));
  const values = ramp(from + 1, from + most).map((to) => [{ kind: 'slots' as const, from, to }]);
  return { cost: costs.slots, values };
}

const mostSlotsMore = 1_000;

/** `from` to `to`: each of the first eight, then in steps of an eighth. */
export function ramp(from: number, to: number): number[] {
  const values: number[] = [];
  for (let value = from; value <= to; ) {
    values.push(value);
    const passed = value - from + 1;
    value += passed < 8 ? 1 : Math.ceil(passed / 8);
  }
  const last = values.at(-1);
  return last !== undefined && last < to ? [...values, to] : values;
}
