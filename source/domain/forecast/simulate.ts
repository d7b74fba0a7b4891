import { Agenda } from './agenda.ts';
import { partitionMs, relativeError, restMs } from './durations.ts';
import { Group } from './group.ts';
import { Heap } from './heap.ts';
import { type Pool, poolsOf } from './pools.ts';
import type { Queue } from './queue.ts';
import { queuesOf } from './queues.ts';
import { type Ranks, ranksOf } from './ranks.ts';
import type { Snapshot, SnapshotJob } from './snapshot.ts';
import { drift, lastEndExcess, lastRestMs } from './tail.ts';
import { Working } from './working.ts';

/** What becomes of a job. */
export type Course = {
  /** Slots once the free ones are given out, at the moment of the snapshot. */
  slots: number;
  /** Slots that it could use beside those. */
  wanted: number;
  /** Milliseconds after the snapshot; null: something must change first. */
  start_ms: number | null;
  finish_ms: number | null;
};

/** Which durations count: the expected ones, or the short or long end of what is likely. */
export type Case = 'expected' | 'short' | 'long';

/** Of a job whose asset has never run: that of the others, or a second. */
const guessedMs = 1_000;
/** Partitions in back-off come back in so many parts at most. */
const mostReturns = 8;
/** A simulation of more events ends: the jobs that are left stay unknown. */
const mostEvents = 1_000_000;

type Event =
  | { kind: 'closing'; group: Group }
  | { kind: 'due'; group: Group; count: number }
  | { kind: 'freed'; pool: Pool }
  | { kind: 'external' | 'last'; group: Group };

/**
 * What becomes of every unfinished job if no one changes anything, as the executors decide it
 * (executor/jobs/claimer.ts): a free slot goes to the first job in claim order that can use it,
 * within its max parallel, handlers and limits; a job keeps its slot from partition to partition
 * unless one that outranks it waits; what ends or becomes due makes others claimable.
 * @param ranks the claim order of the same jobs, if it is known already
 * @returns the course of each job, in the order of `snapshot.jobs`
 */
export function simulate(
  snapshot: Snapshot,
  which: Case = 'expected',
  ranks: Ranks = ranksOf(snapshot.jobs),
): Course[] {
  return new Simulation(snapshot, which, ranks).run();
}

class Simulation {
  readonly #jobs: readonly SnapshotJob[];
  readonly #groups: Group[];
  readonly #pools: Pool[];
  readonly #queues: Queue<Group>[];
  /** For each pool. */
  readonly #able: readonly (readonly Queue<Group>[])[];
  /** When jobs run out of partitions to claim; and everything else that happens. */
  readonly #agenda = new Agenda();
  readonly #events = new Heap<Event>();
  readonly #working: Working;
  /** Jobs that wait for a job, by its index; and for how many each one waits. */
  readonly #dependents = new Map<number, number[]>();
  readonly #waits: number[];
  #now = 0;

  constructor(snapshot: Snapshot, which: Case, ranks: Ranks) {
    const { jobs, executors, limits } = snapshot;
    this.#jobs = jobs;
    this.#working = new Working(ranks.levels);
    const assets = new Set(jobs.map(({ asset_name }) => asset_name));
    const { pools, of } = poolsOf(executors, assets);
    this.#pools = pools;
    const { byAsset, byPool } = queuesOf(assets, pools, limits);
    this.#queues = [...new Set(byAsset.values())];
    this.#able = byPool;
    const usual = usualMs(jobs);
    this.#groups = jobs.map((job, index) =>
      groupOf(job, {
        index,
        queue: byAsset.get(job.asset_name)!,
        rank: ranks.rank[index]!,
        level: ranks.level[index]!,
        usual,
        which,
      }),
    );
    this.#waits = jobs.map(() => 0);
    this.#wire(jobs);
    for (const group of this.#groups) this.#place(group, of, which);
  }

