import { openDatabase } from '../database/database.ts';
import { ensureEmbeddedServer } from '../database/embedded/server.ts';
import { migrate } from '../database/migrate.ts';
import { requireSchema } from '../database/schema-version.ts';
import type { ConnectionSettings } from '../database/settings.ts';
import { ServoError } from '../errors.ts';

/** The embedded server, started and migrated where it must be; connections are servo_app's. */
export async function openEmbedded(): Promise<ConnectionSettings> {
  const server = await ensureEmbeddedServer();
  if (!(await isMigrated(server.app))) await migrate(server.superuser);
  return server.app;
}

async function isMigrated(connection: ConnectionSettings): Promise<boolean> {
  const database = openDatabase(connection, { connections: 1 });
  try {
    await requireSchema(database);
    return true;
  } catch (error) {
    // A schema that wants a newer program is refused by migrate, with the reason.
    if (error instanceof ServoError && error.code === 'schema') return false;
    throw error;
  } finally {
    await database.close();
  }
}
