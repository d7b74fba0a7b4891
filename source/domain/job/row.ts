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
  running_slots: number;
  /** It runs under the claim of one of our executors: its leases tell what is running of it. */
  ours: boolean;
  /** Its last attempts failed with the same permanent error. */
  failing: boolean;
  /** Where the rate is counted from: a sample of the last minutes, or the job's start. */
  rate_base: RateBase | null;
  /** From its samples of the last minutes; null where there are none, and for a job that does not run. */
  eta_trend: EtaTrend | null;
};

/** Where a rate is counted from: what was complete then. */
export type RateBase = { at: Date; completed: number };

/** What a running job's samples of the last 15 minutes say of its ETA. */
export type EtaTrend = {
  /** Their oldest ETA, and when it was expected so; null where none had one. */
  base: { at: Date; eta: Date } | null;
  /** The lowest and the highest of their averages, in milliseconds. */
  least_average_ms: number;
  most_average_ms: number;
};
