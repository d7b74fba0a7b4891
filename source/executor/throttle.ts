import type { Database } from '../database/database.ts';
import { readFinished } from '../database/queries/read-finished.ts';
import { readHealth } from '../database/queries/read-health.ts';
import {
  claimBase,
  exceeded,
  type FailureLimit,
  finishedSince,
  type HealthLimits,
  type HealthSignal,
  holdReason,
  type Progress,
  pauseReason,
} from '../domain/executor/throttle.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import { actOnJob } from '../operations/act/act-on-job.ts';
import { Loop } from './loop.ts';
import { jittered, type Timings } from './settings.ts';

export type ThrottlePorts = {
  database: Database;
  timings: Timings;
  log: Log;
  owner: string;
  health: HealthLimits;
  /** What this host is out of, or null. */
  host(): string | null;
  /** Null: no job is auto-paused. */
  failures: FailureLimit | null;
  /** Ids of the jobs at work, by tenant. */
  jobs(): Iterable<readonly [tenant: string, jobs: string[]]>;
  /** Held now for this reason, or, with null, not any more. */
  held(reason: string | null): Promise<void>;
};

/** Holds claiming while the database is unhealthy, and pauses a job whose partitions mostly fail; both say why. */
export class Throttle {
  readonly #ports: ThrottlePorts;
  readonly #loop: Loop;
  #reason: string | null = null;
  #signals: HealthSignal[] = [];
  /** Whether it is on record that claiming is held. */
  #told = false;
  /** By job: from where its failures count. */
  #bases = new Map<string, Progress>();

  constructor(ports: ThrottlePorts) {
    this.#ports = ports;
    this.#loop = new Loop(() => this.#round());
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** The host's state has changed. */
  wake(): void {
    this.#loop.wake();
  }

  /** Why nothing new is started, or null. */
  get reason(): string | null {
    return this.#reason;
  }

  get signals(): readonly HealthSignal[] {
    return this.#signals;
  }

  async #round(): Promise<number> {
    const { timings, log } = this.#ports;
    for (const duty of [() => this.#judgeDatabase(), () => this.#judgeJobs()]) {
      await duty().catch((error) =>
        log.debug(`cannot judge the load, trying again: ${messageOf(error)}`),
      );
    }
    return jittered(timings.poll);
  }

  async #judgeDatabase(): Promise<void> {
    const { database, health, host, log, held } = this.#ports;
    const seen = await readHealth(database);
    const reason = host() ?? holdReason(seen, health);
    const changed = (reason === null) !== (this.#reason === null);
    this.#reason = reason;
    this.#signals = exceeded(seen, health);
    if (changed && reason === null) log.info('claiming goes on: what it was held for is over');
    if (changed && reason !== null) log.warn(`claiming is held: ${reason}`);
    if (this.#told === (reason !== null)) return;
    // By itself, and until it has worked: a database that is not well may not take it.
    await held(reason);
    this.#told = reason !== null;
  }

  async #judgeJobs(): Promise<void> {
    const { database, failures, owner, log } = this.#ports;
    if (failures === null) return;
    const bases = new Map<string, Progress>();
    for (const [tenant, jobs] of this.#ports.jobs()) {
      const running = await database.read(tenant, (query) => readFinished(query, tenant, jobs));
      for (const { id, progress, lately } of running) {
        const base = claimBase(this.#bases.get(id), progress);
        bases.set(id, base);
        const reason = pauseReason(finishedSince(base, progress, lately), failures);
        if (reason === null) continue;
        const { result } = await actOnJob(
          database,
          { tenant, actor: owner, reason },
          { action: 'pause', id, seen: { state: 'running' } },
        );
        if (result === 'applied') log.warn({ job_id: id }, reason);
      }
    }
    this.#bases = bases;
  }
}
