import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { lead } from '../database/queries/elect.ts';
import { readFigures } from '../database/queries/read-figures.ts';
import { activeStates, figuresOf } from '../domain/executor/figures.ts';
import type { JobThresholds } from '../domain/triage/thresholds.ts';
import { messageOf } from '../errors.ts';
import type { Log } from './log.ts';
import { tenantMetrics } from './tenant-metrics.ts';

export type ReporterPorts = {
  /** A pool of its own, with a timeout: a scrape must neither wait for steps nor keep them waiting. */
  database: Database;
  tenants: readonly string[];
  thresholds: JobThresholds;
  log: Log;
  /** Life of the lease (ms). Who reports and dies is followed by another within it; it is renewed three times as often. */
  lease_ms?: number;
};

const leaseMs = 15_000;
/** A stop waits so long (ms) for what is being asked. */
const farewellMs = 2_000;

/** What one scrape finds; another that comes so soon (ms) gets the same. */
const freshMs = 1_000;

/**
 * Reports what is of whole tenants, in one process at a time for each tenant, so that sums over all executors and exporters are right: whoever
 * holds the tenant's lease. The others say nothing of it, which is not the same as zero.
 */
export class TenantReporter {
  readonly #ports: ReporterPorts;
  readonly #leaseMs: number;
  readonly #holder = randomUUID();
  #led: readonly string[] = [];
  /** Until when the lease surely runs (monotonic): counted from before it was asked for. */
  #until = 0;
  #timer: NodeJS.Timeout | null = null;
  #current: Promise<void> | null = null;
  #stopped = true;
  #reachable = false;
  #answer: { at: number; text: Promise<string> } | null = null;

  constructor(ports: ReporterPorts) {
    this.#ports = ports;
    this.#leaseMs = ports.lease_ms ?? leaseMs;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#current = this.#renew();
  }

  /** Gives up what it reports, so that another goes on at once. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    // A database that does not answer is left to let the lease run out.
    await Promise.race([this.#giveUp(), sleep(farewellMs, undefined, { ref: false })]);
    this.#until = 0;
  }

  async #giveUp(): Promise<void> {
    await this.#current;
    if (this.#led.length > 0) await this.#lead(0).catch(() => {});
  }

  /** The tenants that this process reports now. */
  get tenants(): readonly string[] {
    return performance.now() < this.#until ? this.#led : [];
  }

  /** The database has answered the last time that it was asked. */
  get reachable(): boolean {
    return this.#reachable;
  }

  /** In Prometheus' format; empty where other processes report. Rejects where the database does not answer. */
  metrics(): Promise<string> {
    const now = performance.now();
    if (this.#answer === null || now - this.#answer.at > freshMs)
      this.#answer = { at: now, text: this.#read() };
    return this.#answer.text;
  }

  async #read(): Promise<string> {
    const { tenants } = this;
    if (tenants.length === 0) return '';
    const readings = [];
    for (const tenant of tenants) {
      const reading = await this.#ports.database.read(tenant, (query) =>
        readFigures(query, tenant, activeStates),
      );
      readings.push(reading);
    }
    // Another may have taken over while this one read.
    if (this.tenants !== tenants) return '';
    return tenantMetrics(figuresOf(readings, this.#ports.thresholds));
  }

  async #renew(): Promise<void> {
    await this.#lead(this.#leaseMs).catch((error) =>
      this.#ports.log.debug(`cannot renew the lease on metrics: ${messageOf(error)}`),
    );
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#current = this.#renew();
    }, this.#leaseMs / 3);
  }

  async #lead(lease_ms: number): Promise<void> {
    const { database, tenants } = this.#ports;
    const asked = performance.now();
    const lease = { tenants, duty: 'metrics', holder: this.#holder, lease_ms };
    this.#reachable = false;
    const led = await lead(database, lease);
    this.#reachable = true;
    // The same array as long as it is the same: see #read.
    if (led.sort().join('\n') !== this.#led.join('\n')) this.#led = led;
    this.#until = asked + lease_ms;
  }
}
