import type { Candidate, JobProgress } from '../../database/queries/find-work.ts';
import type { Log } from '../../observability/log.ts';

const leastPauseMs = 10_000;

/** Logs the progress of jobs: the runbook looks for the word "progress" ("ETA Not Updating"). */
export class ProgressLog {
  readonly #log: Log;
  readonly #now: () => number;
  /** The last line of each job; `done` is null once its work was dropped. */
  readonly #told = new Map<string, { at: number; done: number | null }>();

  /** @param now a monotonic clock, in milliseconds */
  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** Logs at most one line for a job in 10 s, and none without progress. */
  update({ id, asset_name: asset }: Pick<Candidate, 'id' | 'asset_name'>, progress: JobProgress) {
    const { total_partitions, completed_partitions, failed_partitions } = progress;
    const done = completed_partitions + failed_partitions;
    const last = this.#told.get(id);
    const now = this.#now();
    if (last !== undefined && (now - last.at < leastPauseMs || last.done === done)) return;
    this.#told.set(id, { at: now, done });
    const failed = failed_partitions > 0 ? `, ${failed_partitions} failed` : '';
    this.#log.info(
      { job_id: id, asset, total_partitions, completed_partitions, failed_partitions },
      `progress: ${completed_partitions} of ${total_partitions} partitions${failed}`,
    );
  }

  /** The job is not run here any more. If it is again, the 10 s continue. */
  drop(id: string): void {
    const now = this.#now();
    const last = this.#told.get(id);
    if (last !== undefined) last.done = null;
    for (const [job, { at, done }] of this.#told)
      if (done === null && now - at >= leastPauseMs) this.#told.delete(job);
  }
}
