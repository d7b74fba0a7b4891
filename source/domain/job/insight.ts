import type { JobView } from './job.ts';

/** A row of backfill_samples: what a moving job had done by then. */
export type Sample = {
  at: Date;
  completed: number;
  failed: number;
  avg_partition_duration_ms: number | null;
  estimated_completion_at: Date | null;
};

export type FailedPartition = {
  partition_key: string;
  attempt_count: number;
  failure_count: number;
  error_message: string | null;
  completed_at: Date | null;
};

/** Failures whose messages differ in figures and ids only. */
export type FailureKind = {
  count: number;
  /** The first of them in key order, at most 20; messages are cut at 500 characters. */
  partitions: FailedPartition[];
};

export type SlowPartition = {
  partition_key: string;
  duration_ms: number;
  attempt_count: number;
  completed_at: Date | null;
};

/** How long the partitions took that were completed last, in milliseconds. */
export type Durations = {
  /** How many were looked at: at most 10,000. */
  count: number;
  p50_ms: number | null;
  p95_ms: number | null;
  /** The longest first, at most 20. */
  slowest: SlowPartition[];
};

/** A job that this one waits for, or that waits for it. */
export type RelatedJob = {
  id: string;
  /** The job of the tree that it is related to: this job, or one that is nearer to it. */
  to: string;
  /** 1 for what is directly related. */
  depth: number;
  /** Null for one that was deleted. */
  job: JobView | null;
};

/** An asset that is made from this one, directly (1) or through others. */
export type DownstreamAsset = {
  id: string;
  name: string;
  owner: string | null;
  depth: number;
  /** Its jobs that have not ended, at most 20. */
  jobs: { id: string; state: string }[];
};

/** An executor at work on the job. */
export type JobExecutor = {
  id: string;
  /** Partitions that it runs, and slots that it has given to them. */
  partitions: number;
  slots: number;
  /** Since when it runs the oldest of them. */
  since: Date | null;
  /** Its last sign of life; null for one that is not registered (another program's). */
  seen_at: Date | null;
  draining: boolean;
  lost: boolean;
};

/** What is read of a job less often than the rest: it moves slowly, or costs more. */
export type JobInsight = {
  /** The newest last, at most 120. */
  samples: Sample[];
  /** The most frequent first, at most 50 kinds of 10,000 failures. */
  failures: FailureKind[];
  durations: Durations;
  /** What it waits for and what waits for it, at most 100 each, in the order of the tree. */
  upstreams: RelatedJob[];
  waiting: RelatedJob[];
  /** The nearest first, at most 100. */
  assets: DownstreamAsset[];
  executors: JobExecutor[];
};
