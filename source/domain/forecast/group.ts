import type { Pool } from './pools.ts';

/** Where a job waits (queue.ts). */
export type WaitingQueue = {
  add(group: Group): void;
  claim(group: Group): void;
  count(by: number): void;
};

/** A slot of a job and the time of its next partition boundary. */
export type Slot = { pool: Pool; at: number };

/**
 * A job in the simulation. Between two events its slots take partitions one after the other, so
 * where they are at a later time is computed, not stepped through. Times and durations are whole
 * microseconds, so that two ways to the same boundary give the same number.
 */
export class Group {
  readonly index: number;
  readonly queue: WaitingQueue;
  /** Place in the claim order. */
  readonly rank: number;
  readonly priority: number;
  readonly execution_order: number;
  readonly partition_us: number;
  readonly max_parallel: number;
  slots: Slot[] = [];
  /** Partitions that can be claimed. */
  unclaimed: number;
  /** Partitions that cannot be claimed yet. */
  later = 0;
  /** Slots of executors that start nothing more. */
  closing = 0;
  running: boolean;
  /** It is in its queue once. */
  queued = false;
  /** Raised with every change of its slots: an older end of its work does not count. */
  change = 0;
  start: number | null;
  finish: number | null = null;

  constructor(
    fixed: Pick<
      Group,
      'index' | 'queue' | 'rank' | 'priority' | 'execution_order' | 'partition_us' | 'max_parallel'
    > & { unclaimed: number; running: boolean; start: number | null },
  ) {
    this.index = fixed.index;
    this.queue = fixed.queue;
    this.rank = fixed.rank;
    this.priority = fixed.priority;
    this.execution_order = fixed.execution_order;
    this.partition_us = fixed.partition_us;
    this.max_parallel = fixed.max_parallel;
    this.unclaimed = fixed.unclaimed;
    this.running = fixed.running;
    this.start = fixed.start;
  }

  /** Further slots that it can use now. */
  get room(): number {
    return Math.min(this.max_parallel - this.slots.length - this.closing, this.unclaimed);
  }

  get idle(): boolean {
    return this.slots.length + this.closing === 0;
  }

  /** Moves every slot past its boundaries before `time`. */
  advance(time: number): void {
    for (const slot of this.slots) {
      if (slot.at >= time) continue;
      const taken = Math.ceil((time - slot.at) / this.partition_us);
      slot.at += taken * this.partition_us;
      this.unclaimed -= taken;
    }
  }

  /** When the first slot finds nothing to claim; null without a slot. */
  exhaustedAt(): number | null {
    const { slots, partition_us } = this;
    if (slots.length === 0) return null;
    if (slots.length === 1) return slots[0]!.at + this.unclaimed * partition_us;
    const times = slots.map(({ at }) => at).sort((a, b) => a - b);
    let left = this.unclaimed;
    // Boundaries that are more than one partition apart do not alternate yet.
    while (left > 0 && times.at(-1)! - times[0]! > partition_us) {
      insert(times, times.shift()! + partition_us);
      left -= 1;
    }
    const rounds = Math.floor(left / times.length);
    return times[left % times.length]! + rounds * partition_us;
  }
}

function insert(sorted: number[], value: number): void {
  let at = sorted.length;
  while (at > 0 && sorted[at - 1]! > value) at -= 1;
  sorted.splice(at, 0, value);
}
