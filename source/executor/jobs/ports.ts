import type { Database } from '../../database/database.ts';
import type { Candidate } from '../../database/queries/find-work.ts';
import type { ModuleThreads } from '../../handlers/module-threads.ts';
import type { Log } from '../../observability/log.ts';
import type { Ending, Meter } from '../../observability/meter.ts';
import type { LossReporter } from '../attempts/loss-reporter.ts';
import type { Timings } from '../settings.ts';
import type { Outages } from './outages.ts';

/** What runners need from their executor. */
export type JobPorts = {
  owner: string;
  /** `handlers` has one connection for each slot that runs SQL. */
  pools: { batches: Database; handlers: Database };
  threads: ModuleThreads;
  losses: LossReporter;
  timings: Timings;
  log: Log;
  meter: Meter;
  outages: Outages;
  /** Consecutive permanent failures of one kind that pause a job; null: never. */
  pause_at: number | null;
  /** False while nothing may be started: draining, or without the database. */
  mayStart(): boolean;
};

/** Events from a job's runner to the claimer, which assigns slots. */
export type RunnerEvents = {
  /**
   * Whether this job must release a slot to a job of higher rank or another tenant. Called at a
   * partition boundary until it returns true; each true counts as one slot.
   */
  yields(job: Candidate): boolean;
  onEnded(job: Candidate, how: Ending): void;
  onRoom(job: string): void;
  /** Slots are free, or the runner is idle; `wait_ms`: how long the job has nothing to run. */
  onFree(job: string, wait_ms: number | null): void;
};
