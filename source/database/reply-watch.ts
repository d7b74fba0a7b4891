import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { createClient, destroy } from './client.ts';
import { answeredCode } from './failure.ts';
import type { ConnectionSettings } from './settings.ts';

const intervalMs = 5_000;

/**
 * Runs `work` on the client and cuts its connection when the reply to a statement is lost, so that
 * the statement fails. For statements that may run for hours: another session looks every five
 * seconds whether a backend of this application name runs one. Two looks in a row decide, while the
 * same statement is pending: a reply may be on its way.
 */
export async function watchingReplies<T>(
  client: pg.Client,
  settings: ConnectionSettings & { application_name: string },
  work: () => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const watch = watchOver(client, settings, ended.signal);
  try {
    return await work();
  } finally {
    ended.abort();
    await watch;
  }
}

async function watchOver(
  client: pg.Client,
  settings: ConnectionSettings & { application_name: string },
  signal: AbortSignal,
): Promise<void> {
  let [seen, missing] = [pendingOn(client), 0];
  for (;;) {
    await sleep(intervalMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const pending = pendingOn(client);
    if (pending !== seen) missing = 0;
    seen = pending;
    if (pending === null) continue;
    missing = (await runsStatement(settings, signal)) ? 0 : missing + 1;
    if (missing > 1 && pendingOn(client) === pending) return destroy(client);
  }
}

/** The statement that waits for its reply: another object for each. */
function pendingOn(client: pg.Client): object | null {
  return (client as unknown as { _getActiveQuery(): object | null })._getActiveQuery() ?? null;
}

/** A refusal by the server, e.g. of one more connection, proves nothing. */
async function runsStatement(
  settings: ConnectionSettings & { application_name: string },
  signal: AbortSignal,
): Promise<boolean> {
  const name = settings.application_name;
  const client = createClient({ ...settings, application_name: `${name} (watch)` });
  const close = () => destroy(client);
  signal.addEventListener('abort', close);
  try {
    await client.connect();
    const { rows } = await client.query<{ runs: boolean }>(
      `select exists (select from pg_stat_activity where application_name = $1 and state = 'active'
         and datname = current_database() and usename = session_user) as runs`,
      [name],
    );
    return rows[0]!.runs;
  } catch (error) {
    return answeredCode(error) !== null;
  } finally {
    signal.removeEventListener('abort', close);
    await client.end().catch(() => {});
  }
}
