import type { JobView } from './job.ts';

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

/** Failures whose messages differ only in figures and ids. */
export type FailureKind = {
  count: number;
  /** The first in key order, at most 20; messages are cut at 500 characters. */
  partitions: FailedPartition[];
};

export type SlowPartition = {
  partition_key: string;
  duration_ms: number;
  attempt_count: number;
  completed_at: Date | null;
};

/** Durations of the partitions completed last, in milliseconds. */
export type Durations = {
  /** Partitions measured, at most 10,000. */
  count: number;
  p50_ms: number | null;
  p95_ms: number | null;
  /** The longest first, at most 20. */
  slowest: SlowPartition[];
};

export type RelatedJob = {
  id: string;
  /** The nearer job of the tree it is related to. */
  to: string;
  /** 1: directly related. */
  depth: number;
  /** Null: it was deleted. */
  job: JobView | null;
};

export type DownstreamAsset = {
  id: string;
  name: string;
  owner: string | null;
  depth: number;
  /** Its unfinished jobs, at most 20. */
  jobs: { id: string; state: string }[];
};

export type JobExecutor = {
  id: string;
  partitions: number;
  slots: number;
  /** Start of its oldest running attempt. */
  since: Date | null;
  /** Its last sign of life; null: not registered (an external writer). */
  seen_at: Date | null;
  draining: boolean;
  lost: boolean;
};

export type JobInsight = {
  /** The newest last, at most 120. */
  samples: Sample[];
  /** The most frequent first, at most 50 kinds of 10,000 failures. */
  failures: FailureKind[];
  durations: Durations;
  /** At most 100 each, in the order of the tree. */
  upstreams: RelatedJob[];
  waiting: RelatedJob[];
  /** The nearest first, at most 100. */
  assets: DownstreamAsset[];
  executors: JobExecutor[];
};
