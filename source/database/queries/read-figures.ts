import type { TenantReading, UnfinishedJob } from '../../domain/executor/figures.ts';
import type { Query } from '../database.ts';
import { alive } from './living-executors.ts';
import { readClock } from './read-clock.ts';

/** More jobs of a state than this are told as so many. */
const mostCounted = 1_000_000;

/** Of those that wait again and ran before so many count as at risk at most: as in triage's check. */
const mostBegun = 1000;

const facts = `j.state, j.heartbeat_at, j.started_at, j.sla_deadline_at, j.total_partitions, j.completed_partitions, j.failed_partitions,
  j.skipped_partitions, j.avg_partition_duration_ms, j.execution_strategy, cardinality(j.lease_tokens) as running_slots`;

/**
 * What the metrics of a tenant are made from. Each part is a range of one index: what has ended is never read, and of what is pending only the
 * index, but for those whose deadline has passed, or that ran before. Ordered for the index's sake, as countJobs is.
 */
export async function readFigures(
  query: Query,
  tenant: string,
  states: readonly string[],
): Promise<TenantReading> {
  const as_of = await readClock(query);
  const counts = await query<{ state: string; count: number }>(
    `select s.state, (select count(*)::int from (
       select from backfill_jobs where tenant_id = $1 and state = s.state order by created_at desc limit ${mostCounted}) c) as count
     from unnest($2::text[]) s (state)`,
    [tenant, states],
  );
  const unfinished = await query<UnfinishedJob>(
    `select ${facts} from unnest(array['running', 'waiting_upstream', 'paused', 'resuming']) s (state) cross join lateral (
       select * from backfill_jobs j where tenant_id = $1 and j.state = s.state and (s.state = 'running' or sla_deadline_at is not null)
       order by created_at desc) j
     union all
     (select ${facts} from backfill_jobs j where tenant_id = $1 and state = 'pending' and started_at is not null and sla_deadline_at > $2
      order by sla_deadline_at limit ${mostBegun})`,
    [tenant, as_of],
  );
  const [pending] = await query<{ breached: number }>(
    `select count(*)::int as breached from (
       select from backfill_jobs where tenant_id = $1 and state = 'pending' and sla_deadline_at is not null and sla_deadline_at <= $2
       order by sla_deadline_at limit ${mostCounted}) p`,
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
