import type { Database } from '../../database/database.ts';
import { claimJob } from '../../database/queries/claim-job.ts';
import { refreshWaiting } from '../../database/queries/executor-calls.ts';
import { type Candidate, findStates, findWork } from '../../database/queries/find-work.ts';
import { readRunTime } from '../../database/queries/read-run-time.ts';
import { type Demand, nextTenant, owedOf, sharesOf } from '../../domain/executor/fair-share.ts';
import { compareRank, outranks } from '../../domain/job/rank.ts';
import { messageOf } from '../../errors.ts';
import type { Catalogue } from '../../handlers/handler.ts';
import { type Ending, noMeter } from '../../observability/meter.ts';
import { expandUpstreams } from '../../operations/start/expand-upstreams.ts';
import { Duty } from '../duty.ts';
import { jittered } from '../settings.ts';
import { ClaimRetries } from './claim-retries.ts';
import { JobRunner } from './job-runner.ts';
import type { JobPorts, RunnerEvents } from './ports.ts';
import { ProgressLog } from './progress-log.ts';
import type { Runners } from './runners.ts';

type ClaimerPorts = JobPorts & {
  database: Database;
  tenants: readonly string[];
  catalogue: Catalogue;
  slots: number;
  runners: Runners;
};

/** Candidates beyond the free slots, because other executors claim some of them. */
const spareCandidates = 8;
const passing = ['locked', 'incomplete', 'needs_finalizing'];
/** How long a tenant has one slot more than another if they cannot be divided evenly (ms). */
const turnMs = 1_000;
/** How long no slot is released for a job that could not be claimed (ms). */
const refusedMs = 1_000;
const retryMs = 1_000;

type Queue = { candidate: Candidate; room: number }[];

/**
 * Claims jobs for free slots, shared among tenants and in claim order within each, and stops
 * running jobs that were paused or cancelled.
 */
export class Claimer extends Duty {
  readonly #ports: ClaimerPorts;
  readonly #runners: Runners;
  readonly #retries: ClaimRetries;
  readonly #progress: ProgressLog;
  readonly #events: RunnerEvents;
  /** Jobs with nothing to run, and until when (monotonic). */
  readonly #nothingToDo = new Map<string, number>();
  /** Jobs that could not be claimed, and until when no slot is released for them (monotonic). */
  readonly #refused = new Map<string, number>();
  /** The first job of each tenant that waits for a slot. */
  readonly #waiting = new Map<string, Candidate>();
  /** How many slots each tenant must still release to others. */
  #owed = new Map<string, number>();
  readonly #served = new Map<string, number>();
  /** Whether a running job may be waiting: the last poll found one, or was not allowed to claim. */
  #mayWait = true;
  #refreshed = Number.NEGATIVE_INFINITY;
  #draining = false;
  #onEmpty: (() => void) | null = null;

