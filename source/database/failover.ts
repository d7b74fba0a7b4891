import pg from 'pg';
import { messageOf } from '../errors.ts';
import type { ConnectionSettings, HostPort } from './settings.ts';

/** Short, so that a host that drops packets does not use up the connection's timeout. */
const probeTimeoutMs = 3_000;

/**
 * By list of hosts: the index of the last one that took writes, which is tried first. All pools of
 * the process share it, so that only one of them waits for a dead host.
 */
const lastChosen = new Map<string, number>();

/**
 * A client of several hosts. Connects to the first one that takes writes, else to the first that
 * answers, unless `target` is `writable`. Each connection chooses again, to follow a failover.
 */
export class FailoverClient extends pg.Client {
  readonly #settings: ConnectionSettings;

  constructor(settings: ConnectionSettings & pg.ClientConfig) {
    super(settings);
    this.#settings = settings;
    // The server may end the session right after login, before the caller listens for errors.
    // Without a listener that would end the process; the next statement reports it.
    this.on('error', () => {});
  }

  override connect(): Promise<this>;
  override connect(callback: (error: Error) => void): void;
  // biome-ignore lint/suspicious/noConfusingVoidType: the two shapes that pg declares
  override connect(callback?: (error: Error) => void): Promise<this> | void {
    const connecting = chooseHost(this.#settings).then(async (address) => {
      Object.assign(this, address);
      // The password is looked up by these.
      const { connectionParameters } = this as unknown as { connectionParameters: object };
      Object.assign(connectionParameters, address);
      await super.connect();
      return this;
    });
    if (callback === undefined) return connecting;
    // pg's pool only looks for an error.
    connecting.then(() => callback(null as unknown as Error), callback);
  }
}

/** Throws if no host answers, or if none takes writes and `target` asks for that. */
async function chooseHost(settings: ConnectionSettings): Promise<HostPort> {
  const hosts = settings.hosts ?? [settings];
  const key = hosts.map(({ host, port }) => `${host}:${port}`).join(',');
  const first = lastChosen.get(key) ?? 0;
  let standby: HostPort | null = null;
  let failure: unknown;
  for (let i = 0; i < hosts.length; i++) {
    const index = (first + i) % hosts.length;
    const { host, port } = hosts[index]!;
    try {
      if (await takesWrites(settings, { host, port })) {
        lastChosen.set(key, index);
        return { host, port };
      }
      standby ??= { host, port };
    } catch (error) {
      failure = error;
    }
  }
  if (standby !== null && settings.target !== 'writable') return standby;
  if (standby === null) throw failure;
  throw new Error(
    `connection error: none of ${key} takes writes${failure ? ` (${messageOf(failure)})` : ''}`,
  );
}

async function takesWrites(settings: ConnectionSettings, address: HostPort): Promise<boolean> {
  const client = new pg.Client({
    ...settings,
    // Not enumerable in the pool's settings.
    password: settings.password,
    ...address,
    connectionTimeoutMillis: probeTimeoutMs,
    query_timeout: probeTimeoutMs,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query('select pg_is_in_recovery() as standby');
    return !rows[0].standby;
  } finally {
    // Not awaited: a host that has just died does not answer.
    void client.end().catch(() => {});
  }
}
