import type { Socket } from 'node:net';
import pg from 'pg';
import { FailoverClient } from './failover.ts';
import { passwordFor } from './password.ts';
import { withOwnSettings } from './session-settings.ts';
import type { ConnectionSettings } from './settings.ts';
import { types } from './values.ts';

/** A vanished peer is noticed within half a minute, on idle connections too. */
export const liveness = {
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  connectionTimeoutMillis: 10_000,
};

/** Longest wait for the reply to a statement outside of a pool, in milliseconds. */
const replyTimeoutMs = 10_000;

/** Longest wait for the server's goodbye, in milliseconds. */
export const closeTimeoutMs = 2_000;

/**
 * A connection outside of a pool. It waits for no reply for ever: a proxy or pooler that has
 * forgotten a connection keeps it open and answers the kernel's probes, so only a timeout notices.
 * @param timeout ms without a reply after which a statement fails; null where statements may run
 *   for hours: the caller then watches the connection (reply-watch.ts)
 */
export function createClient(
  settings: ConnectionSettings,
  timeout: number | null = replyTimeoutMs,
): pg.Client {
  const kind = settings.hosts === undefined ? single : several;
  const limit = timeout === null ? {} : { query_timeout: timeout };
  return new kind({ ...liveness, ...withPassword(settings), types, ...limit });
}

/** Looked up when the server asks: pg reads ~/.pgpass itself only with a warning. */
export function withPassword(settings: ConnectionSettings) {
  return settings.password === undefined
    ? { ...settings, password: passwordFor as unknown as () => Promise<string> }
    : settings;
}

const pooledSingle = withOwnSettings(pg.Client);
const pooledSeveral = withOwnSettings(FailoverClient);
const single = withBoundedEnd(pooledSingle);
const several = withBoundedEnd(pooledSeveral);

/** The class of a pool's clients. The pool bounds their end itself. */
export function pooledClient(settings: ConnectionSettings): typeof pg.Client {
  return settings.hosts === undefined ? pooledSingle : pooledSeveral;
}

/** A class whose clients cut the connection if the server says no goodbye in time. */
function withBoundedEnd(kind: typeof pg.Client): typeof pg.Client {
  return class extends kind {
    override end(): Promise<void>;
    override end(callback: (error: Error) => void): void;
    override end(callback?: (error: Error) => void): Promise<void> | void {
      const timer = setTimeout(() => destroy(this), closeTimeoutMs);
      const ended = super.end().finally(() => clearTimeout(timer));
      if (callback === undefined) return ended;
      ended.then(() => callback(null as unknown as Error), callback);
    }
  };
}

/** Cuts the connection; its pending statements fail immediately. */
export function destroy(client: pg.ClientBase): void {
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
}
