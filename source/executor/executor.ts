import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Rescued } from '../database/queries/executor-calls.ts';
import { writeEvent } from '../database/queries/write-event.ts';
import { requireSchema } from '../database/schema-version.ts';
import {
  failureLimitDefault,
  healthLimitDefaults,
  identicalFailuresDefault,
} from '../domain/executor/throttle.ts';
import { catalogueHash } from '../handlers/catalogue-hash.ts';
import { ModuleThreads } from '../handlers/module-threads.ts';
import type { Log } from '../observability/log.ts';
import { type HoldReason, type Meter, noMeter, type Vitals } from '../observability/meter.ts';
import { waitForDatabase } from '../observability/wait-for-database.ts';
import { version } from '../package.ts';
import { LossReporter } from './attempts/loss-reporter.ts';
import { Forecaster } from './duties/forecaster.ts';
import { Heartbeat } from './duties/heartbeat.ts';
import { Listener } from './duties/listener.ts';
import { Orphans } from './duties/orphans.ts';
import { Pruner } from './duties/pruner.ts';
import { Registry } from './duties/registry.ts';
import { Rescuer } from './duties/rescuer.ts';
import { Sampler } from './duties/sampler.ts';
import { Throttle } from './duties/throttle.ts';
import type { Duty } from './duty.ts';
import { Claimer } from './jobs/claimer.ts';
import { Outages } from './jobs/outages.ts';
import { Runners } from './jobs/runners.ts';
import type { ExecutorOptions } from './options.ts';
import { openPools, type Pools } from './pools.ts';
import { registerCatalogue } from './register-assets.ts';
import { withTimeout } from './with-timeout.ts';

/** How long an executor that is stopped during its start waits for its queries. */
const startTimeoutMs = 2_000;
/** Ends a process whose database does not return: its leases will expire. */
const giveUpMs = 15_000;

/** An executor that has not started, but can already be told to drain. */
export async function prepareExecutor(options: ExecutorOptions): Promise<Executor> {
  const id = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  return new Executor(id, options, await options.log(id));
}

/** An executor that has started. Throws as `start`. */
export async function startExecutor(options: ExecutorOptions): Promise<Executor> {
  const executor = await prepareExecutor(options);
  await executor.start();
  return executor;
}

/** As left(md5(…), 8) in the database. */
function shortHash(text: string): string {
  return createHash('md5').update(text).digest('hex').slice(0, 8);
}

/** Wires the duties of a worker process, and starts and stops them in order. */
export class Executor {
  readonly id: string;
  /** Resolves when everything is released and closed. */
  readonly finished: Promise<void>;
  readonly #options: ExecutorOptions;
  readonly #log: Log;
  readonly #meter: Meter;
  readonly #runners = new Runners();
  readonly #pools: Pools;
  readonly #threads: ModuleThreads;
  readonly #outages: Outages;
  readonly #registry: Registry;
  readonly #heartbeat: Heartbeat;
  readonly #throttle: Throttle;
  readonly #claimer: Claimer;
  readonly #rescuer: Rescuer;
  readonly #orphans: Orphans;
  /** In the order in which they start. The registry starts before them, and ends after them. */
  readonly #duties: readonly Duty[];
  readonly #stopping = new AbortController();
  #starting: Promise<boolean> = Promise.resolve(false);
  #draining: Promise<void> | null = null;
  #finish!: () => void;

