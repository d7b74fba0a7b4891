import type { Database } from '../../database/database.ts';
import { setHoldReason } from '../../database/queries/executor-calls.ts';
import { readFinished } from '../../database/queries/read-finished.ts';
import { readHealth } from '../../database/queries/read-health.ts';
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
} from '../../domain/executor/throttle.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import { actOnJob } from '../../operations/act/act-on-job.ts';
import { Duty } from '../duty.ts';
import type { Timings } from '../settings.ts';

type ThrottlePorts = {
  database: Database;
  tenants: readonly string[];
  timings: Timings;
  log: Log;
  owner: string;
  health: HealthLimits;
  hostReason(): string | null;
  /** Null: no job is paused automatically. */
  failures: FailureLimit | null;
  jobs(): Iterable<readonly [tenant: string, jobs: string[]]>;
  onChange(): void;
};

/** Throttles while the database is unhealthy; auto-pauses a job if most partitions fail. */
export class Throttle extends Duty {
  readonly #ports: ThrottlePorts;
  #reason: string | null = null;
  #signals: HealthSignal[] = [];
  #recorded = false;
  /** The progress of each job from which its failures are counted. */
  #bases = new Map<string, Progress>();

  constructor(ports: ThrottlePorts) {
    super({ name: 'throttle', every: ports.timings.poll, log: ports.log });
    this.#ports = ports;
  }

  get reason(): string | null {
    return this.#reason;
  }

  get signals(): readonly HealthSignal[] {
    return this.#signals;
  }

  protected override async round(): Promise<undefined> {
    for (const check of [() => this.#checkDatabase(), () => this.#checkJobs()]) {
      await check().catch((error) =>
        this.#ports.log.debug(`throttle check failed, trying again: ${messageOf(error)}`),
      );
    }
  }

  async #checkDatabase(): Promise<void> {
    const { database, health, hostReason, log } = this.#ports;
    const seen = await readHealth(database);
    const reason = hostReason() ?? holdReason(seen, health);
    const changed = (reason === null) !== (this.#reason === null);
    this.#reason = reason;
    this.#signals = exceeded(seen, health);
    if (changed && reason === null) log.info('hold ended: claiming again');
    if (changed && reason !== null) log.warn(`hold: not claiming: ${reason}`);
    if (this.#recorded === (reason !== null)) return;
    // Until it has worked: a database that is not well may not take it.
    await this.#record(reason);
    this.#recorded = reason !== null;
  }

  async #record(reason: string | null): Promise<void> {
    const { database, tenants, owner, onChange } = this.#ports;
    for (const tenant of tenants)
      await setHoldReason(database, { tenant, executor: owner }, reason);
    onChange();
  }

  async #checkJobs(): Promise<void> {
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