  run(): Course[] {
    this.#assign();
    const courses = this.#groups.map(
      (group): Course => ({
        slots: group.slots.length + group.closing,
        wanted: Math.max(0, group.room),
        start_ms: null,
        finish_ms: null,
      }),
    );
    for (let steps = 0; steps < mostEvents; steps += 1) {
      if (!this.#step()) break;
      this.#assign();
    }
    for (const { index, start, finish } of this.#groups) {
      const course = courses[index]!;
      course.start_ms = start === null ? null : start / 1000;
      course.finish_ms = finish === null ? null : finish / 1000;
    }
    return courses;
  }

  /** Goes to what happens next; of what happens together, first what frees slots for others. */
  #step(): boolean {
    const yielding = this.#nextYield();
    const ending = this.#agenda.first;
    const event = this.#events.firstKey ?? Number.POSITIVE_INFINITY;
    const end = ending?.ends ?? Number.POSITIVE_INFINITY;
    if (yielding !== null && yielding.at <= Math.min(event, end)) {
      this.#now = yielding.at;
      this.#release(yielding.group, yielding.slot);
    } else if (ending !== undefined && end <= event) {
      this.#now = end;
      this.#exhaust(ending);
    } else {
      const next = this.#events.pop();
      if (next === undefined) return false;
      this.#now = event;
      this.#handle(next);
    }
    return true;
  }

  #wire(jobs: readonly SnapshotJob[]): void {
    const indexes = new Map(jobs.map(({ id }, index) => [id, index]));
    jobs.forEach(({ upstreams }, index) => {
      for (const id of upstreams) {
        const of = indexes.get(id);
        if (of === undefined) continue;
        this.#waits[index]! += 1;
        const dependents = this.#dependents.get(of);
        if (dependents === undefined) this.#dependents.set(of, [index]);
        else dependents.push(index);
      }
    });
  }

  /** Puts a job where it stands at the moment of the snapshot. */
  #place(group: Group, poolOf: ReadonlyMap<string, Pool>, which: Case): void {
    const job = this.#jobs[group.index]!;
    for (const { executor, elapsed_ms } of job.slots) {
      const at = us(restOf(job, elapsed_ms, group.partition_us / 1000, which));
      const pool = poolOf.get(executor);
      const ends = !isWorkable(job);
      if (pool !== undefined) pool.free -= 1;
      if (pool === undefined || ends) {
        group.closing += 1;
        this.#events.push({ kind: 'closing', group }, at);
        if (pool !== undefined) this.#events.push({ kind: 'freed', pool }, at);
      } else group.take(pool, at);
    }
    if (job.external) {
      group.queue.count(-1);
      this.#events.push({ kind: 'external', group }, job.remaining * group.partition_us);
      return;
    }
    if (group.running) group.queue.count(-1);
    if (!isWorkable(job)) return;
    if (job.later !== null) this.#delay(group, job.later);
    if (group.slots.length > 0) {
      this.#working.add(group);
      this.#schedule(group);
      const nothingLeft = group.unclaimed + group.later + group.closing === 0;
      if (nothingLeft && job.durations !== null && group.spread > 0 && group.slots.length > 1) {
        const elapsed = job.slots.map(({ elapsed_ms }) => elapsed_ms);
        this.#last(group, us(lastRestMs(job.durations, elapsed) * scaleOf(job, which)));
      }
    }
    if (group.running && group.idle && group.unclaimed + group.later === 0) this.#end(group);
    else if (this.#waits[group.index] === 0) this.#queue(group);
  }

  #delay(group: Group, { count, first_ms, last_ms }: NonNullable<SnapshotJob['later']>): void {
    const later = Math.min(count, group.unclaimed);
    const parts = Math.min(mostReturns, later);
    group.unclaimed -= later;
    group.later = later;
    for (let part = 0; part < parts; part += 1) {
      const size = Math.floor(later / parts) + (part < later % parts ? 1 : 0);
      const share = parts === 1 ? 0 : part / (parts - 1);
      const at = us(first_ms + (last_ms - first_ms) * share);
      this.#events.push({ kind: 'due', group, count: size }, at);
    }
  }

  #handle(event: Event): void {
    switch (event.kind) {
      case 'closing':
        event.group.closing -= 1;
        this.#endIfDone(event.group);
        this.#queue(event.group);
        break;
      case 'due':
        event.group.advance(this.#now);
        event.group.later -= event.count;
        event.group.unclaimed += event.count;
        this.#schedule(event.group);
        this.#queue(event.group);
        break;
      case 'freed':
        event.pool.free += 1;
        break;
      case 'external':
      case 'last':
        this.#end(event.group);
        break;
    }
  }

  /** A slot has come to a boundary with nothing left to claim; others may do so at once. */
  #exhaust(group: Group): void {
    group.advance(this.#now);
    for (const slot of group.slots) {
      if (slot.at !== this.#now || group.unclaimed === 0) continue;
      slot.at += group.partition_us;
      group.unclaimed -= 1;
    }
    if (group.unclaimed === 0) this.#expectLast(group);
    for (let last = group.slots.length - 1; last >= 0; last -= 1)
      if (group.slots[last]!.at === this.#now) this.#free(group, last);
    this.#afterChange(group);
  }

  /** The first slot finds nothing left. Where the others really are is not known to the instant. */
  #expectLast(group: Group): void {
    const { slots, spread, partition_us, total } = group;
    if (spread === 0 || slots.length < 2) return;
    if (group.last !== null || group.later + group.closing > 0) return;
    let [sum, latest] = [0, 0];
    for (const { at } of slots) {
      sum += at;
      latest = Math.max(latest, at);
    }
    const expected = sum / slots.length + lastEndExcess(slots.length, spread) * partition_us;
    const share = drift(spread, total / slots.length);
    this.#last(group, latest + (expected - latest) * share);
  }

  #last(group: Group, at: number): void {
    group.last = Math.max(this.#now, Math.round(at));
    this.#events.push({ kind: 'last', group }, group.last);
  }

  /** At a partition boundary the job leaves a slot to another one. */
  #release(group: Group, slot: Group['slots'][number]): void {
    group.advance(this.#now);
    this.#free(group, group.slots.indexOf(slot));
    this.#afterChange(group);
  }

  #free(group: Group, at: number): void {
    const { slots } = group;
    slots[at]!.pool.free += 1;
    slots[at] = slots.at(-1)!;
    slots.pop();
  }

  #afterChange(group: Group): void {
    if (group.slots.length === 0) this.#working.delete(group);
    this.#schedule(group);
    this.#endIfDone(group);
    this.#queue(group);
  }

  #schedule(group: Group): void {
    this.#agenda.set(group, group.exhaustedAt());
  }

  #endIfDone(group: Group): void {
    if (group.last !== null) return;
    if (group.running && group.idle && group.unclaimed + group.later === 0) this.#end(group);
  }

  #end(group: Group): void {
    if (group.finish !== null) return;
    group.finish = this.#now;
    group.queue.count(1);
    for (const index of this.#dependents.get(group.index) ?? []) {
      this.#waits[index]! -= 1;
      if (this.#waits[index] === 0) this.#queue(this.#groups[index]!);
    }
  }

  #queue(group: Group): void {
    if (group.queued || group.finish !== null || group.room <= 0) return;
    if (this.#waits[group.index]! > 0 || !isWorkable(this.#jobs[group.index]!)) return;
    group.queue.add(group);
  }

  #best(pool: Pool): Group | undefined {
    let best: Group | undefined;
    for (const queue of this.#able[pool.index]!) {
      const first = queue.first(this.#now);
      if (first !== undefined && (best === undefined || first.rank < best.rank)) best = first;
    }
    return best;
  }

  /** Gives free slots in claim order. */
  #assign(): void {
    for (;;) {
      let best: Group | undefined;
      let from: Pool | undefined;
      for (const pool of this.#pools) {
        if (pool.free <= 0) continue;
        const one = this.#best(pool);
        if (one === undefined) continue;
        const better = best === undefined || one.rank < best.rank;
        if (better || (one === best && pool.free > from!.free)) [best, from] = [one, pool];
      }
      if (best === undefined || from === undefined) return;
      this.#give(best, from);
    }
  }

  #give(group: Group, pool: Pool): void {
    if (!group.running) group.queue.claim(group);
    group.start ??= this.#now;
    const count = Math.min(pool.free, group.room);
    pool.free -= count;
    group.unclaimed -= count;
    const end = this.#now + group.partition_us;
    for (let one = 0; one < count; one += 1) group.take(pool, end);
    this.#working.add(group);
    this.#schedule(group);
    this.#queue(group);
  }

  /** The next boundary at which a job leaves its slot to one that outranks it. */
  #nextYield(): { at: number; group: Group; slot: Group['slots'][number] } | null {
    let next: { at: number; group: Group; slot: Group['slots'][number] } | null = null;
    if (!this.#mayYield()) return null;
    for (const pool of this.#pools) {
      const waiting = this.#best(pool);
      if (waiting === undefined || waiting.level >= this.#working.lowest) continue;
      for (const group of this.#working) {
        if (waiting.level >= group.level) continue;
        group.advance(this.#now);
        for (const slot of group.slots) {
          if (slot.pool === pool && (next === null || slot.at < next.at))
            next = { at: slot.at, group, slot };
        }
      }
    }
    return next;
  }

  /** Mostly none that waits outranks one that works: seen without looking at each pool. */
  #mayYield(): boolean {
    const { lowest } = this.#working;
    if (lowest <= 0) return false;
    for (const queue of this.#queues) {
      const first = queue.first(this.#now);
      if (first !== undefined && first.level < lowest) return true;
    }
    return false;
  }
}

/** It runs or waits to be claimed; a paused job, and one in an unknown state, does neither. */
export function isWorkable({ state }: Pick<SnapshotJob, 'state'>): boolean {
  return ['pending', 'running', 'resuming', 'waiting_upstream'].includes(state);
}

function groupOf(
  job: SnapshotJob,
  of: {
    index: number;
    queue: Queue<Group>;
    rank: number;
    level: number;
    usual: number;
    which: Case;
  },
): Group {
  const running = job.state === 'running';
  const usual = job.durations === null ? of.usual : partitionMs(job.durations);
  return new Group({
    index: of.index,
    queue: of.queue,
    rank: of.rank,
    level: of.level,
    partition_us: Math.max(1, us(usual * scaleOf(job, of.which))),
    max_parallel: job.max_parallel,
    spread: job.durations?.spread || 0,
    unclaimed: Math.max(0, job.remaining - job.slots.length),
    running,
    start: job.external || job.slots.length > 0 ? 0 : null,
  });
}

function scaleOf({ durations, remaining }: SnapshotJob, which: Case): number {
  if (which === 'expected') return 1;
  const error = durations === null ? 0.5 : relativeError(durations, remaining);
  return which === 'short' ? 1 - error : 1 + error;
}

function restOf(job: SnapshotJob, elapsed: number, partition_ms: number, which: Case): number {
  if (job.durations === null) return Math.max(partition_ms - elapsed, partition_ms * 0.1);
  return restMs(job.durations, elapsed) * scaleOf(job, which);
}

/** Geometric mean: one asset of long partitions does not make all others long. */
function usualMs(jobs: readonly SnapshotJob[]): number {
  let [sum, count] = [0, 0];
  for (const { durations } of jobs) {
    if (durations === null) continue;
    sum += Math.log(partitionMs(durations));
    count += 1;
  }
  return count === 0 ? guessedMs : Math.exp(sum / count);
}

function us(ms: number): number {
  return Math.round(ms * 1000);
}
