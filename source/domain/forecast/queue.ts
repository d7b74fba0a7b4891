import type { Group, WaitingQueue } from './group.ts';
import { Heap } from './heap.ts';
import type { Pool } from './pools.ts';

/** How many more jobs a limit allows to run. */
export type Allowance = { left: number };

/** Jobs that the same pools can run and the same limits count, in claim order. */
export class Queue implements WaitingQueue {
  readonly pools: readonly Pool[];
  readonly limits: readonly Allowance[];
  /** Jobs to be claimed. */
  readonly #fresh = new Heap<Group>();
  /** Running jobs that could use another slot. */
  readonly #open = new Heap<Group>();

  constructor(pools: readonly Pool[], limits: readonly Allowance[]) {
    this.pools = pools;
    this.limits = limits;
  }

  add(group: Group): void {
    group.queued = true;
    (group.running ? this.#open : this.#fresh).push(group, group.rank);
  }

  /** The first job that could use a slot at `now`. */
  first(now: number): Group | undefined {
    const open = firstWithRoom(this.#open, now);
    const limited = this.limits.some(({ left }) => left <= 0);
    const fresh = limited ? undefined : firstWithRoom(this.#fresh, now);
    return fresh === undefined || (open !== undefined && open.rank < fresh.rank) ? open : fresh;
  }

  /** Takes the first of those to be claimed out: it runs from now on. */
  claim(group: Group): void {
    this.#fresh.pop();
    group.queued = false;
    group.running = true;
    this.count(-1);
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
