import type { TenantReading, UnfinishedJob } from '../../domain/executor/figures.ts';
import { policy } from '../../domain/policy.ts';
import type { Query } from '../database.ts';
import { alive } from './alive-executors.ts';
import { readClock } from './read-clock.ts';

/** Jobs of a state are counted up to this number. */
const maxCounted = 1_000_000;

/** Pending jobs that ran before and count as at risk; the same limit as in triage's check. */
const maxStarted = 1000;

const facts = `j.state, j.heartbeat_at, j.started_at, j.sla_deadline_at, j.total_partitions, j.completed_partitions, j.failed_partitions,
  j.skipped_partitions, j.avg_partition_duration_ms, j.execution_strategy, cardinality(j.lease_tokens) as running_slots, forecast.finish_at as forecast_at`;

/** The stored forecast of job `j`, if it is fresh. */
const forecast = `left join lateral (
  select f.finish_at from backfill_forecasts f join backfill_forecast_rounds r on r.tenant_id = f.tenant_id
  where f.job_id = j.id and f.tenant_id = $1 and r.computed_at >= $2::timestamptz - interval '${policy.forecast_fresh_ms} milliseconds'
) forecast on true`;

/**
 * The input of a tenant's metrics. Each part is one index range: ended jobs are never read, and
 * pending ones only in the index, but for breached ones and those that ran before. Ordered like
 * countJobs, for the index.
 */
export async function readFigures(
  query: Query,
  tenant: string,
  states: readonly string[],
  earlyWarningMs: number,
): Promise<TenantReading> {
  const as_of = await readClock(query);
  const counts = await query<{ state: string; count: number }>(
    `select s.state, (select count(*)::int from (
       select from backfill_jobs where tenant_id = $1 and state = s.state order by created_at desc limit ${maxCounted}) c) as count
     from unnest($2::text[]) s (state)`,
    [tenant, states],
  );
  const unfinished = await query<UnfinishedJob>(
    `select ${facts} from unnest(array['running', 'waiting_upstream', 'paused', 'resuming']) s (state) cross join lateral (
       select * from backfill_jobs j where tenant_id = $1 and j.state = s.state and (s.state = 'running' or sla_deadline_at is not null)
       order by created_at desc) j ${forecast}
     union all
     (select ${facts} from backfill_jobs j ${forecast}
      where j.tenant_id = $1 and j.state = 'pending' and j.started_at is not null and j.sla_deadline_at > $2
      order by j.sla_deadline_at limit ${maxStarted})
     union all
     -- Pending jobs that never ran are many: those with a late forecast.
     select ${facts} from backfill_forecasts l join backfill_jobs j on j.id = l.job_id ${forecast}
     where l.tenant_id = $1 and j.state || '' = 'pending' and j.started_at is null and j.sla_deadline_at > $2
       and l.finish_at > j.sla_deadline_at - $3 * interval '1 millisecond'`,
    [tenant, as_of, earlyWarningMs],
  );
  const [pending] = await query<{ breached: number }>(
    `select count(*)::int as breached from (
       select from backfill_jobs where tenant_id = $1 and state = 'pending' and sla_deadline_at is not null and sla_deadline_at <= $2
       order by sla_deadline_at limit ${maxCounted}) p`,
    [tenant, as_of],
  );
  const executors = await query<{ id: string }>(
    `select id from backfill_executors where ${alive}`,
    [tenant],
  );
  return {
    as_of,
    counts: Object.fromEntries(counts.map(({ state, count }) => [state, count])),
    unfinished,
    pending_breached: pending!.breached,
    executors: executors.map(({ id }) => id),
  };
}
