/*
 * Arithmetic on times that other programs may set to anything. Infinity minus a time raises 22008
 * before PostgreSQL 17; differences of over 290,000 years and times beyond 294276 always do. These
 * expressions never raise.
 */

/** Seconds between two timestamptz, as numeric: infinite, or NaN between two infinities. */
export function secondsBetween(from: string, to: string): string {
  return `(extract(epoch from ${to}) - extract(epoch from ${from}))`;
}

/** A timestamptz plus milliseconds (float8): infinite beyond 30,000 years. */
export function laterBy(at: string, milliseconds: string): string {
  return `case when ${milliseconds} >= 1e15 then 'infinity' when ${milliseconds} <= -1e15 then '-infinity' else ${at} + ${milliseconds} * interval '1 millisecond' end`;
}

/** Partitions of job `j` that are left, as bigint against overflow. */
export function partitionsLeft(j: string): string {
  return `greatest(0, ${j}.total_partitions::bigint - ${j}.completed_partitions - ${j}.failed_partitions - ${j}.skipped_partitions)`;
}
