import type { Settings } from '../config.ts';
import { type Database, openDatabase } from '../database/database.ts';
import { requireSchema } from '../database/schema-version.ts';
import type { ConnectionSettings } from '../database/settings.ts';
import type { Thresholds } from '../domain/triage/thresholds.ts';
import { ServoError } from '../errors.ts';

/** The database of one command, with the tenant it works on. */
export type Session = {
  tenant: string;
  actor: string;
  thresholds: Thresholds;
  reader: Database;
  /** The reader, unless the context has a write_url. */
  writer: Database;
  /** `farewell`: as of a Database. */
  close(farewell?: number): Promise<void>;
};

/**
 * Opens the database that the settings name, and refuses one whose schema this program cannot use.
 * The embedded one is started and brought to the schema; any other is never migrated unasked.
 * `timeout`: as of a Database.
 * @throws ServoError database_unreachable or schema
 */
export async function openSession(
  settings: Settings,
  connections?: Connections,
  timeout?: number,
): Promise<Session> {
  const { read, write } = connections ?? (await connectionsOf(settings));
  const { read_only } = settings;
  const reader = openDatabase(read, { read_only, timeout });
  // What is read-only has no way to write: it is opened when it is unlocked.
  const writer = write === read || read_only ? reader : openDatabase(write, { timeout });
  const close = async (farewell?: number) => {
    await Promise.all([reader.close(farewell), writer.close(farewell)]);
  };
  try {
    await requireSchema(reader);
  } catch (error) {
    await close();
    throw error;
  }
  const { actor, thresholds } = settings;
  return { tenant: settings.tenants[0] ?? '', actor, thresholds, reader, writer, close };
}

/** Opens a session, and closes it when the work is done or has failed. */
export async function withSession<T>(
  settings: Settings,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(settings);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** How to reach the database for reading, and for writing: mostly the same. */
export type Connections = { read: ConnectionSettings; write: ConnectionSettings };

export async function connectionsOf(settings: Settings): Promise<Connections> {
  const { database } = settings;
  if (database === null) throw new ServoError('internal', 'this command has no database');
  if (database.kind === 'server') return database;
  // Most databases are not embedded, and starting a server is a lot of code.
  const { openEmbedded } = await import('./embedded-session.ts');
  const connection = await openEmbedded(settings.read_only);
  return { read: connection, write: connection };
}

/**
 * How a service reaches the database: with the password that pg would look up in the environment, from which it is then taken, as
 * DATABASE_URL is. A service starts processes, and none is to inherit them.
 */
export async function serviceConnection(settings: Settings): Promise<ConnectionSettings> {
  const { write } = await connectionsOf(settings);
  const { PGPASSWORD: password } = process.env;
  const { withdrawSecrets } = await import('../handlers/environment.ts');
  withdrawSecrets();
  return write.password === undefined && password ? { ...write, password } : write;
}