  constructor(id: string, options: ExecutorOptions, log: Log) {
    this.id = id;
    this.#options = options;
    this.#log = log;
    this.finished = new Promise((resolve) => (this.#finish = resolve));
    const { slots, tenants, timings, catalogue, meter = noMeter } = options;
    this.#meter = meter;
    const settings = { ...options.settings, application_name: `servo-tui executor ${id}` };
    this.#pools = openPools(settings, slots, timings);
    this.#threads = new ModuleThreads({ slots, warn: (message) => log.warn(message) });

    const [runners, pools] = [this.#runners, this.#pools];
    const database = pools.batches;
    const common = { database, tenants, owner: id, timings, log, meter };
    this.#outages = new Outages({
      catalogue,
      back_off: timings.outage_back_off,
      log,
      journal: ({ tenant_id: tenant, id: job }, kind, reason) => {
        const author = { tenant, actor: id, reason };
        return database.write(author, (query) => writeEvent(query, author, job, kind));
      },
      onChange: () => {
        this.#registry.wake();
        this.#throttle.wake();
        this.#claimer.onChange();
      },
    });
    this.#registry = new Registry({
      ...{ settings, timings, log, meter },
      registration: {
        ...{ id, tenants, host: hostname(), pid: process.pid, version, slots },
        catalogue: catalogueHash(catalogue),
        handlers: () => this.#outages.offered,
        outages: () => this.#outages.rows(tenants),
      },
    });
    this.#heartbeat = new Heartbeat({
      ...{ ...common, database: pools.heartbeats },
      attempts: () => runners.attempts(),
      onLost: (attempt) => this.#lose([attempt]),
      onFenced: () => runners.abort({ why: 'fence' }),
    });
    this.#claimer = new Claimer({
      ...{ ...common, catalogue, slots, runners, pools },
      ...{ threads: this.#threads, outages: this.#outages },
      losses: new LossReporter(database, this.#registry),
      pause_at: options.pause_at === undefined ? identicalFailuresDefault : options.pause_at,
      mayStart: () => this.#holds().next().done === true && this.#throttle.reason === null,
    });
    this.#rescuer = new Rescuer({
      ...common,
      mayDeclareDead: () => this.#registry.mayDeclareDead,
      onRescued: (leases) => {
        // This comes first, because the partition's next attempt may run on this executor.
        this.#lose(leases);
        this.#claimer.onChange();
      },
    });
    const forecaster = new Forecaster(common);
    const hashes = new Set(tenants.map(shortHash));
    // The payload of functions/rescue.sql.
    const revoked = `revoked ${shortHash(id)}`;
    const listener = new Listener({
      ...{ settings, log, meter },
      onNotification: (payload) => {
        if (payload === revoked) return this.#heartbeat.wake();
        if (payload !== '' && !hashes.has(payload)) return;
        this.#claimer.onChange();
        this.#rescuer.wake();
        forecaster.wake();
      },
    });
    const { health = healthLimitDefaults, failures = failureLimitDefault } = options;
    const jobs = () => runners.jobs();
    this.#throttle = new Throttle({
      ...{ ...common, health, failures, jobs },
      hostReason: () => this.#outages.hostReason,
      onChange: () => this.#claimer.wake(),
    });
    this.#orphans = new Orphans({ ...common, owns: (job, token) => runners.owns(job, token) });
    this.#duties = [
      this.#heartbeat,
      listener,
      this.#claimer,
      this.#rescuer,
      this.#throttle,
      this.#orphans,
      new Sampler({ ...common, jobs }),
      forecaster,
      new Pruner(common),
    ];
  }

  /**
   * Waits for the database, registers, and starts the duties, unless it is drained meanwhile.
   * Throws if the login, the schema or the catalogue is refused.
   */
  async start(): Promise<void> {
    const { tenants, slots, catalogue, timings } = this.#options;
    const [id, log, database] = [this.id, this.#log, this.#pools.batches];
    const register = async () => {
      await requireSchema(database);
      await registerCatalogue(database, { tenants, id, catalogue, log });
      if (this.#stopping.signal.aborted) return;
      await this.#registry.register();
      this.#registry.start();
    };
    try {
      const { signal } = this.#stopping;
      this.#starting = waitForDatabase(register, { log, signal, longest: timings.poll });
      if (!(await this.#starting)) return;
    } catch (error) {
      await this.#close();
      throw error;
    }
    const assets = [...catalogue.keys()].join(', ');
    log.info(
      `executor ${id} started: tenants ${tenants.join(', ')}; ${slots} slots; handlers for ${assets}`,
    );
    for (const duty of this.#duties) duty.start();
  }

  /**
   * Claims nothing, releases attempts that were not started, lets handlers finish within the grace
   * time, and stops the others. Repeated calls return the same promise.
   */
  drain(): Promise<void> {
    this.#draining ??= this.#drain(this.#options.grace);
    return this.#draining;
  }

  /** Stops handlers now; their partitions run again. */
  abort(): Promise<void> {
    this.#draining ??= this.#drain(0);
    this.#runners.abort({ why: 'drain' });
    return this.#draining;
  }

  async #drain(grace: number): Promise<void> {
    this.#stopping.abort();
    this.#log.info('draining: no new partitions are started');
    await null;
    // Duties that have not started stop at once.
    const started = await withTimeout(this.#starting, startTimeoutMs).catch(() => false);
    this.#registry.drain();
    const stopHandlers = setTimeout(() => this.#runners.abort({ why: 'drain' }), grace);
    const giveUp = setTimeout(() => {
      this.#log.error('giving up: the database does not answer, unreported partitions run again');
      this.#runners.abandon();
    }, grace + giveUpMs);
    // The heartbeat renews leases until the last handler has ended.
    const others = this.#duties.filter((duty) => duty !== this.#heartbeat);
    await Promise.all(others.map((duty) => duty.stop()));
    clearTimeout(stopHandlers);
    clearTimeout(giveUp);
    if (started) await this.#orphans.releaseAll().catch(() => {});
    await Promise.all([this.#heartbeat.stop(), this.#registry.stop()]);
    await this.#close();
    this.#log.info('drained');
    this.#finish();
  }

  async #close(): Promise<void> {
    const parts = [this.#threads, ...Object.values(this.#pools)];
    await Promise.all(parts.map((part) => part.close()));
  }

  vitals(): Vitals {
    return {
      slots: this.#options.slots,
      slots_busy: this.#runners.busy,
      jobs: this.#runners.size,
      holds: [...this.#holds(), ...this.#throttle.signals],
      heartbeat_age: this.#heartbeat.age / 1000,
    };
  }

  /** Why nothing is started, except for throttling. */
  *#holds(): Generator<HoldReason, undefined> {
    if (this.#draining !== null) yield 'draining';
    if (this.#heartbeat.fenced) yield 'heartbeat';
    if (this.#registry.doubtful) yield 'registry';
    if (this.#outages.hostReason !== null) yield 'host';
  }

  #lose(leases: Iterable<Pick<Rescued, 'id' | 'token'>>): void {
    for (const { id, token } of leases)
      if (token !== null && this.#runners.lose({ id, token })) this.#meter.leaseLost();
  }
}
