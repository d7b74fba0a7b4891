import { Heap } from './heap.ts';

/** What a queue knows of a job. */
export type Waiting = {
  /** Place in the claim order. */
  readonly rank: number;
  running: boolean;
  /** It is in its queue once. */
  queued: boolean;
  /** Further slots that it can use. */
  readonly room: number;
  advance(time: number): void;
};

/** How many more jobs a limit allows to run. */
export type Allowance = { left: number };

/** Jobs that the same pools can run and the same limits count, in claim order. */
export class Queue<Job extends Waiting> {
  readonly limits: readonly Allowance[];
  /** Jobs to be claimed. */
  readonly #fresh = new Heap<Job>();
  /** Running jobs that could use another slot. */
  readonly #open = new Heap<Job>();
  /** What `first` has found, if nothing has changed since. */
  #first: Job | undefined;
  #limited = false;
  #known = false;

  constructor(limits: readonly Allowance[]) {
    this.limits = limits;
  }

  add(group: Job): void {
    group.queued = true;
    (group.running ? this.#open : this.#fresh).push(group, group.rank);
    this.#known = false;
  }

  /** The first job that could use a slot at `now`. */
  first(now: number): Job | undefined {
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
  claim(group: Job): void {
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
function firstWithRoom<Job extends Waiting>(heap: Heap<Job>, now: number): Job | undefined {
  for (;;) {
    const group = heap.first;
    if (group === undefined) return undefined;
    group.advance(now);
    if (group.room > 0) return group;
    heap.pop();
    group.queued = false;
  }
}
