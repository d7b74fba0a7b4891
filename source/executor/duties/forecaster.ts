import type { Database } from '../../database/database.ts';
import { elect } from '../../database/queries/elect.ts';
import { storeForecasts } from '../../database/queries/forecasts.ts';
import { readSnapshot } from '../../database/queries/read-snapshot.ts';
import { changesOf } from '../../domain/forecast/changes.ts';
import { forecastJobs } from '../../domain/forecast/forecast-jobs.ts';
import type { JobForecast } from '../../domain/forecast/job-forecast.ts';
import { withShares } from '../../domain/forecast/shared-executors.ts';
import type { Snapshot } from '../../domain/forecast/snapshot.ts';
import { policy } from '../../domain/policy.ts';
import type { Log } from '../../observability/log.ts';
import { Duty } from '../duty.ts';
import { jittered } from '../settings.ts';

type ForecasterPorts = {
  database: Database;
  tenants: readonly string[];
  owner: string;
  log: Log;
};

/**
 * A round takes at most one part in so many of the executor's time: at 10,000 jobs it computes for
 * an eighth of a second, in which no partition is reported.
 */
const timeShare = 20;

/** How long an executor is elected for; it is elected again in each round. */
const leaseMs = 15_000;

/**
 * Forecasts the jobs of the tenants that have elected this executor, every few seconds and soon
 * after a change, and stores what is new.
 */
export class Forecaster extends Duty {
  readonly #ports: ForecasterPorts;
  /** What is stored, of each tenant that has elected it. */
  readonly #stored = new Map<string, Map<string, JobForecast>>();
  #began = Number.NEGATIVE_INFINITY;
  /** Milliseconds from the beginning of the last round to the next one, at least. */
  #rest: number = policy.least_forecast_ms;

  constructor(ports: ForecasterPorts) {
    super({ name: 'forecasting', every: policy.forecast_ms, log: ports.log });
    this.#ports = ports;
  }

  override async stop(): Promise<void> {
    await super.stop();
    if (this.#stored.size > 0) await this.#elect(0).catch(() => {});
  }

  protected override async round(): Promise<number> {
    const wait = this.#began + this.#rest - performance.now();
    if (wait > 0) return wait;
    this.#began = performance.now();
    const led = await this.#elect(leaseMs);
    for (const tenant of this.#stored.keys())
      if (!led.includes(tenant)) this.#stored.delete(tenant);
    const snapshots = new Map<string, Snapshot>();
    for (const tenant of led) {
      const snapshot = await this.#ports.database.read(tenant, (query) =>
        readSnapshot(query, tenant),
      );
      snapshots.set(tenant, snapshot);
    }
    let next = jittered(policy.forecast_ms);
    let computing = 0;
    for (const [tenant, snapshot] of withShares(snapshots)) {
      const from = performance.now();
      const forecasts = forecastJobs(snapshot);
      computing += performance.now() - from;
      await this.#store(tenant, snapshot.as_of, forecasts);
      next = Math.min(next, firstEndMs(forecasts, snapshot.as_of));
    }
    const { least_forecast_ms, forecast_ms } = policy;
    this.#rest = Math.min(forecast_ms, Math.max(least_forecast_ms, timeShare * computing));
    return Math.max(this.#rest, next);
  }

  #elect(lease_ms: number): Promise<string[]> {
    const { database, tenants, owner } = this.#ports;
    return elect(database, { tenants, duty: 'forecast', holder: owner, lease_ms });
  }

  async #store(tenant: string, as_of: Date, forecasts: readonly JobForecast[]): Promise<void> {
    const { database, owner } = this.#ports;
    const before = this.#stored.get(tenant);
    const stored = before ?? new Map<string, JobForecast>();
    const { changed, gone } = changesOf(stored, forecasts, as_of);
    // A round whose fate is unknown is as if nothing were stored.
    this.#stored.delete(tenant);
    const all = before === undefined;
    await storeForecasts(database, { tenant, executor: owner, as_of, changed, gone, all });
    for (const one of changed) stored.set(one.job_id, one);
    for (const id of gone) stored.delete(id);
    this.#stored.set(tenant, stored);
  }
}

/** Until the first expected end: a job that has not ended by then needs another forecast. */
function firstEndMs(forecasts: readonly JobForecast[], as_of: Date): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { finish_at } of forecasts)
    if (finish_at !== null) first = Math.min(first, finish_at.getTime() - as_of.getTime());
  return first;
}
