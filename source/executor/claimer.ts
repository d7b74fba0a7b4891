import type { Database } from '../database/database.ts';
import { claimJob } from '../database/queries/claim-job.ts';
import { refreshWaiting } from '../database/queries/executor-calls.ts';
import { type Candidate, findStates, findWork } from '../database/queries/find-work.ts';
import { readRunTime } from '../database/queries/read-run-time.ts';
import { type Demand, nextTenant, owedOf, sharesOf } from '../domain/executor/fair-share.ts';
import { compareRank, outranks } from '../domain/job/rank.ts';
import { messageOf } from '../errors.ts';
import type { Catalogue } from '../handlers/handler.ts';
import type { Log } from '../observability/log.ts';
import { type Ending, noMeter } from '../observability/meter.ts';
import { expandUpstreams } from '../operations/start/expand-upstreams.ts';
import { JobRunner } from './job-runner.ts';
import type { LanePorts } from './lanes.ts';
import { Loop } from './loop.ts';
import { ProgressLog } from './progress-log.ts';
import { jittered } from './settings.ts';
import type { Outages } from './outages.ts';

export type ClaimerPorts = LanePorts & {
  tenants: readonly string[];
  catalogue: Catalogue;
  slots: number;
  database: Database;
  log: Log;
  /** What is away for the handlers of this executor. */
  outages: Outages;
  /** After so many permanent failures of one kind in a row a job is paused; null: never. */
  pause_at: number | null;
};

/** Jobs beyond the free slots that are looked at, since some of them will be taken by others. */
const spareCandidates = 8;

/** Why a claim is tried again within moments: what keeps it tells nobody when it ends. */
const passing = ['locked', 'incomplete', 'needs_finalizing'];
/** Until the first such try, in milliseconds; doubled at each. */
const soonMs = 50;
const soonAtMostMs = 1_000;
/** Where slots cannot be divided evenly: how long a tenant has one more than another, in milliseconds. */
const turnMs = 1_000;
/** How long a job that could not be claimed is no reason to give a slot up, in milliseconds. */
const refusedMs = 1_000;

/** Candidates of one tenant, in claim order, each with the lanes that it has room for. */
type Queue = { candidate: Candidate; room: number }[];

/** Finds work for free slots, shared over tenants and in claim order within each, and sees what has become of the jobs at work. */
export class Claimer {
  readonly #ports: ClaimerPorts;
  readonly #loop: Loop;
  readonly #works = new Map<string, JobRunner>();
  /** Jobs that had nothing to do, until when (monotonic). */
  readonly #resting = new Map<string, number>();
  /** Jobs whose claim failed for a passing reason: how often, and until when they are left alone (monotonic). */
  readonly #passing = new Map<string, { tries: number; until: number }>();
  /** The next of these, as far as the last look came to them. */
  #nextTry = Number.POSITIVE_INFINITY;
  /** Whether a running job may wait: at the last look there was one, or none could be taken. */
  #mayWait = true;
  /** When the jobs that wait were last kept fresh (monotonic). */
  #keptFresh = Number.NEGATIVE_INFINITY;
  /** Jobs that could not be claimed, until when (monotonic): no slot is given up for them. */
  readonly #refused = new Map<string, number>();
  /** Of each tenant, the first in its queue that no slot is free for. */
  #waiting = new Map<string, Candidate>();
  /** Slots that each tenant is still to give up to others. */
  #owed = new Map<string, number>();
  /** When each tenant was given a slot last (monotonic). */
  readonly #served = new Map<string, number>();
  readonly #progress: ProgressLog;
  #draining = false;
  #emptied: (() => void) | null = null;

  constructor(ports: ClaimerPorts) {
    this.#ports = ports;
    this.#progress = new ProgressLog(ports.log);
    this.#loop = new Loop(() => this.#round());
  }

  get works(): Iterable<JobRunner> {
    return this.#works.values();
  }

  start(): void {
    this.#loop.start();
  }

  /** Something has changed: jobs, their states, or free slots. */
  wake(): void {
    this.#loop.wake();
  }

