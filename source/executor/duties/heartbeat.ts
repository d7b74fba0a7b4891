import type { Database } from '../../database/database.ts';
import { renewLeases } from '../../database/queries/executor-calls.ts';
import { type Attempt, leaseKey } from '../../domain/partition/attempt.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import type { Meter } from '../../observability/meter.ts';
import { Duty } from '../duty.ts';
import { jittered, type Timings } from '../settings.ts';

type HeartbeatPorts = {
  /** A pool of one connection, so that no batch or handler can delay a heartbeat. */
  database: Database;
  timings: Timings;
  log: Log;
  meter: Meter;
  attempts(): Iterable<Attempt>;
  onLost(attempt: Attempt): void;
  /** No heartbeat was acknowledged until just before the leases expire. */
  onFenced(): void;
};

const retryMs = 1_000;

/**
 * Renews the leases of all claimed attempts and the heartbeats of their jobs, whatever the handlers
 * do.
 */
export class Heartbeat extends Duty {
  readonly #ports: HeartbeatPorts;
  #acknowledged = performance.now();
  #aborted = false;

  constructor(ports: HeartbeatPorts) {
    super({ name: 'heartbeat', every: ports.timings.heartbeat, log: ports.log });
    this.#ports = ports;
  }

  override start(): void {
    this.#acknowledged = performance.now();
    super.start();
  }

  /** No heartbeat was acknowledged for so long that nothing new may be started. */
  get fenced(): boolean {
    return this.age > this.#ports.timings.fence;
  }

  get age(): number {
    return performance.now() - this.#acknowledged;
  }

  protected override async round(): Promise<number> {
    const { timings, log, meter } = this.#ports;
    const watch = setInterval(() => this.#abortIfLate(), Math.max(10, timings.heartbeat / 2));
    try {
      await this.#renew();
      this.#acknowledged = performance.now();
      this.#aborted = false;
      meter.heartbeat('ok');
      return jittered(timings.heartbeat);
    } catch (error) {
      meter.heartbeat('failed');
      log.warn(`heartbeat failed, trying again: ${messageOf(error)}`);
      this.#abortIfLate();
      return jittered(Math.min(timings.heartbeat, retryMs));
    } finally {
      clearInterval(watch);
    }
  }

  #abortIfLate(): void {
    if (this.#aborted || this.age <= this.#ports.timings.abort) return;
    this.#aborted = true;
    this.#ports.log.error(
      'handlers stopped: no heartbeat was acknowledged, leases are about to expire',
    );
    this.#ports.onFenced();
  }

  async #renew(): Promise<void> {
    const { database, timings, onLost } = this.#ports;
    const byTenant = new Map<string, Attempt[]>();
    for (const attempt of this.#ports.attempts()) {
      const held = byTenant.get(attempt.tenant_id);
      if (held === undefined) byTenant.set(attempt.tenant_id, [attempt]);
      else held.push(attempt);
    }
    if (byTenant.size === 0) await database.call('select 1 as alive');
    for (const [tenant, attempts] of byTenant) {
      const lost = await renewLeases(database, { tenant, attempts, lease_ms: timings.lease });
      const keys = new Set(lost.map(leaseKey));
      for (const attempt of attempts) if (keys.has(leaseKey(attempt))) onLost(attempt);
    }
  }
}
