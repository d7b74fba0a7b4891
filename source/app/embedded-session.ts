import { openDatabase } from '../database/database.ts';
import {
  type EmbeddedServer,
  embeddedStatus,
  ensureEmbeddedServer,
} from '../database/embedded/server.ts';
import { migrate } from '../database/migrate.ts';
import { requireSchema } from '../database/schema-version.ts';
import type { ConnectionSettings } from '../database/settings.ts';
import { ServoError } from '../errors.ts';

/**
 * Starts the embedded server if it is not running, migrates it, and connects as servo_app. In
 * read-only mode it is neither created nor migrated.
 * @throws ServoError not_allowed in read-only mode if there is no data
 */
export async function openEmbedded(readOnly: boolean): Promise<ConnectionSettings> {
  const server = await ensureEmbedded(readOnly);
  if (!readOnly && !(await isMigrated(server.app))) await migrate(server.superuser);
  return server.app;
}

export async function ensureEmbedded(readOnly: boolean): Promise<EmbeddedServer> {
  if (readOnly && (await embeddedStatus()).state === 'absent') {
    throw new ServoError(
      'not_allowed',
      'there is no embedded database yet, and read-only mode creates none',
      { hint: 'run a command without --read-only and SERVO_READ_ONLY first' },
    );
  }
  return ensureEmbeddedServer();
}

async function isMigrated(connection: ConnectionSettings): Promise<boolean> {
  const database = openDatabase(connection, { connections: 1 });
  try {
    await requireSchema(database);
    return true;
  } catch (error) {
    // migrate refuses a schema that needs a newer program, with the reason.
    if (error instanceof ServoError && error.code === 'schema') return false;
    throw error;
  } finally {
    await database.close();
  }
}