  /** A notification: what was at rest may have work again. */
  notified(): void {
    this.#resting.clear();
    for (const one of this.#passing.values()) one.until = 0;
    this.wake();
  }

  /** Takes no more work and gives back what has not been started; resolves when nothing is held any more. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#loop.stop();
    for (const work of this.#works.values()) work.stop();
    if (this.#works.size > 0) await new Promise<void>((resolve) => (this.#emptied = resolve));
  }

  async #round(): Promise<number> {
    const { timings, log, outages } = this.#ports;
    try {
      await this.#observe();
      await outages.look();
      this.#nextTry = Number.POSITIVE_INFINITY;
      // Also while nothing may be started: a rest that is over would be no pause before the next round.
      const now = performance.now();
      for (const [job, until] of this.#resting) if (until <= now) this.#resting.delete(job);
      if (this.#ports.mayStart()) await this.#claim();
      else this.#mayWait = true;
      await this.#keepFresh();
    } catch (error) {
      log.warn(`cannot look for work, trying again: ${messageOf(error)}`);
      return jittered(Math.min(1_000, timings.poll));
    }
    const rested = Math.min(...this.#resting.values(), this.#nextTry) - performance.now();
    const sharing = this.#waiting.size > 0 && this.#ports.tenants.length > 1;
    const next = Math.min(rested, outages.dueIn, sharing ? turnMs : Number.POSITIVE_INFINITY);
    return Math.max(1, Math.min(jittered(timings.poll), next));
  }

  /** A job that waits for a slot or for a partition is not stuck. Not where a step of ours has no answer yet: that one may be. */
  async #keepFresh(): Promise<void> {
    const { timings, tenants, catalogue, database } = this.#ports;
    if (this.#draining || !this.#mayWait || performance.now() - this.#keptFresh < timings.heartbeat)
      return;
    const except = [...this.#works.values()].filter(({ asked }) => asked > 0);
    for (const tenant of tenants) {
      await refreshWaiting(database, {
        tenant,
        assets: [...catalogue.keys()],
        except: except.map(({ job }) => job.id),
        age_ms: 2 * timings.heartbeat,
      });
    }
    this.#keptFresh = performance.now();
  }

  /** A pause, a cancel, or somebody else's claim takes effect at the next partition boundary. */
  async #observe(): Promise<void> {
    for (const tenant of this.#ports.tenants) {
      const jobs = [...this.#works.values()]
        .filter((work) => work.job.tenant_id === tenant)
        .map((work) => work.job.id);
      if (jobs.length === 0) continue;
      const rows = await findStates(this.#ports.database, tenant, jobs);
      for (const row of rows) {
        const work = this.#works.get(row.id);
        if (work === undefined) continue;
        const { priority, execution_order, sla_deadline_at, max_attempts } = row;
        Object.assign(work.job, { priority, execution_order, sla_deadline_at, max_attempts });
        this.#progress.tell(work.job, row);
      }
      const states = new Map(rows.map((row) => [row.id, row.state === 'running' && row.ours]));
      for (const job of jobs) if (states.get(job) !== true) this.#works.get(job)?.stop();
    }
  }

  async #claim(): Promise<void> {
    const { slots, timings, tenants, catalogue, database, outages } = this.#ports;
    const assets = outages.offered;
    const limit = slots + spareCandidates;
    const found = await Promise.all(
      tenants.map((tenant) =>
        findWork(database, tenant, {
          assets,
          stale_ms: timings.stale,
          limit,
        }),
      ),
    );
    // A job whose program is missing here waits for that, and is in no look for work.
    this.#mayWait =
      assets.length < catalogue.size ||
      found.some((jobs) => jobs.length === limit || jobs.some(({ unclaimed }) => !unclaimed));
    const now = performance.now();
    const ids = new Set(found.flat().map(({ id }) => id));
    for (const job of this.#passing.keys()) if (!ids.has(job)) this.#passing.delete(job);
    const queues = new Map(tenants.map((tenant, index) => [tenant, this.#queueOf(found[index]!)]));
    const shares = sharesOf(slots, this.#demands(queues));
    this.#waiting.clear();
    for (let free = slots - this.#used(); free > 0; free = slots - this.#used()) {
      const tenant = nextTenant(this.#demands(queues));
      if (tenant === null || this.#draining) break;
      const { candidate, room: found } = queues.get(tenant)!.shift()!;
      // Another job of the asset may have taken the place of the one that is tried.
      const room = Math.min(found, outages.room(candidate, this.#probing(candidate)));
      if (room <= 0) continue;
      if (candidate.unclaimed && !(await this.#claimJob(candidate, now))) {
        this.#refused.set(candidate.id, performance.now() + refusedMs);
        continue;
      }
      const more = Math.max(1, shares.get(tenant)! - this.#used(tenant));
      const lanes = Math.min(free, room, more);
      this.#workOn(candidate).addLanes(lanes);
      this.#served.set(tenant, performance.now());
      if (room > lanes)
        queues.get(tenant)!.unshift({
          candidate: { ...candidate, unclaimed: false },
          room: room - lanes,
        });
    }
    this.#leaveWaiting(queues);
  }

  #queueOf(found: readonly Candidate[]): Queue {
    const now = performance.now();
    return found
      .toSorted(compareRank)
      .filter((candidate) =>
        candidate.unclaimed ? !this.#isPassing(candidate, now) : !this.#resting.has(candidate.id),
      )
      .map((candidate) => ({
        candidate,
        room: Math.min(
          candidate.room - (this.#works.get(candidate.id)?.asked ?? 0),
          this.#ports.outages.room(candidate, this.#probing(candidate)),
        ),
      }))
      .filter(({ room }) => room > 0);
  }

  /** What no slot is free for: of each tenant the first, and how many slots others owe it. */
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

  /** Whether a lane of this job is to give up its slot: to a job of higher rank, or to a tenant that has less. */
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
        if (expanded === 'incomplete') this.#again(job);
        if (expanded !== 'claimable') return false;
      }
      const { stale: stale_ms, creation_grace: grace_ms } = timings;
      const claim = await claimJob(database, { tenant, job: id, owner, stale_ms, grace_ms });
      if (claim !== null && passing.includes(claim.state)) {
        log.debug({ job_id: id, asset }, `not claimed: ${claim.state}`);
        this.#again(job);
        return false;
      }
      this.#passing.delete(id);
      if (claim === null) {
        meter.claim('lost');
        return false;
      }
      if (claim.state === 'limited') {
        meter.claim('limited');
        return false;
      }
      const claimed = claim.state === 'running';
      log.info({ job_id: id, asset }, claimed ? 'claimed' : 'created incomplete');
      meter.claim(claimed ? 'claimed' : 'failed');
      if (claimed && job.waited_ms !== null) {
        meter.claimed((job.waited_ms + performance.now() - found) / 1000, claim.paused_seconds);
      }
      return claimed;
    } catch (error) {
      // One job that cannot be claimed must not keep the executor from those behind it.
      log.warn({ job_id: id, asset }, `cannot claim it, trying again: ${messageOf(error)}`);
      this.#again(job);
      return false;
    }
  }

  #isPassing({ id }: Candidate, now: number): boolean {
    const until = this.#passing.get(id)?.until ?? 0;
    if (until <= now) return false;
    this.#nextTry = Math.min(this.#nextTry, until);
    return true;
  }

  /** Its claim is tried again soon, and less often the longer that takes. */
  #again({ id }: Candidate): void {
    const tries = (this.#passing.get(id)?.tries ?? -1) + 1;
    const most = Math.min(soonAtMostMs, this.#ports.timings.poll);
    const pause = jittered(Math.min(soonMs * 2 ** tries, most));
    const until = performance.now() + pause;
    this.#passing.set(id, { tries: Math.min(tries, 10), until });
    this.#nextTry = Math.min(this.#nextTry, until);
  }

  #workOn(job: Candidate): JobRunner {
    const existing = this.#works.get(job.id);
    if (existing !== undefined) return existing;
    const work = new JobRunner(job, this.#ports.catalogue.get(job.asset_name)!, {
      ...this.#ports,
      yields: (working) => this.#yields(working),
      ended: (ended, how) => void this.#ended(ended, how),
      eased: ({ job: eased }) => {
        this.#resting.delete(eased.id);
        this.wake();
      },
      changed: (changed, rest) => this.#changed(changed, rest),
    });
    this.#works.set(job.id, work);
    return work;
  }

  /** Asked for only where somebody counts: a job's end is no message more. */
  async #ended({ id, tenant_id: tenant, asset_name: asset }: Candidate, how: Ending) {
    const { database, log, meter } = this.#ports;
    log.info({ job_id: id, asset }, `the job has ${how}`);
    if (meter === noMeter) return;
    const seconds = await readRunTime(database, tenant, id).catch(() => null);
    if (seconds !== null) meter.job(how, seconds);
  }

  #changed(work: JobRunner, rest: number | null): void {
    if (rest !== null) this.#resting.set(work.job.id, performance.now() + rest);
    if (work.idle) {
      this.#works.delete(work.job.id);
      this.#progress.forget(work.job.id);
    }
    if (this.#draining && this.#works.size === 0) this.#emptied?.();
    this.wake();
  }

  /** Slots that probe the same asset of the same tenant, where something that it needs is away. */
  #probing({ tenant_id, asset_name }: Candidate): number {
    let slots = 0;
    for (const { job, probing } of this.#works.values())
      if (job.tenant_id === tenant_id && job.asset_name === asset_name) slots += probing;
    return slots;
  }

  /** Slots in use or asked for: of one tenant, or of all. */
  #used(tenant?: string): number {
    let used = 0;
    for (const work of this.#works.values())
      if (tenant === undefined || work.job.tenant_id === tenant) used += work.size;
    return used;
  }
}
