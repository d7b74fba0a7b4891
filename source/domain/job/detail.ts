import type { Dialog } from './dialog.ts';
import type { FailedPartition, JobInsight } from './insight.ts';
import type { JobView } from './job.ts';

export const partitionStates = ['pending', 'running', 'completed', 'failed', 'skipped'] as const;
export type PartitionState = (typeof partitionStates)[number];

export type KeyBounds = { first_key: string; last_key: string };

export type PartitionBucket = KeyBounds &
  Record<PartitionState, number> & {
    /** Pending ones with an earlier attempt. */
    retry?: number;
  };

export type OpenPartition = {
  partition_key: string;
  state: PartitionState;
  attempt_count: number;
  lease_owner: string | null;
  started_at: Date | null;
  available_at: Date | null;
  error_message: string | null;
};

export type JobEvent = {
  id: number;
  job_id: string;
  partition_key: string | null;
  /**
   * `state` for a transition of the job; else what happened to an attempt: failed, retried, lost,
   * released …
   */
  kind: string;
  from_state: string | null;
  to_state: string | null;
  /** Any text, as given by --actor. */
  actor: string;
  login: string;
  reason: string | null;
  at: Date;
};

export type EventList = { as_of: Date; tenant_id: string; events: JobEvent[] };

export type JobDetail = {
  as_of: Date;
  tenant_id: string;
  job: JobView;
  /** In key order; empty for a job without partition rows. */
  map: PartitionBucket[];
  /** Requested parts of an earlier map, as they are now. */
  changed: PartitionBucket[];
  insight: JobInsight | null;
  /** Failed for good, in key order, at most 100. */
  failed: FailedPartition[];
  /** Running or between attempts, in key order, at most 20. */
  open: OpenPartition[];
  /** The newest first, at most 50. */
  events: JobEvent[];
  /** Ids (host:pid:random) of executors with a lease on the job. */
  executors: string[];
  dialogs: Dialog[];
};

export type JobList = {
  as_of: Date;
  tenant_id: string;
  jobs: JobView[];
  truncated: boolean;
  /** Jobs of the tenant by state, each count capped at 1,000; states without jobs are absent. */
  counts: Partial<Record<string, number>>;
};

export type ActionResult = {
  id: string;
  result: 'applied' | 'skipped' | 'failed';
  state: string | null;
  version: number | null;
  message: string;
  /** Skipped because an earlier run of the same plan did it. */
  already?: boolean;
  /** The job that continues it, if that is a new one: a retry of an ended job, a recreation. */
  new_job_id?: string | null;
  retried_partitions?: number;
  retried_keys?: string[];
};
