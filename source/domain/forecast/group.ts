import type { Pool } from './pools.ts';
import type { Queue } from './queue.ts';

/** A slot of a job and the time of its next partition boundary. */
export type Slot = { pool: Pool; at: number };

const noSlots: Slot[] = [];

/**
 * A job in the simulation. Between two events its slots take partitions one after the other, so
 * where they are at a later time is computed, not stepped through. Times and durations are whole
 * microseconds, so that two ways to the same boundary give the same number.
 */
export class Group {
  readonly index: number;
  readonly queue: Queue<Group>;
  /** Place in the claim order. */
  readonly rank: number;
  /** It outranks jobs of a higher level. */
  readonly level: number;
  readonly partition_us: number;
  readonly max_parallel: number;
  /** Of its durations: standard deviation ÷ mean. */
  readonly spread: number;
  /** Never changed while it is empty: jobs that wait share one. */
  slots: Slot[] = noSlots;
  /** Partitions that can be claimed. */
  unclaimed: number;
  /** The same at first. */
  readonly total: number;
  /** Partitions that cannot be claimed yet. */
  later = 0;
  /** Slots of executors that start nothing more. */
  closing = 0;
  running: boolean;
  /** It is in its queue once. */
  queued = false;
  /** Its place in the agenda, −1 for none, and the time that it has there. */
  agenda_place = -1;
  ends = 0;
  start: number | null;
  finish: number | null = null;
  /** Everything is claimed; expected end of the last partition. */
  last: number | null = null;

  constructor(
    fixed: Pick<
      Group,
      'index' | 'queue' | 'rank' | 'level' | 'partition_us' | 'max_parallel' | 'spread'
    > & {
      unclaimed: number;
      running: boolean;
      start: number | null;
    },
  ) {
    this.index = fixed.index;
    this.queue = fixed.queue;
    this.rank = fixed.rank;
    this.level = fixed.level;
    this.partition_us = fixed.partition_us;
    this.max_parallel = fixed.max_parallel;
    this.spread = fixed.spread;
    this.total = fixed.unclaimed;
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

  take(pool: Pool, at: number): void {
    if (this.slots === noSlots) this.slots = [];
    this.slots.push({ pool, at });
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
    const { slots, partition_us, unclaimed } = this;
    if (slots.length === 0) return null;
    let [first, last] = [slots[0]!.at, slots[0]!.at];
    for (const { at } of slots) {
      if (at < first) first = at;
      if (at > last) last = at;
    }
    if (unclaimed === 0) return first;
    // Slots that were given together.
    if (first === last) return first + Math.floor(unclaimed / slots.length) * partition_us;
    if (last - first <= partition_us && slots.length <= fewSlots)
      return (
        nth(slots, unclaimed % slots.length) + Math.floor(unclaimed / slots.length) * partition_us
      );
    const times = slots.map(({ at }) => at).sort((a, b) => a - b);
    let left = unclaimed;
    // Boundaries that are more than one partition apart do not alternate yet.
    while (left > 0 && times.at(-1)! - times[0]! > partition_us) {
      insert(times, times.shift()! + partition_us);
      left -= 1;
    }
    const rounds = Math.floor(left / times.length);
    return times[left % times.length]! + rounds * partition_us;
  }
}

/** With so many slots, counting is quicker than sorting. */
const fewSlots = 16;

/** The time of which `before` others are earlier, or as early and in front. */
function nth(slots: readonly Slot[], before: number): number {
  for (let one = 0; one < slots.length; one += 1) {
    const { at } = slots[one]!;
    let earlier = 0;
    for (let other = 0; other < slots.length; other += 1) {
      const time = slots[other]!.at;
      if (time < at || (time === at && other < one)) earlier += 1;
    }
    if (earlier === before) return at;
  }
  return slots[0]!.at;
}

function insert(sorted: number[], value: number): void {
  let at = sorted.length;
  while (at > 0 && sorted[at - 1]! > value) at -= 1;
  sorted.splice(at, 0, value);
}
