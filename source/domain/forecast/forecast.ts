import { type RiskLevel, riskOf } from '../risk/risk.ts';
import { type BufferFit, bufferFit, bufferOf, type Tier, tierOf } from '../risk/tier.ts';
import { later } from '../time/time.ts';
import { etaSeconds } from './eta.ts';

export type PastJob = {
  id: string;
  state: string;
  completed_at: Date;
  total_partitions: number;
  completed_partitions: number;
  failed_partitions: number;
  avg_partition_duration_ms: number | null;
};

export type WorstKey = {
  partition_key: string;
  slowest_ms: number | null;
  /** Past jobs in which it failed permanently. */
  failed: number;
};

export type History = {
  past_jobs: PastJob[];
  /** Of the new job's keys: most failures first, then the slowest. */
  worst_keys: WorstKey[];
  /** Of partitions that failed permanently, the most frequent first. */
  errors: { error_message: string | null; count: number }[];
};

/**
 * What a new job is expected to take, from its asset's last jobs. Figures are null if none of them
 * completed a partition.
 */
export type Forecast = History & {
  /** Slots it would have now: its max parallel, limited by the slots with a handler. */
  slots: number;
  average_ms: number | null;
  duration_seconds: number | null;
  /** At the averages of the fastest and of the slowest past job. */
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
 * ceil(partitions ÷ slots) × the average of the past jobs, weighted by completed partitions.
 * @param simulated when the simulation of all jobs expects its end; null: unknown
 * @param handled slots with a handler for the asset; 0: no executor has one, max parallel counts
 */
export function forecastOf(
  job: NewJob,
  maxParallel: number,
  handled: number,
  history: History,
  now: Date,
  earlyWarningMs = 0,
  simulated: Date | null = null,
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
  const finish_at = simulated ?? (duration === null ? null : later(now, duration * 1000));
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
