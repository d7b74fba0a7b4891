import type pg from 'pg';
import { createClient, destroy } from '../database/database.ts';
import { isPooled } from '../database/pooler.ts';
import type { ConnectionSettings } from '../database/settings.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Meter } from '../observability/meter.ts';
import { Loop } from './loop.ts';
import { withTimeout } from './with-timeout.ts';

/** The channel of migrations/functions/triggers.sql; its payload is a hash of the tenant. */
const channel = 'servo';
/** A connection that has died in silence is found by asking it something. */
const probeMs = 30_000;

/** Calls `notified` when a job has appeared or changed its state. Polling stands behind it: what it misses is late, not lost. */
export class Listener {
  readonly #settings: ConnectionSettings;
  readonly #notified: (tenantHash: string) => void;
  readonly #log: Log;
  readonly #meter: Meter;
  readonly #loop: Loop;
  #client: pg.Client | null = null;
  #pooled = false;
  #connected = false;

  constructor(
    settings: ConnectionSettings,
    notified: (tenantHash: string) => void,
    log: Log,
    meter: Meter,
  ) {
    this.#settings = { ...settings };
    this.#notified = notified;
    this.#log = log;
    this.#meter = meter;
    this.#loop = new Loop(() => this.#round());
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.#drop();
  }

  async #round(): Promise<number> {
    try {
      if (this.#pooled) return probeMs;
      if (this.#client === null) await this.#listen();
      else await withTimeout(this.#client.query('select 1'));
      return probeMs;
    } catch (error) {
      this.#log.debug(`the listener lost its connection: ${messageOf(error)}`);
      await this.#drop();
      return 1_000;
    }
  }

  async #listen(): Promise<void> {
    const client = createClient(this.#settings);
    this.#client = client;
    client.on('notification', (message) => this.#notified(message.payload ?? ''));
    client.on('error', () => {
      if (this.#client === client) this.#loop.wake();
    });
    await client.connect();
    if (this.#connected) this.#meter.reconnected('listener');
    this.#connected = true;
    if (await isPooled(client)) {
      // A pooler would give the notifications to somebody else, or to nobody.
      this.#pooled = true;
      this.#log.info('connected through a pooler: new work is found by polling');
      await this.#drop();
      return;
    }
    await withTimeout(client.query(`listen ${channel}`));
    // What was said while nobody listened.
    this.#notified('');
  }

  async #drop(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    if (client === null) return;
    client.removeAllListeners('notification');
    await withTimeout(client.end()).catch(() => destroy(client));
  }
}
