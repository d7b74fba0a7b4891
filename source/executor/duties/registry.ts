import type pg from 'pg';
import { codeOf, explainFailure } from '../../database/failure.ts';
import { queryAlone } from '../../database/session-settings.ts';
import type { ConnectionSettings } from '../../database/settings.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import type { Meter } from '../../observability/meter.ts';
import type { SessionReporter } from '../attempts/loss-reporter.ts';
import { Duty } from '../duty.ts';
import type { OutageRow } from '../jobs/outages.ts';
import { jittered, type Timings } from '../settings.ts';
import { StandingConnection } from '../standing-connection.ts';

type Registration = {
  id: string;
  tenants: readonly string[];
  host: string;
  pid: number;
  version: string;
  slots: number;
  /** A hash of the handler directory at the start. */
  catalogue: string;
  handlers(): readonly string[];
  /** What is unavailable to its handlers, and for how long (monotonic). */
  outages(): readonly OutageRow[];
};

type RegistryPorts = {
  settings: ConnectionSettings;
  registration: Registration;
  timings: Timings;
  log: Log;
  meter: Meter;
};

const retryMs = 500;

/**
 * The executor's row in backfill_executors. Its session holds an advisory lock and pings `seen_at`;
 * when both end, others declare the executor dead within seconds. Behind a pooler a lock outlives
 * its client, so it registers without a lock, and only its leases expire.
 */
export class Registry extends Duty implements SessionReporter {
  readonly #ports: RegistryPorts;
  readonly #connection: StandingConnection;
  #lost: pg.Client | null = null;
  #turn: Promise<void> = Promise.resolve();
  #pooled = false;
  #locked = false;
  #draining = false;
  /** When this session got its lock, and when the last ping was acknowledged (monotonic). */
  #lockedAt = Number.POSITIVE_INFINITY;
  #seenAt = performance.now();
  serverStart: string | null = null;
  lastLoss: { at: number; said: string | null } | null = null;

  constructor(ports: RegistryPorts) {
    super({ name: 'ping', every: ports.timings.ping, log: ports.log });
    this.#ports = ports;
    this.#connection = new StandingConnection({
      settings: ports.settings,
      name: 'registry',
      meter: ports.meter,
      onError: (client, error, current) => {
        this.#lose(client, error);
        if (current) this.wake();
      },
    });
  }

  /** Registers, and throws if that fails. To be called before `start`. */
  async register(): Promise<void> {
    await this.#ping(false).catch(async (error) => {
      await this.#close();
      throw explainFailure(error, this.#ports.settings);
    });
  }

  /** Tests the session: a connection that died silently reports no error. */
  async confirm(): Promise<void> {
    await this.#alone(async () => {
      const { client } = this.#connection;
      if (client === null) return;
      await client.query('select').catch((error) => this.#lose(client, error));
    });
  }

  drain(): void {
    this.#draining = true;
    this.wake();
  }

  override async stop(): Promise<void> {
    await super.stop();
    // If it never connected, it has no row.
    if (this.#connection.wasConnected) await this.#ping(true).catch(() => {});
    await this.#close();
  }

  /** Others may declare this executor dead soon: it must not start anything. */
  get doubtful(): boolean {
    const { silence, ping } = this.#ports.timings;
    return !this.#pooled && performance.now() - this.#seenAt > silence - ping * 0.6;
  }

  /** Its own lock is old enough to declare others dead by theirs. */
  get mayDeclareDead(): boolean {
    const { silence, ping } = this.#ports.timings;
    return this.#locked && performance.now() - this.#lockedAt > silence + ping;
  }

  protected override async round(): Promise<number> {
    const { timings, log } = this.#ports;
    try {
      await this.#ping(false);
      return jittered(timings.ping);
    } catch (error) {
      log.debug(`ping failed, trying again: ${messageOf(error)}`);
      const { client } = this.#connection;
      if (client !== null) this.#lose(client, error);
      await this.#close();
      return jittered(Math.min(retryMs, timings.ping));
    }
  }

  /** Runs one statement at a time on the session. */
  #alone(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  #ping(stopped: boolean): Promise<void> {
    return this.#alone(() => this.#write(stopped));
  }

  async #write(stopped: boolean): Promise<void> {
    const client = this.#connection.client ?? (await this.#connect());
    const { registration } = this.#ports;
    const { id, tenants, host, pid, version, slots, catalogue } = registration;
    const [handlers, outages] = [registration.handlers(), registration.outages()];
    if (!this.#pooled && !this.#locked) {
      const { rows } = await client.query(
        'select pg_try_advisory_lock(servo_executor_lock($1)) as taken',
        [id],
      );
      // Not free while a cut-off session of ours remains, which also keeps us alive.
      this.#locked = rows[0].taken;
      this.#lockedAt = performance.now();
    }
    const phase = [!this.#pooled, this.#draining || stopped, stopped];
    await queryAlone(
      client,
      'select servo_register_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)',
      [
        ...[id, tenants, host, pid, version, slots, handlers],
        ...[...phase, this.#locked, catalogue, JSON.stringify(outages)],
      ],
    );
    this.#seenAt = performance.now();
  }

  async #connect(): Promise<pg.Client> {
    const { client, pooled } = await this.#connection.open();
    this.#pooled = pooled;
    const { rows } = await client.query('select pg_postmaster_start_time()::text as at');
    this.serverStart = rows[0].at;
    return client;
  }

  /** The server's error before the end of a session counts, not how the socket closes after it. */
  #lose(client: pg.Client, error: unknown): void {
    if (this.#lost === client) return;
    this.#lost = client;
    const said = (error as { severity?: string }).severity === undefined ? null : codeOf(error);
    this.lastLoss = { at: performance.now(), said: said ?? null };
  }

  #close(): Promise<void> {
    this.#locked = false;
    return this.#connection.close();
  }
}
