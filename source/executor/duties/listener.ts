import type { ConnectionSettings } from '../../database/settings.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import type { Meter } from '../../observability/meter.ts';
import { Duty } from '../duty.ts';
import { StandingConnection } from '../standing-connection.ts';

/** The channel of migrations/functions/triggers.sql. */
const channel = 'servo';
/** How often a silent connection is tested, in milliseconds. */
const probeMs = 30_000;
const retryMs = 1_000;

type ListenerPorts = {
  settings: ConnectionSettings;
  log: Log;
  meter: Meter;
  /**
   * A job is new or has changed its state: the payload is a hash of the tenant, or empty if
   * notifications may have been missed.
   */
  onNotification(payload: string): void;
};

/** Listens for changed jobs. Polling finds what it misses, only later. */
export class Listener extends Duty {
  readonly #ports: ListenerPorts;
  readonly #connection: StandingConnection;
  #pooled = false;

  constructor(ports: ListenerPorts) {
    super({ name: 'listener', every: probeMs, log: ports.log });
    this.#ports = ports;
    this.#connection = new StandingConnection({
      settings: { ...ports.settings },
      name: 'listener',
      meter: ports.meter,
      onError: (_client, _error, current) => {
        if (current) this.wake();
      },
    });
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.#connection.close();
  }

  protected override async round(): Promise<number> {
    const { client } = this.#connection;
    try {
      if (this.#pooled) return probeMs;
      if (client === null) await this.#listen();
      else await client.query('select 1');
      return probeMs;
    } catch (error) {
      this.#ports.log.debug(`listener disconnected: ${messageOf(error)}`);
      await this.#connection.close();
      return retryMs;
    }
  }

  async #listen(): Promise<void> {
    const { onNotification, log } = this.#ports;
    const { client, pooled } = await this.#connection.open((opened) =>
      opened.on('notification', ({ payload }) => onNotification(payload ?? '')),
    );
    if (pooled) {
      // A pooler would send the notifications to another client, or to none.
      this.#pooled = true;
      log.info('connected through a pooler: new work is found by polling');
      await this.#connection.close();
      return;
    }
    await client.query(`listen ${channel}`);
    // Notifications before the LISTEN were missed.
    onNotification('');
  }
}
