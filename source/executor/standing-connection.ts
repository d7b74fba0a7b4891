import type pg from 'pg';
import { createClient } from '../database/client.ts';
import { isPooled } from '../database/pooler.ts';
import type { ConnectionSettings } from '../database/settings.ts';
import type { Meter } from '../observability/meter.ts';

/** Short: the leases of an executor whose pings fail are taken from it within seconds. */
const timeoutMs = 5_000;

type StandingConnectionPorts = {
  settings: ConnectionSettings;
  name: Parameters<Meter['reconnected']>[0];
  meter: Meter;
  /** The connection broke; `current`: it is the one that is used now. */
  onError(client: pg.Client, error: unknown, current: boolean): void;
};

/** One connection that is kept for as long as the executor runs, outside of any pool. */
export class StandingConnection {
  readonly #ports: StandingConnectionPorts;
  #client: pg.Client | null = null;
  #connected = false;

  constructor(ports: StandingConnectionPorts) {
    this.#ports = ports;
  }

  /** The connection, including one that is being opened. */
  get client(): pg.Client | null {
    return this.#client;
  }

  get wasConnected(): boolean {
    return this.#connected;
  }

  /**
   * Connects. Through a pooler the session may be another one at each message.
   * @param prepare called before it connects
   */
  async open(
    prepare?: (client: pg.Client) => void,
  ): Promise<{ client: pg.Client; pooled: boolean }> {
    const { settings, name, meter, onError } = this.#ports;
    const client = createClient(settings, timeoutMs);
    this.#client = client;
    prepare?.(client);
    client.on('error', (error) => onError(client, error, this.#client === client));
    await client.connect();
    if (this.#connected) meter.reconnected(name);
    this.#connected = true;
    return { client, pooled: await isPooled(client) };
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    if (client === null) return;
    client.removeAllListeners('notification');
    await client.end().catch(() => {});
  }
}
