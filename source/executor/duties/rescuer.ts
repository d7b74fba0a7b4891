import type { Database } from '../../database/database.ts';
import {
  declareDead,
  type Rescued,
  recountJob,
  rescueJob,
} from '../../database/queries/executor-calls.ts';
import { finalizeJob } from '../../database/queries/finalize-job.ts';
import { findRescues, type JobToRescue } from '../../database/queries/find-work.ts';
import { finalizeWaiting } from '../../database/queries/upstreams.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import { Duty } from '../duty.ts';
import type { Timings } from '../settings.ts';

type RescuerPorts = {
  database: Database;
  tenants: readonly string[];
  owner: string;
  timings: Timings;
  log: Log;
  /** This executor's own lock is old enough to declare others dead by theirs. */
  mayDeclareDead(): boolean;
  /** Leases were released: some may be of this executor, and there is work. */
  onRescued(leases: readonly Rescued[]): void;
};

/** If the clock jumped by more than this (ms), all leases look expired, or none. */
const clockJumpMs = 30_000;
/** Delay after a notification (ms), so that claiming comes first. */
const wakeDelayMs = 50;

const recountMessages = {
  made: 'created the missing partitions of the job from its keys',
  recounted: 'partitions are missing: the job now counts the existing ones',
  failed: 'job failed: its missing partitions cannot be created',
};

/** Rescues partitions and finalizes jobs, of any executor. */
export class Rescuer extends Duty {
  readonly #ports: RescuerPorts;
  #woken: NodeJS.Timeout | null = null;
  #offset: number | null = null;

  constructor(ports: RescuerPorts) {
    super({ name: 'rescue', every: ports.timings.rescue, log: ports.log });
    this.#ports = ports;
  }

  override wake(): void {
    this.#woken ??= setTimeout(() => {
      this.#woken = null;
      super.wake();
    }, wakeDelayMs);
  }

  override stop(): Promise<void> {
    if (this.#woken !== null) clearTimeout(this.#woken);
    return super.stop();
  }

  protected override async round(): Promise<undefined> {
    for (const tenant of this.#ports.tenants) {
      await this.#serve(tenant).catch((error) =>
        this.#ports.log.warn(`rescue failed, trying again: ${messageOf(error)}`),
      );
    }
  }

  async #serve(tenant: string): Promise<void> {
    const { database, owner, timings, log, mayDeclareDead } = this.#ports;
    if (mayDeclareDead()) {
      const silence_ms = timings.silence;
      for (const dead of await declareDead(database, { tenant, owner, silence_ms }))
        log.warn(`declared executor ${dead} dead: its leases expire now`);
    }
    const { now, jobs } = await findRescues(database, tenant, timings.stale);
    if (this.#clockJumped(now)) {
      log.warn('the database clock has jumped: no rescue in this round');
      return;
    }
    for (const job of jobs) {
      await this.#rescue(tenant, job).catch((error) =>
        log.warn({ job_id: job.id }, `rescue failed, trying again: ${messageOf(error)}`),
      );
    }
  }

  async #rescue(tenant: string, { id: job, state, needs_finalizing }: JobToRescue): Promise<void> {
    const { database, owner, timings, log } = this.#ports;
    const call = { tenant, job, actor: owner, stale_ms: timings.stale };
    if (state === 'waiting_upstream') {
      const next = await finalizeWaiting(database, call);
      if (next !== null) log.info({ job_id: job }, `upstream jobs ended: the job is ${next}`);
      return;
    }
    const rescued = await rescueJob(database, call);
    if (rescued.length > 0) {
      log.warn({ job_id: job }, `released ${rescued.length} attempts whose lease was lost`);
      this.#ports.onRescued(rescued);
    }
    if (state === 'running') await this.#recount(tenant, job);
    for (let open = needs_finalizing; open; ) {
      const batch = await finalizeJob(database, { tenant, job, actor: owner });
      open = batch.needs_finalizing && batch.skipped > 0;
    }
  }

  async #recount(tenant: string, job: string): Promise<void> {
    const { database, owner, timings, log } = this.#ports;
    const grace_ms = timings.creation_grace;
    const decision = await recountJob(database, { tenant, job, actor: owner, grace_ms });
    if (decision === null || decision === 'waiting') return;
    log.warn({ job_id: job }, recountMessages[decision]);
    this.#ports.onRescued([]);
  }

  #clockJumped(now: Date): boolean {
    const offset = now.getTime() - performance.now();
    const jumped = this.#offset !== null && Math.abs(offset - this.#offset) > clockJumpMs;
    this.#offset = offset;
    return jumped;
  }
}
