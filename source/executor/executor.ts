import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Database, openDatabase } from '../database/database.ts';
import { type Rescued, sampleJobs, setHoldReason } from '../database/queries/executor-calls.ts';
import { registerAssets } from '../database/queries/register-assets.ts';
import { writeEvent } from '../database/queries/write-event.ts';
import { requireSchema } from '../database/schema-version.ts';
import type { ConnectionSettings } from '../database/settings.ts';
import {
  type FailureLimit,
  failureLimitDefault,
  type HealthLimits,
  healthLimitDefaults,
  identicalFailuresDefault,
} from '../domain/executor/throttle.ts';
import { messageOf } from '../errors.ts';
import { catalogueHash } from '../handlers/catalogue-hash.ts';
import type { Catalogue } from '../handlers/handler.ts';
import { declarationsOf } from '../handlers/lineage.ts';
import { ModuleThreads } from '../handlers/module-threads.ts';
import type { Log } from '../observability/log.ts';
import { type HoldReason, type Meter, noMeter, type Vitals } from '../observability/meter.ts';
import { reachDatabase } from '../observability/reach-database.ts';
import { pruneOldRecords } from '../operations/system/prune.ts';
import { version } from '../package.ts';
import { Claimer } from './claimer.ts';
import { Heartbeat } from './heartbeat.ts';
import { Listener } from './listener.ts';
import { Loop } from './loop.ts';
import { LossReporter } from './loss-reporter.ts';
import { Orphans } from './orphans.ts';
import { withTimeout } from './with-timeout.ts';
import { Registry } from './registry.ts';
import { Rescuer } from './rescuer.ts';
import { heartbeatTimeout, jittered, type Timings } from './settings.ts';
import { Throttle } from './throttle.ts';
import { Outages } from './outages.ts';

export type ExecutorOptions = {
  settings: ConnectionSettings;
  tenants: readonly string[];
  catalogue: Catalogue;
  /** Handlers that run at once. */
  slots: number;
  /** Time that handlers have to end when the executor is told to drain, in milliseconds. */
  grace: number;
  timings: Timings;
  /** Above which the database is not well; the defaults where not given. */
  health?: HealthLimits;
  /** Above which a job is auto-paused; null: never. */
  failures?: FailureLimit | null;
  /** After so many permanent failures of one kind in a row a job is paused; null: never. Default: see domain/executor/throttle.ts. */
  pause_at?: number | null;
  /** Told of all that the executor does; none where nobody counts. */
  meter?: Meter;
  /** @param id host:pid:random, new at every start */
  log(id: string): Log | Promise<Log>;
};

/** Samples are kept one a minute; asked for more often, so that a job's first one is not a minute late. */
const sampleMs = 15_000;
/** Told to stop while it starts, it waits so long for what it has asked the database. */
const startTimeoutMs = 2_000;

/** An executor that has not begun: it can be told to drain from now on. */
export async function prepareExecutor(options: ExecutorOptions): Promise<Executor> {
  const id = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  return new Executor(id, options, await options.log(id));
}

/** One that has begun. Throws as `start`. */
export async function startExecutor(options: ExecutorOptions): Promise<Executor> {
  const executor = await prepareExecutor(options);
  await executor.start();
  return executor;
}

/** As left(md5(…), 8) in the database. */
function shortHash(text: string): string {
  return createHash('md5').update(text).digest('hex').slice(0, 8);
}

/** By which a rescue tells an executor that it has lost leases: see migrations/functions/rescue.sql. */
function revokedPayload(executor: string): string {
  return `revoked ${shortHash(executor)}`;
}

export class Executor {
  readonly id: string;
  /** Resolves when everything is given back and closed, whoever asked for it. */
  readonly finished: Promise<void>;
  readonly #options: ExecutorOptions;
  readonly #log: Log;
  readonly #steps: Database;
  readonly #handlers: Database;
  readonly #beats: Database;
  readonly #threads: ModuleThreads;
  readonly #claimer: Claimer;
  readonly #heartbeat: Heartbeat;
  readonly #rescuer: Rescuer;
  readonly #listener: Listener;
  readonly #registry: Registry;
  readonly #orphans: Orphans;
  readonly #finder: Loop;
  readonly #sampler: Loop;
  readonly #janitor: Loop;
  readonly #throttle: Throttle;
  readonly #outages: Outages;
  readonly #stopping = new AbortController();
  #starting: Promise<boolean> = Promise.resolve(false);
  #draining: Promise<void> | null = null;
  #finish!: () => void;

