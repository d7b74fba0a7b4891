import pg from 'pg';
import { messageOf } from '../errors.ts';
import type { ConnectionSettings, HostPort } from './settings.ts';

/** A host that drops packets must not use up the whole time that a connection may take to come about. */
const probeTimeoutMs = 3_000;

/** By the list of hosts: the one that was the right one last time is asked first. */
const lastChosen = new Map<string, number>();

/**
 * A client of several hosts: it connects to the first that takes writes, else, unless only that will do, to the first
 * that answers. Every connection chooses anew, so that after a failover each finds the new primary.
 */
export class FailoverClient extends pg.Client {
  readonly #settings: ConnectionSettings;

  constructor(settings: ConnectionSettings & pg.ClientConfig) {
    super(settings);
    this.#settings = settings;
    // A server may end the session in the same breath in which it lets it begin: whoever connects is told of it by the next statement,
    // and has had no time yet to listen. Without a listener it would end the process.
    this.on('error', () => {});
  }

  override connect(): Promise<this>;
  override connect(callback: (error: Error) => void): void;
  // biome-ignore lint/suspicious/noConfusingVoidType: the two shapes that pg declares
  override connect(callback?: (error: Error) => void): Promise<this> | void {
    const connecting = chooseHost(this.#settings).then(async (address) => {
      Object.assign(this, address);
      // By these the password is looked up.
      const { connectionParameters } = this as unknown as { connectionParameters: object };
      Object.assign(connectionParameters, address);
      await super.connect();
      return this;
    });
    if (callback === undefined) return connecting;
    // pg's pool looks for an error, and for nothing else.
    connecting.then(() => callback(null as unknown as Error), callback);
  }
}

/** Throws the last host's error if none answers, or if none takes writes and only such a one will do. */
export async function chooseHost(settings: ConnectionSettings): Promise<HostPort> {
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
    // The pool hides it from enumeration.
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
    // Nobody waits for a good-bye: a host that has just died would not say it.
    void client.end().catch(() => {});
  }
}
