import type { EtaTrend, Job, RateBase } from '../job/row.ts';

type Counted = Pick<
  Job,
  'total_partitions' | 'completed_partitions' | 'failed_partitions' | 'skipped_partitions'
>;

export function remainingPartitions(job: Counted): number {
  const done = job.completed_partitions + job.failed_partitions + job.skipped_partitions;
  return Math.max(0, job.total_partitions - done);
}

/**
 * completed ÷ total, 0..1 (backfill-operations, "Key metrics to monitor"). Failed and skipped
 * partitions do not count as done; a job without partitions is at 0.
 */
export function progressOf(job: Counted): number {
  if (job.total_partitions <= 0) return 0;
  return Math.min(1, Math.max(0, job.completed_partitions) / job.total_partitions);
}

/**
 * ceil(remaining ÷ slots) × average, in seconds. Null until one partition has completed
 * (backfill-operations, "ETA Not Updating").
 */
export function etaSeconds(
  remaining: number,
  slots: number,
  averageMs: number | null,
): number | null {
  // Other programs write the column; a negative average is no measurement.
  if (averageMs === null || averageMs < 0) return null;
  return (Math.ceil(remaining / Math.max(1, slots)) * averageMs) / 1000;
}

/** Exponentially weighted moving average, alpha 0.3, rounded as the column stores it. */
export function nextAverage(averageMs: number | null, durationMs: number): number {
  return averageMs === null ? durationMs : 0.3 * durationMs + 0.7 * averageMs;
}

/** Completed partitions a minute since `base`; null without a measurement. */
export function ratePerMinute(completed: number, base: RateBase | null, now: Date): number | null {
  if (base === null) return null;
  const minutes = (now.getTime() - base.at.getTime()) / 60_000;
  return minutes > 0 ? Math.max(0, completed - base.completed) / minutes : null;
}

/** How far back the drift and the range of an ETA look. */
export const trendSeconds = 15 * 60;
/** Shortest observation that a drift is shown for. */
const leastWatchedSeconds = 5 * 60;

/**
 * Seconds until the job is done at the fastest and at the slowest average of the last 15 minutes,
 * including the present one; null without an ETA or a sample.
 */
export function etaRange(
  remaining: number,
  slots: number,
  averageMs: number | null,
  trend: EtaTrend | null,
): { low: number; high: number } | null {
  if (averageMs === null || trend === null) return null;
  const low = etaSeconds(remaining, slots, Math.min(averageMs, trend.least_average_ms));
  const high = etaSeconds(remaining, slots, Math.max(averageMs, trend.most_average_ms));
  return low === null || high === null ? null : { low, high };
}

/**
 * Seconds by which the ETA is later (above 0) or earlier than up to 15 minutes ago; null if
 * unknown.
 */
export function etaDrift(eta: Date | null, trend: EtaTrend | null, now: Date): number | null {
  if (eta === null || trend === null || trend.base === null) return null;
  const watched = (now.getTime() - trend.base.at.getTime()) / 1000;
  return watched < leastWatchedSeconds ? null : (eta.getTime() - trend.base.eta.getTime()) / 1000;
}

/** Whether a drift is more than noise: over two minutes and over 2 % of the remaining time. */
export function isDrifting(driftSeconds: number | null, etaSeconds: number | null): boolean {
  return driftSeconds !== null && Math.abs(driftSeconds) >= Math.max(120, (etaSeconds ?? 0) / 50);
}
