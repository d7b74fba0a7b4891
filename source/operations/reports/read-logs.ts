import type { Database, Query } from '../../database/database.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { readJob } from '../../database/queries/read-job.ts';
import { readLogs } from '../../database/queries/read-logs.ts';
import { partitionStates } from '../../database/queries/retry-partitions.ts';
import { shortId } from '../../domain/job/reference.ts';
import { isTerminal } from '../../domain/job/state.ts';
import type { AttemptLog } from '../../domain/partition/attempt-log.ts';
import { ServoError } from '../../errors.ts';
import { noSuchJob } from '../jobs/get-job.ts';

type LogList = { as_of: Date; tenant_id: string; job_id: string; logs: AttemptLog[] };

/**
 * The output of the newest attempt of each partition, or of one; the latest last.
 * @throws ServoError not_found for an unknown job or partition
 */
export function listLogs(
  db: Database,
  tenant: string,
  job: string,
  which: { key: string | null; limit: number },
): Promise<LogList> {
  return db.read(tenant, async (query) => {
    if (which.key !== null) {
      const [partition] = await partitionStates(query, tenant, job, [which.key]);
      if (partition === undefined) {
        const message = `job ${shortId(job)} has no partition ${which.key}`;
        throw new ServoError('not_found', message, {
          hint: `see: servo-tui status ${shortId(job)}`,
        });
      }
    }
    const as_of = await readClock(query);
    const logs = await readLogs(query, tenant, job, which);
    return { as_of, tenant_id: tenant, job_id: job, logs };
  });
}

/** A row may become visible this long after its own timestamp. */
const commitDelayMs = 10_000;
const page = 200;
/**
 * Outputs (at most 64 KiB) kept for comparison, besides those read again within `commitDelayMs`: a
 * follower must not grow with the job.
 */
const maxReturned = 5 * page;

/** Returns the new outputs at each call; of one that has grown since, only what was added. */
export class LogFollower {
  readonly #db: Database;
  readonly #tenant: string;
  readonly #job: string;
  readonly #key: string | null;
  readonly #returned = new Map<string, AttemptLog>();
  #since: Date | null = null;

  constructor(db: Database, tenant: string, job: string, key: string | null) {
    this.#db = db;
    this.#tenant = tenant;
    this.#job = job;
    this.#key = key;
  }

  /** The first call returns the newest `first`. `ended`: the job has ended, without new output. */
  async next(first: number): Promise<LogList & { ended: boolean }> {
    const [as_of, state, found] = await this.#db.read(this.#tenant, async (query) => {
      const job = await readJob(query, this.#tenant, this.#job);
      if (job === null) throw noSuchJob(this.#job);
      return [await readClock(query), job.state, await this.#read(query, first)] as const;
    });
    const since = new Date(as_of.getTime() - commitDelayMs);
    const logs = found.flatMap((log) => {
      const before = this.#returned.get(log.partition_key);
      this.#returned.delete(log.partition_key);
      this.#returned.set(log.partition_key, log);
      if (before?.attempt !== log.attempt) return [log];
      if (before.output === log.output) return [];
      const grown = log.output.startsWith(before.output);
      return [grown ? { ...log, output: log.output.slice(before.output.length) } : log];
    });
    for (const [key, { at }] of this.#returned) {
      if (this.#returned.size <= maxReturned) break;
      if (at < since) this.#returned.delete(key);
    }
    this.#since = since;
    const ended = isTerminal(state) && logs.length === 0;
    return { as_of, tenant_id: this.#tenant, job_id: this.#job, logs, ended };
  }

  /** The newest `first` at the first call, then everything written since, in pages. */
  async #read(query: Query, first: number): Promise<AttemptLog[]> {
    const which = { key: this.#key, since: this.#since };
    if (which.since === null)
      return readLogs(query, this.#tenant, this.#job, { ...which, limit: first });
    const found: AttemptLog[] = [];
    for (let after: string | null = null; ; ) {
      const next = { ...which, limit: page, after };
      const logs: AttemptLog[] = await readLogs(query, this.#tenant, this.#job, next);
      found.push(...logs);
      if (logs.length < page)
        return found.sort((one, other) => one.at.getTime() - other.at.getTime());
      after = logs.at(-1)!.partition_key;
    }
  }
}
