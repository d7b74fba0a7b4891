import type { Database } from '../database/database.ts';
import {
  declareDead,
  type Rescued,
  recountJob,
  rescueJob,
} from '../database/queries/executor-calls.ts';
import { type Duty, findDuties } from '../database/queries/find-work.ts';
import { finalizeJob } from '../database/queries/finalize-job.ts';
import { finalizeWaiting } from '../database/queries/upstreams.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import { Loop } from './loop.ts';
import { jittered, type Timings } from './settings.ts';

export type RescuerPorts = {
  database: Database;
  tenants: readonly string[];
  owner: string;
  timings: Timings;
  log: Log;
  /** This executor's own lock is old enough to judge others by theirs. */
  mayJudge(): boolean;
  /** Attempts were taken back: some may be this executor's own, and there is work. */
  rescued(leases: readonly Rescued[]): void;
};

/** A clock that jumped by more than this makes every lease look expired, or none. */
const clockJumpMs = 30_000;
/** Between a notification and the look that it asks for. */
const wakeDelayMs = 50;
const recountWords = {
  made: 'created incomplete: its missing partitions were made from its keys',
  recounted: 'partitions are missing, deleted by hand: the job counts those that it has',
  failed: 'failed: partitions are missing that cannot be made',
};

/** Takes back attempts whose executor is gone, and settles jobs: any executor does it for all. */
export class Rescuer {
  readonly #ports: RescuerPorts;
  readonly #loop: Loop;
  #woken: NodeJS.Timeout | null = null;
  /** Database clock minus monotonic clock at the last look. */
  #offset: number | null = null;

  constructor(ports: RescuerPorts) {
    this.#ports = ports;
    this.#loop = new Loop(() => this.#round());
  }

  start(): void {
    this.#loop.start();
  }

  /** Not at once: whoever was woken with it has work to start, which comes first. */
  wake(): void {
    this.#woken ??= setTimeout(() => {
      this.#woken = null;
      this.#loop.wake();
    }, wakeDelayMs);
  }

  stop(): Promise<void> {
    if (this.#woken !== null) clearTimeout(this.#woken);
    return this.#loop.stop();
  }

  async #round(): Promise<number> {
    for (const tenant of this.#ports.tenants) {
      try {
        await this.#serve(tenant);
      } catch (error) {
        this.#ports.log.warn(`rescue failed, trying again: ${messageOf(error)}`);
      }
    }
    return jittered(this.#ports.timings.rescue);
  }

  async #serve(tenant: string): Promise<void> {
    const { database, owner, timings, log } = this.#ports;
    if (this.#ports.mayJudge()) {
      const silence_ms = timings.silence;
      for (const dead of await declareDead(database, { tenant, owner, silence_ms })) {
        log.warn(`executor ${dead} is gone: its leases expire now`);
      }
    }
    const { now, duties } = await findDuties(database, tenant, timings.stale);
    if (this.#clockJumped(now)) {
      log.warn('the database clock has jumped: no lease is judged by it in this round');
      return;
    }
    for (const duty of duties) {
      await this.#attend(tenant, duty).catch((error) =>
        log.warn({ job_id: duty.id }, `rescue failed, trying again: ${messageOf(error)}`),
      );
    }
  }

  async #attend(tenant: string, duty: Duty): Promise<void> {
    const { database, owner, timings, log } = this.#ports;
    const { id: job } = duty;
    if (duty.state === 'waiting_upstream') {
      const settle = { tenant, job, actor: owner, stale_ms: timings.stale };
      const verdict = await finalizeWaiting(database, settle);
      if (verdict !== null) log.info({ job_id: job }, `its upstreams are decided: ${verdict}`);
      return;
    }
    const rescue = { tenant, job, actor: owner, stale_ms: timings.stale };
    const rescued = await rescueJob(database, rescue);
    if (rescued.length > 0) {
      log.warn({ job_id: job }, `took back ${rescued.length} attempts whose lease was lost`);
      this.#ports.rescued(rescued);
    }
    if (duty.state === 'running') await this.#recount(tenant, job);
    for (let open = duty.needs_finalizing; open; ) {
      const settled = await finalizeJob(database, { tenant, job, actor: owner });
      open = settled.needs_finalizing && settled.skipped > 0;
    }
  }

  async #recount(tenant: string, job: string): Promise<void> {
    const { database, owner, timings, log } = this.#ports;
    const grace_ms = timings.creation_grace;
    const decision = await recountJob(database, { tenant, job, actor: owner, grace_ms });
    if (decision === null || decision === 'waiting') return;
    log.warn({ job_id: job }, recountWords[decision]);
    this.#ports.rescued([]);
  }

  #clockJumped(now: Date): boolean {
    const offset = now.getTime() - performance.now();
    const jumped = this.#offset !== null && Math.abs(offset - this.#offset) > clockJumpMs;
    this.#offset = offset;
    return jumped;
  }
}
