import type { Group, WaitingQueue } from './group.ts';
import { Heap } from './heap.ts';
import type { Pool } from './pools.ts';
import type { LimitedJobs } from './snapshot.ts';

/** How many more jobs a limit allows to run. */
export type Allowance = { left: number };

/** Jobs that the same pools can run and the same limits count, in claim order. */
export class Queue implements WaitingQueue {
  readonly limits: readonly Allowance[];
  /** Jobs to be claimed. */
  readonly #fresh = new Heap<Group>();
  /** Running jobs that could use another slot. */
  readonly #open = new Heap<Group>();
  /** What `first` has found, if nothing has changed since. */
  #first: Group | undefined;
  #limited = false;
  #known = false;

  constructor(limits: readonly Allowance[]) {
    this.limits = limits;
  }

  add(group: Group): void {
    group.queued = true;
    (group.running ? this.#open : this.#fresh).push(group, group.rank);
    this.#known = false;
  }

  /** The first job that could use a slot at `now`. */
  first(now: number): Group | undefined {
    const limited = this.#isLimited();
    // One that waits to be claimed stays the first; a running one may run out of partitions.
    if (this.#known && limited === this.#limited && this.#first?.running !== true)
      return this.#first;
    const open = firstWithRoom(this.#open, now);
    const fresh = limited ? undefined : this.#fresh.first;
    this.#first =
      fresh === undefined || (open !== undefined && open.rank < fresh.rank) ? open : fresh;
    this.#limited = limited;
    this.#known = true;
    return this.#first;
  }

  /** Takes the first of those to be claimed out: it runs from now on. */
  claim(group: Group): void {
    this.#fresh.pop();
    this.#known = false;
    group.queued = false;
    group.running = true;
    this.count(-1);
  }

  #isLimited(): boolean {
    for (const { left } of this.limits) if (left <= 0) return true;
    return false;
  }

  /** One job more or fewer is running. */
  count(by: number): void {
    for (const limit of this.limits) limit.left += by;
  }
}

/** A running job may have taken what was left since it was added. */
function firstWithRoom(heap: Heap<Group>, now: number): Group | undefined {
  for (;;) {
    const group = heap.first;
    if (group === undefined) return undefined;
    group.advance(now);
    if (group.room > 0) return group;
    heap.pop();
    group.queued = false;
  }
}

/** The queue of each asset; assets with the same pools and limits share one. */
export function queuesOf(
  assets: ReadonlySet<string>,
  pools: readonly Pool[],
  limits: readonly LimitedJobs[],
): Map<string, Queue> {
  const allowances = limits.map(({ max_running, assets: only }) => ({
    counter: { left: max_running } satisfies Allowance,
    only: only === null ? null : new Set(only),
  }));
  const queues = new Map<string, Queue>();
  const of = new Map<string, Queue>();
  for (const name of assets) {
    const able = pools.filter((pool) => pool.assets.has(name));
    const counting = allowances.filter(({ only }) => only === null || only.has(name));
    const key = `${able.map((pool) => pools.indexOf(pool))}/${counting.map((one) => allowances.indexOf(one))}`;
    const counters = counting.map(({ counter }) => counter);
    let queue = queues.get(key);
    if (queue === undefined) {
      queue = new Queue(counters);
      queues.set(key, queue);
      for (const pool of able) pool.queues.push(queue);
    }
    of.set(name, queue);
  }
  return of;
}
