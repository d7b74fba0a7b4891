import {
  type KeyRange,
  keyOf,
  maxPartitions,
  problemOfRange,
  rangeOver,
} from '../partition/key.ts';
import { type Granularity, parsePeriod, startAfter } from '../partition/period.ts';
import type { KeySource } from './request.ts';

/**
 * The upstream's keys whose time overlaps these keys of its downstream: a day needs its 24 hours
 * and its month. Keys of the same granularity, or without one, stay as they are.
 * @param from granularity of the keys; null: they are not of time
 */
export function upstreamKeys(
  keys: KeySource,
  from: Granularity | null,
  to: Granularity | null,
): KeySource {
  const own = 'range' in keys ? keys.range.granularity : from;
  if (own === null || to === null || own === to) return keys;
  if ('range' in keys) return { range: overlapping(keys.range.from, keys.range.to, own, to) };
  const needed = new Set<string>();
  for (const key of keys.list) {
    const start = parsePeriod(key)?.from;
    if (start === undefined) needed.add(key);
    else for (const upstream of keysOf(overlapping(start, start, own, to))) needed.add(upstream);
    if (needed.size > maxPartitions) break;
  }
  return { list: [...needed].sort() };
}

/** The range of `to` that overlaps the partitions of `own` from `first` to `last`. */
function overlapping(first: Date, last: Date, own: Granularity, to: Granularity): KeyRange {
  const end = new Date(startAfter(own, last).getTime() - 1);
  const range = rangeOver(to, first, end);
  const problem = problemOfRange(range);
  if (problem !== null) throw new RangeError(problem);
  return range;
}

/** A range if both are ranges without a gap between them, else a list. */
export function unionOfKeys(one: KeySource, other: KeySource): KeySource {
  if ('range' in one && 'range' in other && one.range.granularity === other.range.granularity) {
    const [a, b] =
      one.range.from <= other.range.from ? [one.range, other.range] : [other.range, one.range];
    // A gap would add keys that neither needs.
    if (b.from <= startAfter(a.granularity, a.to)) {
      const last = a.to >= b.to ? a : b;
      const range = rangeOver(a.granularity, a.from, last.to);
      if (problemOfRange(range) === null) return { range };
    }
  }
  return { list: [...new Set([...listOf(one), ...listOf(other)])].sort() };
}

export function countKeys(keys: KeySource): number {
  return 'range' in keys ? keys.range.count : keys.list.length;
}

export function listOf(keys: KeySource): string[] {
  return 'list' in keys ? keys.list : keysOf(keys.range);
}

function keysOf(range: KeyRange): string[] {
  const keys: string[] = [];
  for (let at = range.from; at <= range.to; at = startAfter(range.granularity, at))
    keys.push(keyOf(range.granularity, at));
  return keys;
}
