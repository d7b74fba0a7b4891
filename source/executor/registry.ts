import type pg from 'pg';
import { createClient, destroy } from '../database/database.ts';
import { codeOf, explainFailure } from '../database/failure.ts';
import { isPooled } from '../database/pooler.ts';
import { queryAlone } from '../database/session-settings.ts';
import type { ConnectionSettings } from '../database/settings.ts';
import type { OutageKind } from '../domain/partition/attempt.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Meter } from '../observability/meter.ts';
import { Loop } from './loop.ts';
import type { SessionReporter } from './loss-reporter.ts';
import { withTimeout } from './with-timeout.ts';
import { jittered, type Timings } from './settings.ts';

export type Registration = {
  id: string;
  tenants: readonly string[];
  host: string;
  pid: number;
  version: string;
  slots: number;
  /** A hash of the handler directory, as it was read at the start. */
  catalogue: string;
  /** The assets that it has handlers for at this moment. */
  handlers(): readonly string[];
  /** What is away for its handlers, and for how long by the monotonic clock. */
  outages(): readonly OutageRow[];
};

export type OutageRow = {
  tenant: string;
  asset: string;
  kind: OutageKind;
  message: string;
  age_ms: number;
};

/**
 * An executor's entry among the living. Its session holds an advisory lock, and gives its signs of life on that same
 * session: when both end, others know within seconds that it has died. Through a pooler a lock outlives its client,
 * so there it is registered without one, and only its leases tell.
 */
export class Registry implements SessionReporter {
  readonly #settings: ConnectionSettings;
  readonly #registration: Registration;
  readonly #timings: Timings;
  readonly #log: Log;
  readonly #meter: Meter;
  readonly #loop: Loop;
  #client: pg.Client | null = null;
  /** The session whose loss is on record. */
  #lost: pg.Client | null = null;
  #turn: Promise<void> = Promise.resolve();
  #pooled = false;
  #connected = false;
  #locked = false;
  #draining = false;
  /** When this session got its lock, and when the last sign of life was acknowledged (monotonic). */
  #lockedAt = Number.POSITIVE_INFINITY;
  #seenAt = performance.now();
  serverStart: string | null = null;
  lastLoss: { at: number; said: string | null } | null = null;

  constructor(
    settings: ConnectionSettings,
    registration: Registration,
    timings: Timings,
    log: Log,
    meter: Meter,
  ) {
    this.#settings = settings;
    this.#registration = registration;
    this.#timings = timings;
    this.#log = log;
    this.#meter = meter;
    this.#loop = new Loop(() => this.#round());
  }

  /** Registers at once, and throws if that fails; then keeps it up. */
  async start(): Promise<void> {
    await this.#sign(false).catch(async (error) => {
      await this.#drop();
      throw explainFailure(error, this.#settings);
    });
    this.#loop.start();
  }

  /** Writes what has changed without waiting for the next sign of life. */
  refresh(): void {
    this.#loop.wake();
  }

  /** Asks the session itself: one that has died in silence does not say so. */
  async confirm(): Promise<void> {
    await this.#alone(async () => {
      const client = this.#client;
      if (client === null) return;
      await withTimeout(client.query('select')).catch((error) => this.#lose(client, error));
    });
  }

  drain(): void {
    this.#draining = true;
    this.#loop.wake();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    // One that was never there has nothing to take back.
    if (this.#connected) await this.#sign(true).catch(() => {});
    await this.#drop();
  }

  /** Others may take this executor for dead soon: it must not start anything. */
  get doubtful(): boolean {
    return (
      !this.#pooled &&
      performance.now() - this.#seenAt > this.#timings.silence - this.#timings.ping * 0.6
    );
  }

  /** Its own lock is old enough to judge others by theirs. */
  get mayJudge(): boolean {
    return (
      this.#locked &&
      performance.now() - this.#lockedAt > this.#timings.silence + this.#timings.ping
    );
  }

  async #round(): Promise<number> {
    try {
      await this.#sign(false);
      return jittered(this.#timings.ping);
    } catch (error) {
      this.#log.debug(`no sign of life, trying again: ${messageOf(error)}`);
      if (this.#client !== null) this.#lose(this.#client, error);
      await this.#drop();
      return jittered(Math.min(500, this.#timings.ping));
    }
  }

  /** One after the other: a session runs one statement at a time. */
  #alone(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  #sign(stopped: boolean): Promise<void> {
    return this.#alone(() => this.#register(stopped));
  }

  async #register(stopped: boolean): Promise<void> {
    const client = this.#client ?? (await this.#connect());
    const { id, tenants, host, pid, version, slots, catalogue } = this.#registration;
    const [handlers, outages] = [this.#registration.handlers(), this.#registration.outages()];
    if (!this.#pooled && !this.#locked) {
      const { rows } = await withTimeout(
        client.query('select pg_try_advisory_lock(servo_executor_lock($1)) as taken', [id]),
      );
      // Not to be had while a session of ours that was cut off still lingers: which keeps us alive as well.
      this.#locked = rows[0].taken;
      this.#lockedAt = performance.now();
    }
    const phase = [!this.#pooled, this.#draining || stopped, stopped];
    await withTimeout(
      queryAlone(
        client,
        'select servo_register_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)',
        [
          id,
          tenants,
          host,
          pid,
          version,
          slots,
          handlers,
          ...phase,
          this.#locked,
          catalogue,
          JSON.stringify(outages),
        ],
      ),
    );
    this.#seenAt = performance.now();
  }

  async #connect(): Promise<pg.Client> {
    const client = createClient(this.#settings);
    this.#client = client;
    client.on('error', (error) => {
      this.#lose(client, error);
      if (this.#client === client) this.#loop.wake();
    });
    await client.connect();
    if (this.#connected) this.#meter.reconnected('registry');
    this.#connected = true;
    this.#pooled = await isPooled(client);
    const { rows } = await withTimeout(
      client.query('select pg_postmaster_start_time()::text as at'),
    );
    this.serverStart = rows[0].at;
    return client;
  }

  /** What the server says before it ends a session counts, not how the socket closes after it. */
  #lose(client: pg.Client, error: unknown): void {
    if (this.#lost === client) return;
    this.#lost = client;
    const code = codeOf(error);
    this.lastLoss = {
      at: performance.now(),
      said: (error as { severity?: string }).severity === undefined ? null : (code ?? null),
    };
  }

  async #drop(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    this.#locked = false;
    if (client !== null) await withTimeout(client.end()).catch(() => destroy(client));
  }
}
