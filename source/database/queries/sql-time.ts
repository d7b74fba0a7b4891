/*
 * Arithmetic on times that other programs may have set to anything: infinity minus a time raises 22008 (until PostgreSQL 17), a
 * difference of over 290,000 years and a time beyond 294276 do so always. These never raise.
 */

/** Seconds from one timestamptz to another, as numeric: infinite, or NaN between two infinities. */
export function secondsBetween(from: string, to: string): string {
  return `(extract(epoch from ${to}) - extract(epoch from ${from}))`;
}

/** A timestamptz and so many milliseconds (float8): infinite beyond 30,000 years. Null where one of them is. */
export function laterBy(at: string, milliseconds: string): string {
  return `case when ${milliseconds} >= 1e15 then 'infinity' when ${milliseconds} <= -1e15 then '-infinity' else ${at} + ${milliseconds} * interval '1 millisecond' end`;
}

/** Partitions that are left of job `j`, counted where no sum of integers can overflow. */
export function partitionsLeft(j: string): string {
  return `greatest(0, ${j}.total_partitions::bigint - ${j}.completed_partitions - ${j}.failed_partitions - ${j}.skipped_partitions)`;
}