  constructor(id: string, options: ExecutorOptions, log: Log) {
    this.id = id;
    this.#options = options;
    this.#log = log;
    this.finished = new Promise((resolve) => (this.#finish = resolve));
    const { slots, tenants, timings, meter = noMeter } = options;
    const settings = { ...options.settings, application_name: `servo-tui executor ${id}` };
    // One statement after the other, each with its answer: what it may rely on has been tried by faults at every point of it.
    const pipelined = false;
    // A step may wait for a job's row that an operator holds: there is a connection for each slot, and some for the duties.
    const { timeout } = timings;
    this.#steps = openDatabase(settings, { connections: slots + 3, timeout, pipelined });
    // A handler takes its time: whether its connection still lives is asked apart from it.
    this.#handlers = openDatabase(settings, { connections: slots, pipelined });
    // A beat waits for nobody's row, and there must be time for another one before leases run out.
    this.#beats = openDatabase(settings, {
      connections: 1,
      timeout: heartbeatTimeout(timings),
      pipelined,
    });
    this.#threads = new ModuleThreads({ slots, warn: (message) => log.warn(message) });
    this.#outages = new Outages({
      catalogue: options.catalogue,
      back_off: timings.rest,
      log,
      journal: ({ tenant_id: tenant, id: job }, kind, reason) =>
        this.#steps.write({ tenant, actor: id, reason }, (query) =>
          writeEvent(query, { tenant, actor: id, reason }, job, kind),
        ),
      changed: () => {
        this.#registry.refresh();
        this.#throttle.wake();
        this.#claimer.notified();
      },
    });
    this.#registry = new Registry(
      settings,
      {
        id,
        tenants,
        host: hostname(),
        pid: process.pid,
        version,
        slots,
        catalogue: catalogueHash(options.catalogue),
        handlers: () => this.#outages.offered,
        outages: () => this.#outages.rows(tenants),
      },
      timings,
      log,
      meter,
    );
    this.#heartbeat = new Heartbeat({
      database: this.#beats,
      timings,
      log,
      meter,
      held: () => this.#held(),
      lost: (attempt) => this.#lose([attempt]),
      abort: () => {
        for (const work of this.#claimer.works) work.abort({ why: 'fence' });
      },
    });
    this.#claimer = new Claimer({
      owner: id,
      pools: { steps: this.#steps, handlers: this.#handlers },
      threads: this.#threads,
      losses: new LossReporter(this.#steps, this.#registry),
      outages: this.#outages,
      pause_at: options.pause_at === undefined ? identicalFailuresDefault : options.pause_at,
      database: this.#steps,
      tenants,
      catalogue: options.catalogue,
      slots,
      timings,
      log,
      meter,
      mayStart: () =>
        this.#draining === null &&
        !this.#heartbeat.fenced &&
        !this.#registry.doubtful &&
        this.#throttle.reason === null &&
        this.#outages.hostReason === null,
    });
    this.#rescuer = new Rescuer({
      database: this.#steps,
      tenants,
      owner: id,
      timings,
      log,
      mayJudge: () => this.#registry.mayJudge,
      rescued: (leases) => {
        // First: the partition's next attempt may be this executor's as well.
        this.#lose(leases);
        this.#claimer.notified();
      },
    });
    const hashes = new Set(tenants.map(shortHash));
    const revoked = revokedPayload(id);
    this.#listener = new Listener(
      settings,
      (hash) => {
        if (hash === revoked) return this.#heartbeat.wake();
        if (hash !== '' && !hashes.has(hash)) return;
        this.#claimer.notified();
        this.#rescuer.wake();
      },
      log,
      meter,
    );
    const { health = healthLimitDefaults, failures = failureLimitDefault } = options;
    this.#throttle = new Throttle({
      database: this.#steps,
      timings,
      log,
      owner: id,
      health,
      host: () => this.#outages.hostReason,
      failures,
      jobs: () => this.#jobsAtWork(),
      held: async (reason) => {
        for (const tenant of tenants)
          await setHoldReason(this.#steps, { tenant, executor: id }, reason);
        this.#claimer.wake();
      },
    });
    this.#orphans = new Orphans({
      database: this.#steps,
      tenants,
      owner: id,
      log,
      knows: (job, token) =>
        [...this.#claimer.works].some((work) => work.job.id === job && work.knows(token)),
    });
    this.#finder = this.#duty('orphans', timings.rescue, () => this.#orphans.release());
    this.#sampler = this.#duty('sample', sampleMs, () => this.#sample());
    this.#janitor = this.#duty('tidying', timings.tidy, () => this.#tidy(), timings.tidy / 10);
  }

  /**
   * Claims jobs, runs their partitions and heartbeats until it is drained. A database that is away is waited for; a drain
   * meanwhile ends that. Throws where the login or the schema is refused, or the catalogue is not to be used.
   */
  async start(): Promise<void> {
    const register = async () => {
      await requireSchema(this.#steps);
      await this.#registerAssets();
      if (!this.#stopping.signal.aborted) await this.#registry.start();
    };
    const waiting = {
      log: this.#log,
      signal: this.#stopping.signal,
      longest: this.#options.timings.poll,
    };
    try {
      this.#starting = reachDatabase(register, waiting);
      if (!(await this.#starting)) return;
    } catch (error) {
      await this.#close();
      throw error;
    }
    const { tenants, slots, catalogue } = this.#options;
    this.#log.info(
      `executor ${this.id} started: tenants ${tenants.join(', ')}; ${slots} slots; handlers for ${[...catalogue.keys()].join(', ')}`,
    );
    for (const duty of [
      this.#heartbeat,
      this.#listener,
      this.#claimer,
      this.#rescuer,
      this.#throttle,
      this.#finder,
      this.#sampler,
      this.#janitor,
    ])
      duty.start();
  }

  /**
   * Stops in order: takes nothing new, gives back what has not been started, lets handlers end within the
   * grace time, stops the rest. Asked again, it answers with the same end.
   */
  drain(): Promise<void> {
    this.#draining ??= this.#drain(this.#options.grace);
    return this.#draining;
  }

  /** Stops handlers now; what they did not finish will be done again. */
  abort(): Promise<void> {
    this.#draining ??= this.#drain(0);
    for (const work of this.#claimer.works) work.abort({ why: 'drain' });
    return this.#draining;
  }

  async #drain(grace: number): Promise<void> {
    this.#stopping.abort();
    this.#log.info('draining: nothing new is started');
    // Let `#draining` be set before anybody asks.
    await null;
    // What it is still being asked for its start has an end, or is cut off: duties that have not begun stop at once.
    const started = await withTimeout(this.#starting, startTimeoutMs).catch(() => false);
    this.#registry.drain();
    const stopHandlers = setTimeout(() => {
      for (const work of this.#claimer.works) work.abort({ why: 'drain' });
    }, grace);
    // A database that does not come back must not keep the process for ever: the leases will run out.
    const giveUp = setTimeout(() => {
      this.#log.error('the database does not answer: what is not reported will be done again');
      for (const work of this.#claimer.works) work.abandon();
    }, grace + 15_000);
    await Promise.all([
      this.#listener.stop(),
      this.#rescuer.stop(),
      this.#finder.stop(),
      this.#sampler.stop(),
      this.#janitor.stop(),
      this.#throttle.stop(),
      this.#claimer.drain(),
    ]);
    clearTimeout(stopHandlers);
    clearTimeout(giveUp);
    if (started) await this.#orphans.release(true).catch(() => {});
    await Promise.all([this.#heartbeat.stop(), this.#registry.stop()]);
    await this.#close();
    this.#log.info('drained');
    this.#finish();
  }

  async #close(): Promise<void> {
    const parts = [this.#threads, this.#steps, this.#handlers, this.#beats];
    await Promise.all(parts.map((part) => part.close()));
  }

  vitals(): Vitals {
    const works = [...this.#claimer.works];
    return {
      slots: this.#options.slots,
      slots_busy: works.reduce((busy, work) => busy + work.busy, 0),
      jobs: works.length,
      holds: [...this.#holds()],
      heartbeat_age: this.#heartbeat.age / 1000,
    };
  }

  /** Why nothing new is started. */
  *#holds(): Generator<HoldReason, undefined> {
    if (this.#draining !== null) yield 'draining';
    if (this.#heartbeat.fenced) yield 'heartbeat';
    if (this.#registry.doubtful) yield 'registry';
    if (this.#outages.hostReason !== null) yield 'host';
    yield* this.#throttle.signals;
  }

  /** Stops what this executor runs under these leases. */
  #lose(leases: Iterable<Pick<Rescued, 'id' | 'token'>>): void {
    const works = [...this.#claimer.works];
    for (const { id, token } of leases)
      if (token !== null && works.some((work) => work.lose({ id, token })))
        this.#options.meter?.leaseLost();
  }

  *#held() {
    for (const work of this.#claimer.works) yield* work.attempts();
  }

  /** @param delay until the first round, in milliseconds */
  #duty(name: string, pause: number, work: () => Promise<void>, delay?: number): Loop {
    return new Loop(
      async () => {
        await work().catch((error) =>
          this.#log.debug(`${name} failed, trying again: ${messageOf(error)}`),
        );
        return jittered(pause);
      },
      delay === undefined ? null : jittered(delay),
    );
  }

  /** Several executors tidy up after each other: what is gone costs the others a look. */
  async #tidy(): Promise<void> {
    for (const tenant of this.#options.tenants)
      await pruneOldRecords(this.#steps, { tenant, actor: this.id });
  }

  /** A handler is enough to make its asset known: there is something that can backfill it now. */
  async #registerAssets(): Promise<void> {
    const { tenants, catalogue } = this.#options;
    const assets = declarationsOf(catalogue);
    for (const tenant of tenants) {
      const { added, differing } = await registerAssets(this.#steps, tenant, this.id, assets);
      for (const name of added)
        this.#log.info({ asset: name }, `registered the new asset ${name} for tenant ${tenant}`);
      for (const { name, every } of differing) {
        this.#log.warn(
          { asset: name },
          `${name} of tenant ${tenant} is partitioned by ${every}, its settings file says otherwise: the database's counts`,
        );
      }
    }
  }

  async #sample(): Promise<void> {
    for (const [tenant, jobs] of this.#jobsAtWork()) await sampleJobs(this.#steps, tenant, jobs);
  }

  *#jobsAtWork(): Iterable<readonly [tenant: string, jobs: string[]]> {
    for (const tenant of this.#options.tenants) {
      const jobs = [...this.#claimer.works]
        .filter((work) => work.job.tenant_id === tenant)
        .map((work) => work.job.id);
      if (jobs.length > 0) yield [tenant, jobs];
    }
  }
}
