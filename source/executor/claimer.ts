import type { Database } from '../database/database.ts';
import { claimJob } from '../database/queries/claim-job.ts';
import { type Candidate, findStates, findWork } from '../database/queries/find-work.ts';
import { readRunTime } from '../database/queries/read-run-time.ts';
import { compareRank, outranks } from '../domain/rank.ts';
import { messageOf } from '../errors.ts';
import type { Catalogue } from '../handlers/handler.ts';
import type { Log } from '../observability/log.ts';
import { type Ending, noMeter } from '../observability/meter.ts';
import { expandUpstreams } from '../operations/expand-upstreams.ts';
import { JobWork } from './job-work.ts';
import type { LanePorts } from './lanes.ts';
import { Loop } from './loop.ts';
import { ProgressLog } from './progress-log.ts';
import { jittered } from './settings.ts';

export type ClaimerPorts = LanePorts & {
  tenants: readonly string[];
  catalogue: Catalogue;
  slots: number;
  database: Database;
  log: Log;
};

/** Jobs beyond the free slots that are looked at, since some of them will be taken by others. */
const spareCandidates = 8;

/** Finds work for free slots, in claim order, and sees what has become of the jobs at work. */
export class Claimer {
  readonly #ports: ClaimerPorts;
  readonly #loop: Loop;
  readonly #works = new Map<string, JobWork>();
  /** Jobs that had nothing to do, until when (monotonic). */
  readonly #resting = new Map<string, number>();
  /** The first in the queue that no slot is free for. */
  #waiting: Candidate | null = null;
  readonly #progress: ProgressLog;
  #draining = false;
  #emptied: (() => void) | null = null;

  constructor(ports: ClaimerPorts) {
    this.#ports = ports;
    this.#progress = new ProgressLog(ports.log);
    this.#loop = new Loop(() => this.#round());
  }

  get works(): Iterable<JobWork> {
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
    const { timings, log } = this.#ports;
    try {
      await this.#observe();
      // Also while nothing may be started: a rest that is over would be no pause before the next round.
      const now = performance.now();
      for (const [job, until] of this.#resting) if (until <= now) this.#resting.delete(job);
      if (this.#ports.mayStart()) await this.#claim();
    } catch (error) {
      log.warn(`cannot look for work, trying again: ${messageOf(error)}`);
      return jittered(Math.min(1_000, timings.poll));
    }
    const next = Math.min(...this.#resting.values()) - performance.now();
    return Math.max(1, Math.min(jittered(timings.poll), next));
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
    const { slots, catalogue, timings, tenants, database } = this.#ports;
    const assets = [...catalogue.keys()];
    const found = await Promise.all(
      tenants.map((tenant) =>
        findWork(database, tenant, {
          assets,
          stale_ms: timings.stale,
          limit: slots + spareCandidates,
        }),
      ),
    );
    const now = performance.now();
    let free = slots - this.#used();
    this.#waiting = null;
    for (const candidate of found.flat().sort(compareRank)) {
      if (this.#draining) return;
      if (!candidate.unclaimed && this.#resting.has(candidate.id)) continue;
      const room = candidate.room - (this.#works.get(candidate.id)?.asked ?? 0);
      if (room <= 0) continue;
      if (free <= 0) {
        this.#waiting = candidate;
        this.#ports.log.debug({ job_id: candidate.id }, 'waits for a slot');
        return;
      }
      if (candidate.unclaimed && !(await this.#claimJob(candidate, now))) continue;
      const lanes = Math.min(free, room);
      this.#workOn(candidate).addLanes(lanes);
      free -= lanes;
    }
  }

  async #claimJob(job: Candidate, found: number): Promise<boolean> {
    const { database, owner, timings, log, meter } = this.#ports;
    const { id, tenant_id: tenant, asset_name: asset } = job;
    try {
      if (job.unexpanded) {
        const expanded = await expandUpstreams(database, { tenant, actor: owner }, id);
        if (expanded !== 'claimable') return false;
      }
      const claim = await claimJob(database, { tenant, job: id, owner, stale_ms: timings.stale });
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
      // Since infinity: no figure of a histogram.
      if (claimed && job.waited_ms !== null && Number.isFinite(job.waited_ms)) {
        meter.claimed((job.waited_ms + performance.now() - found) / 1000, claim.paused_seconds);
      }
      return claimed;
    } catch (error) {
      // One job that cannot be claimed must not keep the executor from those behind it.
      log.warn({ job_id: id, asset }, `cannot claim it, trying again later: ${messageOf(error)}`);
      return false;
    }
  }

  #workOn(job: Candidate): JobWork {
    const existing = this.#works.get(job.id);
    if (existing !== undefined) return existing;
    const work = new JobWork(job, this.#ports.catalogue.get(job.asset_name)!, {
      ...this.#ports,
      outranked: (working) => this.#waiting !== null && outranks(this.#waiting, working),
      ended: (ended, how) => void this.#ended(ended, how),
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

  #changed(work: JobWork, rest: number | null): void {
    if (rest !== null) this.#resting.set(work.job.id, performance.now() + rest);
    if (work.idle) {
      this.#works.delete(work.job.id);
      this.#progress.forget(work.job.id);
    }
    if (this.#draining && this.#works.size === 0) this.#emptied?.();
    this.wake();
  }

  #used(): number {
    let used = 0;
    for (const work of this.#works.values()) used += work.size;
    return used;
  }
}
