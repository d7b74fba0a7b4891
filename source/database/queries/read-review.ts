import type { HourAtRisk, ReviewedJob } from '../../domain/report/review.ts';
import type { Query } from '../database.ts';
import { endedRows } from './ended-jobs.ts';
import { queryInIndexOrder } from './index-order.ts';
import { secondsBetween } from './sql-time.ts';
import { unfinishedStates } from './unfinished-states.ts';

/**
 * Jobs that ended since, the newest first, and unfinished ones with a deadline; at most `limit` of
 * each, by their indexes.
 */
const reviewed = `reviewed as materialized (
  ${endedRows('id, tenant_id, asset_name, state, priority, created_at, started_at, completed_at, sla_deadline_at')}
  union all
  (select id, tenant_id, asset_name, state, priority, created_at, started_at, null, sla_deadline_at from backfill_jobs
   where tenant_id = $1 and sla_deadline_at is not null and state in (${unfinishedStates}) order by sla_deadline_at limit $3)
)`;

/** The ETA that was told: the forecast, or without one the contract's. */
const told = 'coalesce(s.forecast_at, s.estimated_completion_at)';

const atRisk = `s.at < j.sla_deadline_at and ${secondsBetween('j.sla_deadline_at', told)} * 1000 > -$4::bigint`;

/**
 * The jobs under review with what their samples said; each sample stands for a minute. The last
 * minute before the end is left out of the ETA's accuracy.
 */
export function readReviewed(
  query: Query,
  tenant: string,
  since: Date,
  limit: number,
  earlyWarningMs: number,
): Promise<ReviewedJob[]> {
  return queryInIndexOrder<ReviewedJob>(
    query,
    `with ${reviewed}
     select j.id, j.asset_name, j.state, j.priority, j.created_at, j.started_at, j.completed_at, j.sla_deadline_at,
       s.at_risk_minutes, s.breached_minutes, s.eta_bias, s.eta_error
     from reviewed j cross join lateral (
       select count(*) filter (where ${atRisk})::int as at_risk_minutes,
         count(*) filter (where s.at >= j.sla_deadline_at)::int as breached_minutes,
         percentile_cont(0.5) within group (order by e.off) as eta_bias, percentile_cont(0.5) within group (order by abs(e.off)) as eta_error
       from backfill_samples s left join lateral (
         select ${secondsBetween(told, 'j.completed_at')}::float8 / ${secondsBetween('s.at', 'j.completed_at')}::float8 as off
         where j.state = 'completed' and isfinite(j.completed_at) and isfinite(${told}) and ${secondsBetween('s.at', 'j.completed_at')} > 60) e on true
       where s.job_id = j.id and s.tenant_id = $1 and s.at >= $2) s`,
    [tenant, since, limit, earlyWarningMs],
  );
}

/** Minutes at risk by hour of the day, in UTC. */
export function readRiskHours(
  query: Query,
  tenant: string,
  since: Date,
  limit: number,
  earlyWarningMs: number,
): Promise<HourAtRisk[]> {
  return queryInIndexOrder<HourAtRisk>(
    query,
    `with ${reviewed}
     select extract(hour from s.at at time zone 'UTC')::int as hour, count(*)::int as at_risk_minutes
     from reviewed j join backfill_samples s on s.job_id = j.id and s.tenant_id = $1 and s.at >= $2
     where j.sla_deadline_at is not null and ${atRisk}
     group by hour order by hour`,
    [tenant, since, limit, earlyWarningMs],
  );
}
