import { trendSeconds } from '../../domain/forecast/eta.ts';
import type { Bound, Unknown } from '../../domain/forecast/job-forecast.ts';
import type { Job, JobActivity } from '../../domain/job/job.ts';
import type { StoredForecast } from '../../domain/job/row.ts';

const names = [
  'id',
  'tenant_id',
  'asset_id',
  'asset_name',
  'idempotency_key',
  'state',
  'execution_strategy',
  'partition_start',
  'partition_end',
  'total_partitions',
  'completed_partitions',
  'failed_partitions',
  'skipped_partitions',
  'include_upstream',
  'error_message',
  'created_by',
  'created_at',
  'started_at',
  'completed_at',
  'heartbeat_at',
  'paused_at',
  'version',
  'checkpoint_partition_key',
  'estimated_completion_at',
  'avg_partition_duration_ms',
  'parent_job_id',
  'max_upstream_depth',
  'upstream_job_count',
  'completed_upstream_jobs',
  'execution_order',
  'sla_deadline_at',
  'priority',
] as const satisfies readonly (keyof Job)[];

/** Named one by one: an adopted table may have other columns, in another order. */
export const jobColumns = names.map((name) => `j.${name}`).join(', ');

/** Who works on a job, from its own row. */
export const claimColumns = `cardinality(j.lease_tokens) as running_slots, j.claimed_version is not distinct from j.version as ours,
  j.failing is not null as failing`;

export const claimSources = 'j.lease_tokens, j.claimed_version, j.failing';

/** Of a job that has not ended; all null without a forecast. */
export const forecastColumns = `forecast.computed_at as forecast_computed_at, forecast.bound_by as forecast_bound_by, forecast.place as forecast_place,
  forecast.start_at as forecast_start_at, forecast.finish_at as forecast_finish_at, forecast.low_at as forecast_low_at,
  forecast.high_at as forecast_high_at, forecast.unknown as forecast_unknown`;

/** Joins the source of forecastColumns to jobs `j`; $1 is the tenant. */
export const forecastJoin = `left join lateral (
  select r.computed_at, f.bound_by, f.place, f.start_at, f.finish_at, f.low_at, f.high_at, f.unknown
  from backfill_forecasts f join backfill_forecast_rounds r on r.tenant_id = f.tenant_id
  where f.job_id = j.id and f.tenant_id = $1
) forecast on true`;

/** Beside a job's columns: its leases, the base of its rate, and the trend of its ETA. */
export const activityColumns = `${claimColumns}, base.at as rate_at, base.completed as rate_completed,
  trend.at as trend_at, trend.eta as trend_eta, trend.least_ms, trend.most_ms, ${forecastColumns}`;

/**
 * Joins the sources of activityColumns to jobs `j`; $1 is the tenant. The rate counts from the
 * newest sample that is 1 to 10 minutes old, else from a start within the last 10 minutes. now(),
 * not clock_timestamp(), which cannot bound an index scan: all samples of a job would be read.
 */
export const activityJoins = `left join lateral (
  select s.at, s.completed from backfill_samples s
  where j.state = 'running' and s.job_id = j.id and s.tenant_id = $1
    and s.at between now() - interval '10 minutes' and now() - interval '1 minute'
  union all
  select j.started_at, 0 where j.state = 'running' and j.started_at > now() - interval '10 minutes'
  order by at desc limit 1
) base on true left join lateral (
  select (array_agg(s.at order by s.at) filter (where s.estimated_completion_at is not null))[1] as at,
    (array_agg(s.estimated_completion_at order by s.at) filter (where s.estimated_completion_at is not null))[1] as eta,
    min(s.avg_partition_duration_ms) as least_ms, max(s.avg_partition_duration_ms) as most_ms
  from backfill_samples s
  where j.state = 'running' and s.job_id = j.id and s.tenant_id = $1 and s.at > now() - interval '${trendSeconds} seconds'
) trend on true
${forecastJoin}`;

/** Columns of forecastColumns. */
export type ForecastRow = {
  forecast_computed_at: Date | null;
  forecast_bound_by: Bound;
  forecast_place: number | null;
  forecast_start_at: Date | null;
  forecast_finish_at: Date | null;
  forecast_low_at: Date | null;
  forecast_high_at: Date | null;
  forecast_unknown: Unknown | null;
};

export type JobRow = ForecastRow &
  Job & {
    running_slots: number;
    ours: boolean;
    failing: boolean;
    rate_at: Date | null;
    rate_completed: number | null;
    trend_at: Date | null;
    trend_eta: Date | null;
    least_ms: number | null;
    most_ms: number | null;
  };

export function jobOf(row: JobRow): Job & JobActivity {
  const { job: columns, forecast } = forecastOf(row);
  const { rate_at, rate_completed, trend_at, trend_eta, least_ms, most_ms, ...job } = columns;
  const rate_base = rate_at === null ? null : { at: rate_at, completed: rate_completed ?? 0 };
  const base = trend_at === null ? null : { at: trend_at, eta: trend_eta! };
  const eta_trend =
    least_ms === null ? null : { base, least_average_ms: least_ms, most_average_ms: most_ms! };
  return { ...job, rate_base, eta_trend, forecast };
}

/** The other columns of a row, and its forecast. */
export function forecastOf<Row extends ForecastRow>(
  row: Row,
): { job: Omit<Row, keyof ForecastRow>; forecast: StoredForecast | null } {
  const {
    forecast_computed_at: computed_at,
    forecast_bound_by: bound_by,
    forecast_place: place,
    forecast_start_at: start_at,
    forecast_finish_at: finish_at,
    forecast_low_at: low_at,
    forecast_high_at: high_at,
    forecast_unknown: unknown,
    ...job
  } = row;
  const rest = { bound_by, place, start_at, finish_at, low_at, high_at, unknown };
  return { job, forecast: computed_at === null ? null : { ...rest, computed_at } };
}
