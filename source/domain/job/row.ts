import type { JobForecast } from '../forecast/job-forecast.ts';

/**
 * A row of backfill_jobs, by column names. `state` is a string: a newer program may write others.
 */
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

export type JobActivity = {
  running_slots: number;
  /** Claimed by an executor of this program: its leases show what runs. */
  ours: boolean;
  failing: boolean;
  /** Where the rate is counted from: a sample of the last minutes, or the job's start. */
  rate_base: RateBase | null;
  /** From samples of the last minutes; null without any, and for a job that does not run. */
  eta_trend: EtaTrend | null;
  /** As an executor has stored it; null: there is none. */
  forecast: StoredForecast | null;
};

/** A forecast, and when it was last confirmed. */
export type StoredForecast = Omit<JobForecast, 'job_id'> & { computed_at: Date };

export type RateBase = { at: Date; completed: number };

/** A running job's ETA in its samples of the last 15 minutes. */
export type EtaTrend = {
  /** The oldest ETA with its time; null without one. */
  base: { at: Date; eta: Date } | null;
  /** Lowest and highest average, in milliseconds. */
  least_average_ms: number;
  most_average_ms: number;
};
