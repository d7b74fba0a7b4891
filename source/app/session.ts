import type { Settings } from '../config.ts';
import { type Database, openDatabase } from '../database/database.ts';
import { requireSchema } from '../database/schema-version.ts';
import type { ConnectionSettings } from '../database/settings.ts';
import type { Thresholds } from '../domain/triage/thresholds.ts';
import { ServoError } from '../errors.ts';

export type Session = {
  tenant: string;
  actor: string;
  thresholds: Thresholds;
  reader: Database;
  /** The reader, unless the context has a write_url. */
  writer: Database;
  close(closingTimeout?: number): Promise<void>;
};

/**
 * Opens the configured database; refuses a schema that this program cannot use. The embedded
 * database is started and migrated; no other is migrated without a command.
 * @param timeout for a reply, in milliseconds, as in Database
 * @throws ServoError database_unreachable or schema
 */
export async function openSession(
  settings: Settings,
  connections?: Connections,
  timeout?: number,
): Promise<Session> {
  const { read, write } = connections ?? (await connectionsOf(settings));
  const { read_only } = settings;
  const reader = openDatabase(read, { read_only, timeout: timeout });
  // A read-only session has no writer until it is unlocked.
  const writer = write === read || read_only ? reader : openDatabase(write, { timeout: timeout });
  const close = async (closingTimeout?: number) => {
    await Promise.all([reader.close(closingTimeout), writer.close(closingTimeout)]);
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

export type Connections = { read: ConnectionSettings; write: ConnectionSettings };

export async function connectionsOf(settings: Settings): Promise<Connections> {
  const { database } = settings;
  if (database === null) throw new ServoError('internal', 'this command has no database');
  if (database.kind === 'server') return database;
  // Loaded only if needed: starting the embedded database is a lot of code.
  const { openEmbedded } = await import('./embedded-session.ts');
  const connection = await openEmbedded(settings.read_only);
  return { read: connection, write: connection };
}

/**
 * Removes passwords and DATABASE_URL from the environment: processes of a service must not inherit
 * them.
 */
export async function serviceConnection(settings: Settings): Promise<ConnectionSettings> {
  const { write } = await connectionsOf(settings);
  const { PGPASSWORD: password } = process.env;
  const { withdrawSecrets } = await import('../handlers/environment.ts');
  withdrawSecrets();
  return write.password === undefined && password ? { ...write, password } : write;
}
