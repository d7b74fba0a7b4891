import type { JobForecast } from '../../domain/forecast/job-forecast.ts';
import { writeTime } from '../../domain/time/time.ts';
import type { Database } from '../database.ts';

/** Stores what a round of forecasts has changed (migrations/functions/forecasts.sql). */
export async function storeForecasts(
  database: Database,
  round: {
    tenant: string;
    executor: string;
    as_of: Date;
    changed: readonly JobForecast[];
    gone: readonly string[];
    /** The first round of this executor: it does not know what is stored. */
    all: boolean;
  },
): Promise<void> {
  const { tenant, executor, as_of, changed, gone, all } = round;
  await database.call('select servo_store_forecasts_v1($1, $2, $3, $4, $5, $6)', [
    tenant,
    executor,
    writeTime(as_of),
    JSON.stringify(changed.map(rowOf)),
    gone,
    all,
  ]);
}

/** Dates as the database reads them: a job of many long partitions ends after the year 9999. */
function rowOf(forecast: JobForecast): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(forecast).map(([name, value]) => [
      name,
      value instanceof Date ? writeTime(value) : value,
    ]),
  );
}
