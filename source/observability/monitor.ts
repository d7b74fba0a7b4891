import { Gauge } from 'prom-client';
import { type Database, openDatabase } from '../database/database.ts';
import { requireSchema } from '../database/schema-version.ts';
import type { ConnectionSettings } from '../database/settings.ts';
import type { JobThresholds } from '../domain/triage/thresholds.ts';
import { messageOf } from '../errors.ts';
import { ExecutorMetrics } from './executor-metrics.ts';
import type { Log } from './log.ts';
import type { HoldReason, Meter, Vitals } from './meter.ts';
import { type Check, type ListenAddress, type Server, startServer } from './server.ts';
import { TenantReporter } from './tenant-reporter.ts';

export type MonitorOptions = {
  address: ListenAddress;
  settings: ConnectionSettings;
  tenants: readonly string[];
  thresholds: JobThresholds;
  log: Log;
  /** Whether this process runs an executor; it is not ready before that has started. */
  executes: boolean;
  lease_ms?: number;
};

const timeout = 5_000;

export class Monitor {
  readonly #options: MonitorOptions;
  readonly #database: Database;
  readonly #metrics: ExecutorMetrics;
  readonly #reporter: TenantReporter;
  #executor: (() => Vitals) | null = null;
  #server: Server | null = null;

  private constructor(options: MonitorOptions) {
    this.#options = options;
    const settings = { ...options.settings, application_name: 'servo-tui metrics' };
    this.#database = openDatabase(settings, { connections: 1, timeout });
    this.#metrics = new ExecutorMetrics(() => this.#executor?.() ?? null, options.executes);
    const { tenants, thresholds, log, lease_ms } = options;
    const database = this.#database;
    this.#reporter = new TenantReporter({ database, tenants, thresholds, log, lease_ms });
    const reporter = this.#reporter;
    new Gauge({
      name: 'servo_tui_database_up',
      help: 'Whether the database answered the last query for the metrics of tenants',
      registers: [this.#metrics.registry],
      collect() {
        this.set(Number(reporter.reachable));
      },
    });
  }

  /** @throws ServoError usage if it cannot listen on the address */
  static async start(options: MonitorOptions): Promise<Monitor> {
    const monitor = new Monitor(options);
    try {
      monitor.#server = await startServer(options.address, {
        metrics: () => monitor.metrics(),
        checks: () => monitor.checks(),
      });
    } catch (error) {
      await monitor.#database.close();
      throw error;
    }
    monitor.#reporter.start();
    options.log.info(`metrics and health on ${monitor.address}`);
    return monitor;
  }

  /** `127.0.0.1:9464` */
  get address(): string {
    return this.#server!.address;
  }

  get meter(): Meter {
    return this.#metrics.meter;
  }

  /** Throws if the database cannot be reached or has no usable schema. */
  requireDatabase(): Promise<void> {
    return requireSchema(this.#database);
  }

  watch(vitals: () => Vitals): void {
    this.#executor = vitals;
  }

  async metrics(): Promise<string> {
    const tenants = await this.#reporter.metrics().catch((error) => {
      this.#options.log.warn(`cannot read the metrics of tenants: ${messageOf(error)}`);
      return '';
    });
    return `${await this.#metrics.registry.metrics()}${tenants}`;
  }

  async checks(): Promise<Check[]> {
    const error = await requireSchema(this.#database).then(
      () => null,
      (error) => error,
    );
    const unusable = (error as { code?: string } | null)?.code === 'schema';
    const checks = [
      checkOf('database', error === null || unusable ? null : messageOf(error)),
      checkOf('schema', unusable ? messageOf(error) : null),
    ];
    return this.#options.executes ? [...checks, this.#executorCheck()] : checks;
  }

  #executorCheck(): Check {
    if (this.#executor === null) return checkOf('executor', 'the executor has not started yet');
    const { holds, heartbeat_age } = this.#executor();
    const reason = holds.find((hold) => hold in unready);
    return checkOf(
      'executor',
      reason === undefined
        ? null
        : `${unready[reason]} (last heartbeat ${Math.round(heartbeat_age)} s ago)`,
    );
  }

  async close(): Promise<void> {
    await this.#server?.close();
    await this.#reporter.stop();
    await this.#database.close();
  }
}

/** The holds that make an executor unready; throttling does not. */
const unready: Partial<Record<HoldReason, string>> = {
  heartbeat: 'the database does not acknowledge heartbeats',
  registry: 'the executor is not registered in the database',
  draining: 'the executor is draining',
};

function checkOf(check: string, message: string | null): Check {
  return { check, ok: message === null, message };
}
