import type { Dialog } from './dialog.ts';
import type { JobInsight } from './insight.ts';
import type { JobView } from './job.ts';

export const partitionStates = ['pending', 'running', 'completed', 'failed', 'skipped'] as const;
export type PartitionState = (typeof partitionStates)[number];

/** A run of neighbouring partitions in key order, both ends included. */
export type KeyBounds = { first_key: string; last_key: string };

/** How many partitions of a run are in each state. */
export type PartitionBucket = KeyBounds &
  Record<PartitionState, number> & {
    /** Those of the pending ones that have been tried before. */
    retry?: number;
  };

export type FailedPartition = {
  partition_key: string;
  attempt_count: number;
  failure_count: number;
  error_message: string | null;
  completed_at: Date | null;
};

/** A partition that an executor holds now, or that waits for its next attempt. */
export type OpenPartition = {
  partition_key: string;
  state: PartitionState;
  attempt_count: number;
  lease_owner: string | null;
  started_at: Date | null;
  available_at: Date | null;
  error_message: string | null;
};

/** One line of the journal, backfill_events. */
export type JobEvent = {
  id: number;
  job_id: string;
  partition_key: string | null;
  /** `state` for a job's transition; else what befell an attempt: failed, retried, lost, released … */
  kind: string;
  from_state: string | null;
  to_state: string | null;
  /** Who says so. Any text, as given by --actor. */
  actor: string;
  /** The role that was logged in, by the database. */
  login: string;
  reason: string | null;
  at: Date;
};

/** A piece of the journal, the oldest first. */
export type EventList = { as_of: Date; tenant_id: string; events: JobEvent[] };

/** Everything that the job screen and `status` show about one job. */
export type JobDetail = {
  as_of: Date;
  tenant_id: string;
  job: JobView;
  /** In key order, at most as many as were asked for; empty for a job without partition rows. */
  map: PartitionBucket[];
  /** The parts of an earlier map that were asked for, as they are now. */
  changed: PartitionBucket[];
  /** Null where it was not asked for. */
  insight: JobInsight | null;
  /** Failed for good, in key order, at most 100. */
  failed: FailedPartition[];
  /** Running or between attempts, in key order, at most 20. */
  open: OpenPartition[];
  /** The newest first, at most 50. */
  events: JobEvent[];
  /** Ids (host:pid:random) of the executors that hold a lease on the job. */
  executors: string[];
  /** Dialogs that are open on it at consoles, the oldest first. */
  dialogs: Dialog[];
};

/** The job table. */
export type JobList = {
  as_of: Date;
  tenant_id: string;
  jobs: JobView[];
  /** More jobs matched than were asked for. */
  truncated: boolean;
  /** Jobs of the tenant by state, each count capped at 1,000; states without jobs are absent. */
  counts: Partial<Record<string, number>>;
};

/** What became of one job under an operator's action. */
export type ActionResult = {
  id: string;
  result: 'applied' | 'skipped' | 'failed';
  state: string | null;
  version: number | null;
  message: string;
  /** Skipped, because an earlier run of the same plan has done it. */
  already?: boolean;
  /** The job in which it goes on, where that is a new one: after a retry of an ended job, and a recreation. */
  new_job_id?: string | null;
  /** Partitions that a retry tries again, and the keys of the first 1,000. */
  retried_partitions?: number;
  retried_keys?: string[];
};
