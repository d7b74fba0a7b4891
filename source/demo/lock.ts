import { createClient } from '../database/client.ts';
import type { EmbeddedServer } from '../database/embedded/server.ts';

const lockKey = 0x5e41_0de0;

/**
 * Locks the demonstration for this process; null if another process holds the lock. A session lock,
 * which ends with the process, also after `kill -9`.
 */
export async function lockDemo(
  server: EmbeddedServer,
): Promise<{ release(): Promise<void> } | null> {
  const client = createClient({ ...server.app, application_name: 'servo-tui demo (live)' });
  client.on('error', () => {});
  const close = () => client.end().catch(() => {});
  try {
    await client.connect();
    const { rows } = await client.query('select pg_try_advisory_lock($1) as taken', [lockKey]);
    if (rows[0].taken) return { release: close };
  } catch (error) {
    await close();
    throw error;
  }
  await close();
  return null;
}
