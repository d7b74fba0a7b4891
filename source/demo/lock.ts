import { createClient } from '../database/database.ts';
import type { EmbeddedServer } from '../database/embedded/server.ts';

/** Arbitrary; must never change, or two versions of the demonstration would not see each other. */
const liveKey = 0x5e41_0de0;

/**
 * Claims the demonstration for this process, or returns null if another one has it. The claim is a session's
 * lock: whatever ends the process, `kill -9` included, ends the claim.
 */
export async function lockDemo(
  server: EmbeddedServer,
): Promise<{ release(): Promise<void> } | null> {
  const client = createClient({ ...server.app, application_name: 'servo-tui demo (live)' });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query('select pg_try_advisory_lock($1) as taken', [liveKey]);
  if (rows[0].taken) return { release: () => client.end().catch(() => {}) };
  await client.end();
  return null;
}
