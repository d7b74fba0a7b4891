import type { Database } from '../database/database.ts';
import { beat } from '../database/queries/executor-calls.ts';
import { type Attempt, leaseKey } from '../domain/partition/attempt.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Meter } from '../observability/meter.ts';
import { Loop } from './loop.ts';
import { jittered, type Timings } from './settings.ts';

export type HeartbeatPorts = {
  /** A pool of one connection, so that no step or handler can keep a beat waiting. */
  database: Database;
  timings: Timings;
  log: Log;
  meter: Meter;
  held(): Iterable<Attempt>;
  lost(attempt: Attempt): void;
  /** No beat was acknowledged for so long that leases are about to run out. */
  abort(): void;
};

/** Renews the leases of every attempt held and keeps their jobs fresh, whatever the handlers do. */
export class Heartbeat {
  readonly #ports: HeartbeatPorts;
  readonly #loop: Loop;
  /** Of the last acknowledged beat, by the monotonic clock. */
  #acknowledged = performance.now();
  #aborted = false;

  constructor(ports: HeartbeatPorts) {
    this.#ports = ports;
    this.#loop = new Loop(() => this.#round());
  }

  start(): void {
    this.#acknowledged = performance.now();
    this.#loop.start();
  }

  /** Leases of this executor were taken back: which, the next beat is told, and it is due now. */
  wake(): void {
    this.#loop.wake();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** The database has not answered for so long that nothing new may be started. */
  get fenced(): boolean {
    return this.age > this.#ports.timings.fence;
  }

  /** Milliseconds since the last acknowledged beat. */
  get age(): number {
    return performance.now() - this.#acknowledged;
  }

  async #round(): Promise<number> {
    const { timings, log, meter } = this.#ports;
    const watch = setInterval(() => this.#abortIfLate(), Math.max(10, timings.heartbeat / 2));
    try {
      await this.#beat();
      this.#acknowledged = performance.now();
      this.#aborted = false;
      meter.heartbeat('ok');
      return jittered(timings.heartbeat);
    } catch (error) {
      meter.heartbeat('failed');
      log.warn(`no heartbeat: ${messageOf(error)}`);
      this.#abortIfLate();
      return jittered(Math.min(timings.heartbeat, 1_000));
    } finally {
      clearInterval(watch);
    }
  }

  #abortIfLate(): void {
    if (this.#aborted || this.age <= this.#ports.timings.abort) return;
    this.#aborted = true;
    this.#ports.log.error(
      'no heartbeat was acknowledged for too long: handlers are stopped before their leases run out',
    );
    this.#ports.abort();
  }

  async #beat(): Promise<void> {
    const byTenant = new Map<string, Attempt[]>();
    for (const attempt of this.#ports.held()) {
      const held = byTenant.get(attempt.tenant_id);
      if (held === undefined) byTenant.set(attempt.tenant_id, [attempt]);
      else held.push(attempt);
    }
    if (byTenant.size === 0) await this.#ports.database.call('select 1 as alive');
    for (const [tenant, attempts] of byTenant) {
      const { database, timings, lost } = this.#ports;
      const leases = new Set(
        (await beat(database, { tenant, attempts, lease_ms: timings.lease })).map(leaseKey),
      );
      // Attempts that ended while the beat was under way are not held any more, and nobody minds.
      for (const attempt of attempts) if (leases.has(leaseKey(attempt))) lost(attempt);
    }
  }
}
