import {
  type EtaTrend,
  etaDrift,
  etaRange,
  etaSeconds,
  progressOf,
  type RateBase,
  ratePerMinute,
  remainingPartitions,
} from '../forecast/eta.ts';
import { type RiskLevel, riskOf } from '../risk/risk.ts';
import { later } from '../time/time.ts';
import { type JobThresholds, thresholdDefaults } from '../triage/thresholds.ts';
import { isJobState, isTerminal } from './state.ts';
import { readStrategy } from './strategy.ts';

/** One row of backfill_jobs, by its columns' names. `state` is a string: a newer program's is kept. */
export type Job = {
  id: string;
  tenant_id: string;
  asset_id: string;
  asset_name: string;
  idempotency_key: string;
  state: string;
  execution_strategy: Record<string, unknown>;
  partition_start: string | null;
  partition_end: string | null;
  total_partitions: number;
  completed_partitions: number;
  failed_partitions: number;
  skipped_partitions: number;
  include_upstream: boolean;
  error_message: string | null;
  created_by: string | null;
  created_at: Date;
  started_at: Date | null;
  completed_at: Date | null;
  heartbeat_at: Date | null;
  paused_at: Date | null;
  version: number;
  checkpoint_partition_key: string | null;
  estimated_completion_at: Date | null;
  avg_partition_duration_ms: number | null;
  parent_job_id: string | null;
  max_upstream_depth: number;
  upstream_job_count: number;
  completed_upstream_jobs: number;
  execution_order: number;
  sla_deadline_at: Date | null;
  priority: number;
};

/** What a job's row does not say, read with it in the same statement. */
export type JobActivity = {
  /** Slots at work on the job, over all hosts: its live leases. */
  lanes: number;
  /** Where the rate is counted from: a sample of the last minutes, or the job's start. */
  rate_base: RateBase | null;
  /** From its samples of the last minutes; null where there are none, and for a job that does not run. */
  eta_trend: EtaTrend | null;
};

/** A job with the figures derived from it; `as_of` is the database's clock, never this machine's. */
export type JobView = Job &
  JobActivity & {
    progress: number;
    remaining_partitions: number;
    rate_per_minute: number | null;
    heartbeat_age_seconds: number | null;
    heartbeat_stale: boolean;
    /** Null where it is not known: nothing completed yet, a stale heartbeat, an ended job, a state of a newer program. */
    eta_seconds: number | null;
    /** The same by the fastest and the slowest average of the last 15 minutes; null where those are not known. */
    eta_low_seconds: number | null;
    eta_high_seconds: number | null;
    /** By how much the ETA has slipped (above 0) or gained in up to 15 minutes; null where that is not known. */
    eta_drift_seconds: number | null;
    waiting_upstream_count: number;
    risk_level: RiskLevel;
    risk_severity: number | null;
  };

export function viewJob(
  job: Job & JobActivity,
  asOf: Date,
  thresholds: JobThresholds = thresholdDefaults,
): JobView {
  const heartbeatAge = ageSeconds(job.heartbeat_at, asOf);
  const remaining = remainingPartitions(job);
  const ended = isTerminal(job.state);
  const eta = etaOf(job, asOf, thresholds);
  const etaAt = eta === null ? null : later(asOf, eta * 1000);
  const range =
    eta === null
      ? null
      : etaRange(remaining, slotsAtWork(job), job.avg_partition_duration_ms, job.eta_trend);
  const risk = ended
    ? endedRisk(job)
    : riskOf(job.sla_deadline_at, etaAt, asOf, thresholds.early_warning);
  return {
    ...job,
    progress: progressOf(job),
    remaining_partitions: remaining,
    rate_per_minute:
      job.state === 'running' ? ratePerMinute(job.completed_partitions, job.rate_base, asOf) : null,
    heartbeat_age_seconds: heartbeatAge,
    heartbeat_stale: isStale(job, asOf, thresholds),
    eta_seconds: eta,
    eta_low_seconds: range?.low ?? null,
    eta_high_seconds: range?.high ?? null,
    eta_drift_seconds: job.state === 'running' ? etaDrift(etaAt, job.eta_trend, asOf) : null,
    waiting_upstream_count: Math.max(0, job.upstream_job_count - job.completed_upstream_jobs),
    risk_level: risk.level,
    risk_severity: risk.severity,
  };
}

/** A running job whose heartbeat is missing or too old to be believed. */
export function isStale(
  job: Pick<Job, 'state' | 'heartbeat_at'>,
  asOf: Date,
  { heartbeat_stale }: Pick<JobThresholds, 'heartbeat_stale'>,
): boolean {
  const age = ageSeconds(job.heartbeat_at, asOf);
  return job.state === 'running' && (age === null || age * 1000 > heartbeat_stale);
}

/** What the ETA of a job is reckoned from. */
export type EtaFacts = Pick<
  Job & JobActivity,
  | 'state'
  | 'heartbeat_at'
  | 'total_partitions'
  | 'completed_partitions'
  | 'failed_partitions'
  | 'skipped_partitions'
  | 'avg_partition_duration_ms'
  | 'execution_strategy'
  | 'lanes'
>;

/** Seconds until the job is done, or null (see `eta_seconds`). */
export function etaOf(
  job: EtaFacts,
  asOf: Date,
  thresholds: Pick<JobThresholds, 'heartbeat_stale'>,
): number | null {
  if (isTerminal(job.state) || !isJobState(job.state)) return null;
  if (isStale(job, asOf, thresholds)) return null;
  return etaSeconds(remainingPartitions(job), slotsAtWork(job), job.avg_partition_duration_ms);
}

/** Lanes on a running job; for one that is not, the slots it would have ("if started now"). */
export function slotsAtWork(
  job: Pick<Job & JobActivity, 'state' | 'lanes' | 'execution_strategy'>,
): number {
  return job.state === 'running' && job.lanes > 0
    ? job.lanes
    : readStrategy(job.execution_strategy).max_parallel;
}

/** An ended job has met its deadline or not; a cancelled one has none any more. */
function endedRisk(job: Job): { level: RiskLevel; severity: null } {
  const deadline = job.sla_deadline_at;
  if (deadline === null || job.state === 'cancelled') return { level: 'none', severity: null };
  const met =
    job.state === 'completed' && job.completed_at !== null && job.completed_at <= deadline;
  return { level: met ? 'on_track' : 'breached', severity: null };
}

function ageSeconds(at: Date | null, asOf: Date): number | null {
  return at === null ? null : Math.max(0, (asOf.getTime() - at.getTime()) / 1000);
}
