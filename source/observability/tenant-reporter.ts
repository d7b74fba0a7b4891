import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { elect } from '../database/queries/elect.ts';
import { readFigures } from '../database/queries/read-figures.ts';
import { activeStates, figuresOf } from '../domain/executor/figures.ts';
import type { JobThresholds } from '../domain/triage/thresholds.ts';
import { messageOf } from '../errors.ts';
import type { Log } from './log.ts';
import { tenantMetrics } from './tenant-metrics.ts';

type ReporterPorts = {
  /** Its own pool, with a timeout: scrapes and batches must not wait for each other. */
  database: Database;
  tenants: readonly string[];
  thresholds: JobThresholds;
  log: Log;
  /** Duration of the lease (ms); a dead leader is replaced within it. Renewed every third of it. */
  lease_ms?: number;
};

const leaseMs = 15_000;
/** How long `stop` waits for a running query. */
const stopTimeoutMs = 2_000;

/** A scrape within this time (ms) of another gets the same result. */
const freshMs = 1_000;

/**
 * Reports the metrics of whole tenants in one process at a time per tenant: the holder of a lease.
 * Other processes leave these series out, so that sums over all processes are right.
 */
export class TenantReporter {
  readonly #ports: ReporterPorts;
  readonly #leaseMs: number;
  readonly #holder = randomUUID();
  #led: readonly string[] = [];
  /** End of the lease (monotonic), counted from before the request. */
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

  /** Gives up the lease, so that another process takes over immediately. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    // If the database does not answer, the lease expires.
    await Promise.race([this.#giveUp(), sleep(stopTimeoutMs, undefined, { ref: false })]);
    this.#until = 0;
  }

  async #giveUp(): Promise<void> {
    await this.#current;
    if (this.#led.length > 0) await this.#elect(0).catch(() => {});
  }

  get tenants(): readonly string[] {
    return performance.now() < this.#until ? this.#led : [];
  }

  get reachable(): boolean {
    return this.#reachable;
  }

  /** Prometheus text; empty if other processes report. Rejects if the database does not answer. */
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
        readFigures(query, tenant, activeStates, this.#ports.thresholds.early_warning),
      );
      readings.push(reading);
    }
    // Another process may have taken over meanwhile.
    if (this.tenants !== tenants) return '';
    return tenantMetrics(figuresOf(readings, this.#ports.thresholds));
  }

  async #renew(): Promise<void> {
    await this.#elect(this.#leaseMs).catch((error) =>
      this.#ports.log.debug(`cannot renew the lease on metrics: ${messageOf(error)}`),
    );
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#current = this.#renew();
    }, this.#leaseMs / 3);
  }

  async #elect(lease_ms: number): Promise<void> {
    const { database, tenants } = this.#ports;
    const asked = performance.now();
    const lease = { tenants, duty: 'metrics', holder: this.#holder, lease_ms };
    this.#reachable = false;
    const led = await elect(database, lease);
    this.#reachable = true;
    // Keeps the array while its content is the same: #read compares it.
    if (led.sort().join('\n') !== this.#led.join('\n')) this.#led = led;
    this.#until = asked + lease_ms;
  }
}
