import { type RiskLevel, riskOf } from '../risk/risk.ts';
import { type BufferFit, bufferFit, bufferOf, type Tier, tierOf } from '../risk/tier.ts';
import { later } from '../time/time.ts';
import { etaSeconds } from './eta.ts';

/** One of an asset's jobs that have ended. */
export type PastJob = {
  id: string;
  state: string;
  completed_at: Date;
  total_partitions: number;
  completed_partitions: number;
  failed_partitions: number;
  avg_partition_duration_ms: number | null;
};

/** A key of the new job as it went in the past ones. */
export type WorstKey = {
  partition_key: string;
  slowest_ms: number | null;
  /** Of the past jobs, those in which it failed for good. */
  failed: number;
};

export type History = {
  /** The newest first. */
  past_jobs: PastJob[];
  /** Among the new job's keys: what failed most, then what took longest. */
  worst_keys: WorstKey[];
  /** Of partitions that failed for good, the commonest first. */
  errors: { error_message: string | null; count: number }[];
};

/** What a new job may be expected to take, from its asset's last jobs. Null figures: none of them completed a partition. */
export type Forecast = History & {
  /** Slots that it would have now: its parallelism, as far as executors have handlers for it. */
  slots: number;
  average_ms: number | null;
  duration_seconds: number | null;
  /** The same by the fastest and the slowest of the past jobs. */
  low_seconds: number | null;
  high_seconds: number | null;
  finish_at: Date | null;
  sla_tier: Tier;
  sla_buffer: number | null;
  sla_buffer_fit: BufferFit | null;
  risk_level: RiskLevel;
};

type NewJob = { total_partitions: number; priority: number; sla_deadline_at: Date | null };

/**
 * The expected duration: ceil(partitions ÷ slots) × the average of the past jobs, each weighed by what it completed.
 * @param handled slots with a handler for the asset; 0 where no executor has one: then its whole parallelism counts
 */
export function forecastOf(
  job: NewJob,
  maxParallel: number,
  handled: number,
  history: History,
  now: Date,
  earlyWarningMs = 0,
): Forecast {
  const measured = history.past_jobs.flatMap(({ avg_partition_duration_ms: ms, ...one }) =>
    ms === null || one.completed_partitions === 0 ? [] : [{ ms, count: one.completed_partitions }],
  );
  const count = measured.reduce((sum, one) => sum + one.count, 0);
  const average =
    count === 0 ? null : measured.reduce((sum, one) => sum + one.ms * one.count, 0) / count;
  const averages = measured.map(({ ms }) => ms);
  const slots = handled > 0 ? Math.min(maxParallel, handled) : maxParallel;
  const seconds = (ms: number | null) => etaSeconds(job.total_partitions, slots, ms);
  const duration = seconds(average);
  const finish_at = duration === null ? null : later(now, duration * 1000);
  const deadline = job.sla_deadline_at;
  const buffer = finish_at && deadline ? bufferOf(now, finish_at, deadline) : null;
  const sla_tier = tierOf(job.priority);
  return {
    ...history,
    slots,
    average_ms: average,
    duration_seconds: duration,
    low_seconds: average === null ? null : seconds(Math.min(...averages)),
    high_seconds: average === null ? null : seconds(Math.max(...averages)),
    finish_at,
    sla_tier,
    sla_buffer: buffer,
    sla_buffer_fit: buffer === null ? null : bufferFit(sla_tier, buffer),
    risk_level: riskOf(deadline, finish_at, now, earlyWarningMs).level,
  };
}
