import type { JobDetail, KeyBounds, PartitionBucket } from '../../../domain/job/detail.ts';
import type { JobView } from '../../../domain/job/job.ts';
import { readStrategy } from '../../../domain/job/strategy.ts';
import type { JobMap, JobScreen } from '../../model/state.ts';

/** Enough for a large terminal, and one per key for most jobs. */
export const mapBuckets = 1500;
/**
 * From this size on a map is read whole once, and then by parts (0.5 s for a million partitions).
 */
export const bigFrom = 20_000;
const wholeMs = 60_000;
/** Parts read at a time: of a million partitions 700 each. */
const mostRanges = 60;

export const unreadMap: JobMap = {
  buckets: [],
  asked_at: null,
  state: null,
  finished: 0,
  failed: 0,
};

export type MapRequest = { map_buckets: number; map_ranges?: readonly KeyBounds[] };

export function mapRequest({ job, map, insight }: JobScreen, at: number): MapRequest {
  if (job.total_partitions < bigFrom) return { map_buckets: mapBuckets };
  if (insight === null) return { map_buckets: 0 };
  if (map.asked_at === null || map.state !== mapState(job) || job.failed_partitions < map.failed)
    return { map_buckets: mapBuckets };
  const finished = finishedOf(job);
  const isIdle = finished === map.finished && job.running_slots === 0;
  if (isIdle) return { map_buckets: 0 };
  if (at - map.asked_at >= wholeMs) return { map_buckets: mapBuckets };
  return { map_buckets: 0, map_ranges: staleRanges(map, job) };
}

/** The map is read whole again when this changes: the state, and whether partitions are running. */
export function mapState({ state, running_slots }: JobView): string {
  return `${state} ${running_slots > 0 ? 'running' : 'idle'}`;
}

/**
 * The parts that may have changed: those with running or begun partitions, and those after them in
 * execution order, as far as the partitions finished since would reach.
 */
export function staleRanges(map: JobMap, job: JobView): KeyBounds[] {
  const { buckets } = map;
  const size = Math.max(1, sizeOf(buckets[0]));
  const reach = Math.ceil(Math.max(0, finishedOf(job) - map.finished) / size) + 2;
  const untouched = (bucket: PartitionBucket) => bucket.pending === sizeOf(bucket);
  const backward = readStrategy(job.execution_strategy).order === 'desc';
  const inOrder = backward ? buckets.toReversed() : buckets;
  const begun = inOrder.filter(
    (bucket) => bucket.running > 0 || (bucket.pending > 0 && !untouched(bucket)),
  );
  const front = inOrder.findIndex(untouched);
  const next = front === -1 ? [] : inOrder.slice(front, front + reach);
  return [...begun.filter(({ running }) => running > 0), ...next, ...begun]
    .filter((bucket, index, all) => all.indexOf(bucket) === index)
    .slice(0, mostRanges)
    .map(({ first_key, last_key }) => ({ first_key, last_key }));
}

export function mapAfter(map: JobMap, { job, map: read, changed }: JobDetail): JobMap {
  if (read.length === 0 && changed.length === 0) return map;
  const now = { finished: finishedOf(job), failed: job.failed_partitions, state: mapState(job) };
  if (read.length > 0) return { ...map, ...now, buckets: read };
  const parts = new Map(changed.map((bucket) => [bucket.first_key, bucket]));
  const buckets = map.buckets.map((bucket) => parts.get(bucket.first_key) ?? bucket);
  return { ...map, ...now, buckets };
}

function finishedOf(job: JobView): number {
  return job.completed_partitions + job.failed_partitions + job.skipped_partitions;
}

function sizeOf(bucket: PartitionBucket | undefined): number {
  if (bucket === undefined) return 0;
  return bucket.pending + bucket.running + bucket.completed + bucket.failed + bucket.skipped;
}