  constructor(ports: ClaimerPorts) {
    super({ name: 'claiming', every: ports.timings.poll, log: ports.log });
    this.#ports = ports;
    this.#runners = ports.runners;
    this.#retries = new ClaimRetries(ports.timings.poll);
    this.#progress = new ProgressLog(ports.log);
    this.#events = {
      yields: (job) => this.#yields(job),
      onEnded: (job, how) => void this.#onEnded(job, how),
      onRoom: (job) => {
        this.#nothingToDo.delete(job);
        this.wake();
      },
      onFree: (job, wait_ms) => this.#onFree(job, wait_ms),
    };
  }

  /** Jobs have changed: those with nothing to run may have work. */
  onChange(): void {
    this.#nothingToDo.clear();
    this.#retries.reset();
    this.wake();
  }

  /**
   * Claims nothing more and releases attempts that were not started; resolves when none is left.
   */
  override async stop(): Promise<void> {
    this.#draining = true;
    await super.stop();
    this.#runners.stop();
    if (this.#runners.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }

  protected override async round(): Promise<number> {
    const { timings, outages, tenants, mayStart } = this.#ports;
    await this.#observe();
    await outages.checkPrograms();
    this.#retries.begin();
    // Also during a hold: an expired entry would make the next round follow without a pause.
    const now = performance.now();
    for (const [job, until] of this.#nothingToDo) if (until <= now) this.#nothingToDo.delete(job);
    if (mayStart()) await this.#claim();
    else this.#mayWait = true;
    await this.#refresh();
    const due = Math.min(...this.#nothingToDo.values(), this.#retries.next) - performance.now();
    const sharing = this.#waiting.size > 0 && tenants.length > 1;
    const next = Math.min(due, outages.dueIn, sharing ? turnMs : Number.POSITIVE_INFINITY);
    return Math.max(1, Math.min(jittered(timings.poll), next));
  }

  protected override failed(error: unknown): number {
    this.#ports.log.warn(`cannot look for work, trying again: ${messageOf(error)}`);
    return jittered(Math.min(retryMs, this.#ports.timings.poll));
  }

  /** Keeps waiting jobs from looking stale, except those with a batch that has no reply yet. */
  async #refresh(): Promise<void> {
    const { timings, tenants, catalogue, database } = this.#ports;
    const age = performance.now() - this.#refreshed;
    if (this.#draining || !this.#mayWait || age < timings.heartbeat) return;
    const except = [...this.#runners]
      .filter(({ unopened }) => unopened > 0)
      .map(({ job }) => job.id);
    const assets = [...catalogue.keys()];
    for (const tenant of tenants)
      await refreshWaiting(database, { tenant, assets, except, age_ms: 2 * timings.heartbeat });
    this.#refreshed = performance.now();
  }

  /** A pause, a cancel or a claim by another takes effect at the next partition boundary. */
  async #observe(): Promise<void> {
    for (const [tenant, jobs] of [...this.#runners.jobs()]) {
      const rows = await findStates(this.#ports.database, tenant, jobs);
      for (const row of rows) {
        const runner = this.#runners.get(row.id);
        if (runner === undefined) continue;
        const { priority, execution_order, sla_deadline_at, max_attempts } = row;
        Object.assign(runner.job, { priority, execution_order, sla_deadline_at, max_attempts });
        this.#progress.update(runner.job, row);
      }
      const ours = new Set(
        rows.filter((row) => row.state === 'running' && row.ours).map(({ id }) => id),
      );
      for (const job of jobs) if (!ours.has(job)) this.#runners.get(job)?.stop();
    }
  }

  async #claim(): Promise<void> {
    const { slots, outages } = this.#ports;
    const now = performance.now();
    const queues = await this.#findQueues();
    const shares = sharesOf(slots, this.#demands(queues));
    this.#waiting.clear();
    for (let free = slots - this.#used(); free > 0; free = slots - this.#used()) {
      const tenant = nextTenant(this.#demands(queues));
      if (tenant === null || this.#draining) break;
      const { candidate, room: found } = queues.get(tenant)!.shift()!;
      // Another job of the asset may run the probe.
      const room = Math.min(found, outages.room(candidate, this.#runners.probing(candidate)));
      if (room <= 0) continue;
      if (candidate.unclaimed && !(await this.#claimJob(candidate, now))) {
        this.#refused.set(candidate.id, performance.now() + refusedMs);
        continue;
      }
      const more = Math.max(1, shares.get(tenant)! - this.#used(tenant));
      const count = Math.min(free, room, more);
      this.#runnerOf(candidate).open(count);
      this.#served.set(tenant, performance.now());
      if (room > count)
        queues.get(tenant)!.unshift({
          candidate: { ...candidate, unclaimed: false },
          room: room - count,
        });
    }
    this.#leaveWaiting(queues);
  }

  async #findQueues(): Promise<Map<string, Queue>> {
    const { slots, timings, tenants, catalogue, database, outages } = this.#ports;
    const assets = outages.offered;
    const limit = slots + spareCandidates;
    const look = { assets, stale_ms: timings.stale, limit };
    const found = await Promise.all(tenants.map((tenant) => findWork(database, tenant, look)));
    // A job whose program is missing here waits for it, and no poll finds it.
    this.#mayWait =
      assets.length < catalogue.size ||
      found.some((jobs) => jobs.length === limit || jobs.some(({ unclaimed }) => !unclaimed));
    this.#retries.keep(new Set(found.flat().map(({ id }) => id)));
    return new Map(tenants.map((tenant, index) => [tenant, this.#queueOf(found[index]!)]));
  }

  #queueOf(found: readonly Candidate[]): Queue {
    const { outages } = this.#ports;
    const now = performance.now();
    return found
      .toSorted(compareRank)
      .filter(({ id, unclaimed }) =>
        unclaimed ? !this.#retries.isWaiting(id, now) : !this.#nothingToDo.has(id),
      )
      .map((candidate) => ({
        candidate,
        room: Math.min(
          candidate.room - (this.#runners.get(candidate.id)?.unopened ?? 0),
          outages.room(candidate, this.#runners.probing(candidate)),
        ),
      }))
      .filter(({ room }) => room > 0);
  }

  /** Records the first waiting job of each tenant, and how many slots the others owe it. */
  #leaveWaiting(queues: Map<string, Queue>): void {
    const now = performance.now();
    for (const [id, until] of this.#refused) if (until <= now) this.#refused.delete(id);
    const left = new Map(
      [...queues].map(([tenant, queue]) => [
        tenant,
        queue.filter(({ candidate }) => !this.#refused.has(candidate.id)),
      ]),
    );
    for (const [tenant, [first]] of left) {
      if (first === undefined) continue;
      this.#waiting.set(tenant, first.candidate);
      this.#ports.log.debug({ job_id: first.candidate.id }, 'waits for a slot');
    }
    this.#owed = owedOf(this.#ports.slots, this.#demands(left));
  }

  #demands(queues: Map<string, Queue>): Demand[] {
    const now = performance.now();
    return [...queues].map(([tenant, queue]) => {
      const used = this.#used(tenant);
      const served = this.#served.get(tenant) ?? 0;
      return {
        tenant,
        used,
        wanted: queue.reduce((sum, { room }) => sum + room, 0),
        turn: used > 0 && now - served < turnMs ? -1 : served,
      };
    });
  }

  #yields(working: Candidate): boolean {
    const waiting = this.#waiting.get(working.tenant_id);
    if (waiting !== undefined && outranks(waiting, working)) return true;
    const owed = this.#owed.get(working.tenant_id) ?? 0;
    if (owed === 0) return false;
    this.#owed.set(working.tenant_id, owed - 1);
    return true;
  }

  async #claimJob(job: Candidate, found: number): Promise<boolean> {
    const { database, owner, timings, log, meter } = this.#ports;
    const { id, tenant_id: tenant, asset_name: asset } = job;
    try {
      if (job.unexpanded) {
        const author = { tenant, actor: owner };
        const expanded = await expandUpstreams(database, author, id, timings.creation_grace);
        if (expanded === 'incomplete') this.#retries.postpone(id);
        if (expanded !== 'claimable') return false;
      }
      const { stale: stale_ms, creation_grace: grace_ms } = timings;
      const claim = await claimJob(database, { tenant, job: id, owner, stale_ms, grace_ms });
      if (claim !== null && passing.includes(claim.state)) {
        log.debug({ job_id: id, asset }, `not claimed: ${claim.state}`);
        this.#retries.postpone(id);
        return false;
      }
      this.#retries.delete(id);
      if (claim === null || claim.state === 'limited') {
        meter.claim(claim === null ? 'lost' : 'limited');
        return false;
      }
      const claimed = claim.state === 'running';
      log.info({ job_id: id, asset }, claimed ? 'claimed' : 'failed: partitions are missing');
      meter.claim(claimed ? 'claimed' : 'failed');
      if (claimed && job.waited_ms !== null) {
        meter.claimed((job.waited_ms + performance.now() - found) / 1000, claim.paused_seconds);
      }
      return claimed;
    } catch (error) {
      // One job that cannot be claimed must not block those behind it.
      log.warn({ job_id: id, asset }, `cannot claim it, trying again: ${messageOf(error)}`);
      this.#retries.postpone(id);
      return false;
    }
  }

  #runnerOf(job: Candidate): JobRunner {
    const existing = this.#runners.get(job.id);
    if (existing !== undefined) return existing;
    const handler = this.#ports.catalogue.get(job.asset_name)!;
    const runner = new JobRunner(job, handler, this.#ports, this.#events);
    this.#runners.add(runner);
    return runner;
  }

  /** Reads the run time only if it is exported, so that the end of a job costs no message. */
  async #onEnded({ id, tenant_id: tenant, asset_name: asset }: Candidate, how: Ending) {
    const { database, log, meter } = this.#ports;
    log.info({ job_id: id, asset }, `job ${how}`);
    if (meter === noMeter) return;
    const seconds = await readRunTime(database, tenant, id).catch(() => null);
    if (seconds !== null) meter.job(how, seconds);
  }

  #onFree(job: string, wait_ms: number | null): void {
    if (wait_ms !== null) this.#nothingToDo.set(job, performance.now() + wait_ms);
    if (this.#runners.get(job)?.idle) {
      this.#runners.delete(job);
      this.#progress.drop(job);
    }
    if (this.#draining && this.#runners.size === 0) this.#onEmpty?.();
    this.wake();
  }

  #used(tenant?: string): number {
    return this.#runners.used(tenant);
  }
}
