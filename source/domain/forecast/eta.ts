import type { Job } from '../job/job.ts';

type Counted = Pick<
  Job,
  'total_partitions' | 'completed_partitions' | 'failed_partitions' | 'skipped_partitions'
>;

export function remainingPartitions(job: Counted): number {
  const done = job.completed_partitions + job.failed_partitions + job.skipped_partitions;
  return Math.max(0, job.total_partitions - done);
}

/**
 * completed ÷ total, 0..1 (backfill-operations, "Key metrics to monitor"): what failed or was skipped is not done.
 * A job of none is at 0.
 */
export function progressOf(job: Counted): number {
  if (job.total_partitions <= 0) return 0;
  return Math.min(1, Math.max(0, job.completed_partitions) / job.total_partitions);
}

/**
 * Seconds until the job is done: ceil(remaining ÷ slots at work) × average. Null until one partition
 * has completed (backfill-operations, "ETA Not Updating").
 */
export function etaSeconds(
  remaining: number,
  slots: number,
  averageMs: number | null,
): number | null {
  // An average below zero is nobody's measurement.
  if (averageMs === null || averageMs < 0) return null;
  return (Math.ceil(remaining / Math.max(1, slots)) * averageMs) / 1000;
}

/** Exponentially weighted moving average, alpha 0.3, rounded as the column stores it. */
export function nextAverage(averageMs: number | null, durationMs: number): number {
  return averageMs === null ? durationMs : 0.3 * durationMs + 0.7 * averageMs;
}

export type RateBase = { at: Date; completed: number };

/** Completed partitions a minute since `base`, or null where nothing has been measured yet. */
export function ratePerMinute(completed: number, base: RateBase | null, now: Date): number | null {
  if (base === null) return null;
  const minutes = (now.getTime() - base.at.getTime()) / 60_000;
  return minutes > 0 ? Math.max(0, completed - base.completed) / minutes : null;
}

/** How far back the ETA's drift and range look. */
export const trendSeconds = 15 * 60;
/** A drift is not told before it has been watched for so long. */
const leastWatchedSeconds = 5 * 60;

/** What a running job's samples of the last 15 minutes say of its ETA. */
export type EtaTrend = {
  /** Their oldest ETA, and when it was expected so; null where none had one. */
  base: { at: Date; eta: Date } | null;
  /** The lowest and the highest of their averages, in milliseconds. */
  least_average_ms: number;
  most_average_ms: number;
};

/**
 * Seconds until the job is done if its partitions take as long as the fastest and as the slowest average of the last
 * 15 minutes, the present one among them; null where there is no ETA or no sample.
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

/** By how many seconds the ETA is later (above 0) or earlier than it was up to 15 minutes ago; null where that is not known. */
export function etaDrift(eta: Date | null, trend: EtaTrend | null, now: Date): number | null {
  if (eta === null || trend === null || trend.base === null) return null;
  const watched = (now.getTime() - trend.base.at.getTime()) / 1000;
  return watched < leastWatchedSeconds ? null : (eta.getTime() - trend.base.eta.getTime()) / 1000;
}

/** Whether a drift is more than an average's unrest: two minutes, and a fiftieth of what is left. */
export function isDrifting(driftSeconds: number | null, etaSeconds: number | null): boolean {
  return driftSeconds !== null && Math.abs(driftSeconds) >= Math.max(120, (etaSeconds ?? 0) / 50);
}
