import type { Database } from '../../database/database.ts';
import type { Candidate } from '../../database/queries/find-work.ts';
import type { ModuleThreads } from '../../handlers/module-threads.ts';
import type { Log } from '../../observability/log.ts';
import type { Ending, Meter } from '../../observability/meter.ts';
import type { LossReporter } from '../attempts/loss-reporter.ts';
import type { Timings } from '../settings.ts';
import type { Outages } from './outages.ts';

/** What work on jobs needs of its executor. */
export type JobPorts = {
  owner: string;
  /** For batches; and, apart from them, one connection for each slot that runs SQL. */
  pools: { batches: Database; handlers: Database };
  threads: ModuleThreads;
  losses: LossReporter;
  timings: Timings;
  log: Log;
  meter: Meter;
  outages: Outages;
  /** Permanent failures of one kind in a row after which a job is paused; null: never. */
  pause_at: number | null;
  /** False while the executor drains or has lost the database: nothing new is started. */
  mayStart(): boolean;
};

/** What a job's runner tells and asks the claimer, which shares the slots out. */
export type RunnerEvents = {
  /**
   * Whether a slot of this job is to be given up, to a job of higher rank or to another tenant.
   * Asked at a partition boundary, until it says so: each yes counts.
   */
  yields(job: Candidate): boolean;
  onEnded(job: Candidate, how: Ending): void;
  onRoom(job: string): void;
  /** Slots are free, or the work has ended; `wait_ms`: how long the job has nothing to do. */
  onFree(job: string, wait_ms: number | null): void;
};
