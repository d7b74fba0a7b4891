import type { Durations } from './durations.ts';

/** A slot that runs a partition. */
export type BusySlot = {
  executor: string;
  /** Since when, in milliseconds before the snapshot. */
  elapsed_ms: number;
};

/** A job that has not ended, with everything that decides when it runs. */
export type SnapshotJob = {
  id: string;
  asset_name: string;
  state: string;
  priority: number;
  execution_order: number;
  sla_deadline_at: Date | null;
  created_at: Date;
  /** Not finished, with those that run. */
  remaining: number;
  /** 1 after permanent failures, until a partition completes. */
  max_parallel: number;
  /** On executors that are alive. */
  slots: readonly BusySlot[];
  /** Null: neither it nor an earlier job of its asset has run a partition. */
  durations: Durations | null;
  /**
   * Partitions of `remaining` that cannot be claimed yet, and when the first and the last can:
   * backing off, snoozed, or leased by an executor that is silent. Milliseconds after the snapshot.
   */
  later: { count: number; first_ms: number; last_ms: number } | null;
  /** Jobs that it waits for and that have not ended. */
  upstreams: readonly string[];
  /** Another program runs it: it needs no slot of ours. */
  external: boolean;
};

/** An executor that is alive. */
export type ExecutorSlots = {
  id: string;
  /** Slots that this tenant may use: all, or its share. */
  slots: number;
  /** Assets that it can run, without those whose handler has an outage. */
  assets: readonly string[];
  /** It starts nothing: on hold, or draining. */
  closed: boolean;
};

export type LimitedJobs = {
  max_running: number;
  /** The assets that it counts; null: all. */
  assets: readonly string[] | null;
};

/** All that the forecast knows of one tenant, read at one moment of the database's clock. */
export type Snapshot = {
  as_of: Date;
  executors: readonly ExecutorSlots[];
  limits: readonly LimitedJobs[];
  jobs: readonly SnapshotJob[];
};
