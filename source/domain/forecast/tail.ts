import { type Durations, normal } from './durations.ts';

/** Steps in means of a duration: fine enough for the expectation of a maximum. */
const step = 0.05;
const steps = 400;
/** Spreads are told apart by so much. */
const bucket = 0.05;
const widest = 2;

/** Of log-normal durations with mean 1: the share that lasts longer than each step. */
function survival(spread: number): (time: number) => number {
  const sigma = Math.sqrt(Math.log(1 + spread * spread));
  return (time) => (time <= 0 ? 1 : normal(-(Math.log(time) / sigma + sigma / 2)));
}

const excesses = new Map<number, number>();

/**
 * How much later than the mean of the last ends of `slots` slots the very last one is, in means of
 * a duration. When the first slot finds nothing to claim, the others are somewhere within a
 * partition: their rests have the stationary distribution of a renewal process.
 */
export function lastEndExcess(slots: number, spread: number): number {
  if (slots < 2) return 0;
  const count = Math.min(slots, 200);
  const place = Math.min(widest / bucket, Math.max(1, Math.round(spread / bucket)));
  const key = count * 1_000 + place;
  const known = excesses.get(key);
  if (known !== undefined) return known;
  const longer = survival(place * bucket);
  let [shorter, one, all] = [0, 0, 0];
  for (let at = 0; at < steps; at += 1) {
    one += (1 - shorter) * step;
    all += (1 - shorter ** (count - 1)) * step;
    shorter = Math.min(1, shorter + longer((at + 0.5) * step) * step);
  }
  const excess = Math.max(0, all - (one * (count - 1)) / count);
  excesses.set(key, excess);
  return excess;
}

/**
 * When the last of some attempts ends, in milliseconds from now, if nothing else is left: expected
 * longest rest of attempts that have run for `elapsed` ms each.
 */
export function lastRestMs({ mean_ms, spread }: Durations, elapsed: readonly number[]): number {
  const longer = survival(Math.min(widest, Math.max(bucket, spread || 0)));
  const begun = elapsed.map((ms) => ({
    at: Math.max(0, ms) / mean_ms,
    share: longer(Math.max(0, ms) / mean_ms),
  }));
  let longest = 0;
  for (let time = 0, by = step; time < 20; time += by, by *= 1.03) {
    let over = 1;
    for (const { at, share } of begun)
      over *= 1 - (share < 1e-6 ? 0 : longer(at + time + by / 2) / share);
    if (over > 0.9999) break;
    longest += (1 - over) * by;
  }
  return longest * mean_ms;
}

/**
 * How far the boundaries of several slots have drifted apart, 0..1: at first they are where the
 * simulation has them, after some rounds anywhere.
 */
export function drift(spread: number, rounds: number): number {
  return Math.min(1, 3 * (spread || 0) * Math.sqrt(Math.max(1, rounds)));
}
