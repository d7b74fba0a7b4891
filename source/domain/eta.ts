import type { Job } from './job.ts';

/** Heartbeats older than this make a job reclaimable (backfill-operations, "Job Stuck with Stale Heartbeat"). */
export const staleHeartbeatSeconds = 120;

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
  if (averageMs === null) return null;
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
