import { type Database, openDatabase } from '../database/database.ts';
import type { ConnectionSettings } from '../database/settings.ts';
import { heartbeatTimeout, type Timings } from './settings.ts';

export type Pools = { batches: Database; handlers: Database; heartbeats: Database };

/** An executor's connections to the database, by what must not wait for what. */
export function openPools(settings: ConnectionSettings, slots: number, timings: Timings): Pools {
  // Not pipelined: the fault suite has tried every point between a statement and its answer.
  const open = (connections: number, timeout?: number) =>
    openDatabase(settings, { connections, timeout, pipelined: false });
  return {
    // A batch may wait for a locked job row: one connection for each slot, and three for the
    // duties.
    batches: open(slots + 3, timings.timeout),
    // Without a timeout: whether a handler's connection still works is checked apart from it.
    handlers: open(slots),
    // A heartbeat waits for nothing, and another one must be possible before leases expire.
    heartbeats: open(1, heartbeatTimeout(timings)),
  };
}
