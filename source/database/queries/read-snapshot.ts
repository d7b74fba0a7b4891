import { durationsOf, type Timed } from '../../domain/forecast/job-durations.ts';
import type { Snapshot, SnapshotJob } from '../../domain/forecast/snapshot.ts';
import { policy } from '../../domain/policy.ts';
import { readTime } from '../../domain/time/time.ts';
import type { Query } from '../database.ts';
import { alive } from './alive-executors.ts';
import { partitionsLeft, secondsBetween } from './sql-time.ts';
import { unfinishedStates } from './unfinished-states.ts';

/** Most waiting jobs of the tenant, in claim order; the others have no forecast. */
const mostWaiting = 10_000;
/** Partitions of a job in back-off that are counted. */
const mostLater = 1_000;
/** Past jobs of an asset whose durations count. */
const pastJobs = 5;

type JobRow = Timed & {
  id: string;
  asset_name: string;
  state: string;
  priority: number;
  execution_order: number;
  sla_deadline_at: string | null;
  created_at: string;
  remaining: number;
  max_parallel: number;
  average_ms: number | null;
  external: boolean;
  slots: { executor: string; partitions: number; elapsed_ms: number; rest_ms: number }[] | null;
  later: { count: number; first_ms: number; last_ms: number } | null;
  upstreams: string[] | null;
};

type Row = {
  as_of: Date;
  executors: Snapshot['executors'];
  limits: Snapshot['limits'];
  jobs: JobRow[];
  past: (Timed & { asset_name: string })[];
};

/**
 * Everything that decides when the tenant's jobs run, in one statement: at one moment, and in one
 * message.
 */
export async function readSnapshot(query: Query, tenant: string): Promise<Snapshot> {
  const [row] = await query<Row>(statement, [tenant]);
  const { as_of, executors, limits, jobs, past } = row!;
  const history = new Map(past.map(({ asset_name, ...timed }) => [asset_name, timed]));
  const aliveIds = new Set(executors.map(({ id }) => id));
  return {
    as_of,
    executors,
    limits,
    jobs: jobs.map((job) => jobOf(job, aliveIds, history.get(job.asset_name) ?? null)),
  };
}

function jobOf(row: JobRow, aliveIds: ReadonlySet<string>, past: Timed | null): SnapshotJob {
  const { timed_attempts, slot_ms, slot_ms_square, retried_share, average_ms, ...job } = row;
  const own = { timed_attempts, slot_ms, slot_ms_square, retried_share };
  const slots = row.slots ?? [];
  const lost = slots.filter(({ executor }) => !aliveIds.has(executor));
  return {
    ...job,
    sla_deadline_at: row.sla_deadline_at === null ? null : readTime(row.sla_deadline_at),
    created_at: readTime(row.created_at) ?? new Date(0),
    durations: durationsOf(own, past, average_ms),
    slots: slots
      .filter(({ executor }) => aliveIds.has(executor))
      // Which of several that were claimed together runs, and since when, only the executor knows.
      .map(({ executor, partitions, elapsed_ms }) => ({
        executor,
        elapsed_ms: partitions === 1 ? elapsed_ms : 0,
      })),
    later: [row.later, ...lost.map(returning)].reduce(both, null),
    upstreams: row.upstreams ?? [],
  };
}

/** Partitions of a silent executor can be claimed again when their leases expire. */
function returning(slot: { partitions: number; rest_ms: number }): SnapshotJob['later'] {
  const at = Math.max(0, slot.rest_ms);
  return { count: slot.partitions, first_ms: at, last_ms: at };
}

function both(one: SnapshotJob['later'], other: SnapshotJob['later']): SnapshotJob['later'] {
  if (one === null || other === null) return one ?? other;
  return {
    count: one.count + other.count,
    first_ms: Math.min(one.first_ms, other.first_ms),
    last_ms: Math.max(one.last_ms, other.last_ms),
  };
}

/** Within thirty years: other programs may write infinite times. */
const ms = (from: string, to: string) =>
  `least(greatest(${secondsBetween(from, to)} * 1000, -1e12), 1e12)::float8`;

const columns = `j.id, j.asset_id, j.asset_name, j.state, j.priority, j.execution_order, j.sla_deadline_at, j.created_at, j.started_at,
  j.execution_strategy, j.failing, j.lease_tokens, j.total_partitions, j.completed_partitions, j.failed_partitions, j.skipped_partitions,
  j.avg_partition_duration_ms, j.timed_attempts, j.slot_ms, j.slot_ms_square, j.retried_share, j.heartbeat_at, j.claimed_version, j.version`;

const statement = `with clock as materialized (select statement_timestamp() as now),
  unfinished as materialized (
    (select ${columns} from backfill_jobs j where j.tenant_id = $1 and j.state in (${unfinishedStates}) and j.state <> 'pending')
    union all
    (select ${columns} from backfill_jobs j where j.tenant_id = $1 and j.state = 'pending'
      order by j.priority desc, j.execution_order, j.sla_deadline_at, j.created_at limit ${mostWaiting})
    union all
    -- Partitions of a cancelled job that still run keep their slots.
    (select ${columns} from backfill_jobs j where j.tenant_id = $1 and j.needs_finalizing and j.state = 'cancelled' and j.lease_tokens <> '{}')
  ), pictured as (
    select j.id, j.asset_name, j.state, j.priority, j.execution_order, j.sla_deadline_at, j.created_at,
      case when j.state = 'cancelled' then cardinality(j.lease_tokens) else ${partitionsLeft('j')} end as remaining,
      case when j.failing is null then servo_max_parallel(j.execution_strategy) else 1 end as max_parallel,
      j.avg_partition_duration_ms as average_ms, j.timed_attempts, j.slot_ms, j.slot_ms_square, j.retried_share,
      j.state = 'running' and j.claimed_version is distinct from j.version
        and coalesce(j.heartbeat_at > (select now from clock) - interval '${policy.stale_ms} milliseconds', false) as external,
      case when j.lease_tokens <> '{}' then (
        select jsonb_agg(to_jsonb(s)) from (
          select p.lease_owner as executor, count(*)::int as partitions,
            ${ms('min(p.started_at)', '(select now from clock)')} as elapsed_ms,
            ${ms('(select now from clock)', 'max(p.lease_expires_at)')} as rest_ms
          from backfill_partitions p where p.backfill_job_id = j.id and p.state = 'running' and p.lease_owner is not null
          group by p.lease_owner, p.lease_token) s) end as slots,
      case when j.started_at is not null then (
        select case when count(*) > 0 then jsonb_build_object('count', count(*),
            'first_ms', ${ms('(select now from clock)', 'min(d.available_at)')}, 'last_ms', ${ms('(select now from clock)', 'max(d.available_at)')}) end
        from (select p.available_at from backfill_partitions p where p.backfill_job_id = j.id and p.state = 'pending'
          and p.available_at > (select now from clock) and p.available_at < 'infinity' order by p.available_at limit ${mostLater}) d) end as later,
      case when j.state = 'waiting_upstream' then (
        select jsonb_agg(u.upstream_job_id) from servo_upstreams_v1($1, j.id) u where u.state not in ('completed', 'failed', 'cancelled')) end as upstreams
    from unfinished j
  )
  select (select now from clock) as as_of,
    coalesce((select jsonb_agg(jsonb_build_object('id', e.id, 'slots', e.slots, 'closed', e.draining_at is not null or e.hold_reason is not null,
        'assets', (select coalesce(jsonb_agg(h), '[]') from unnest(e.handlers) h
          where not exists (select from jsonb_array_elements(e.outages) o where o ->> 'tenant' = $1 and o ->> 'asset' = h))) order by e.id)
      from backfill_executors e where ${alive}), '[]') as executors,
    coalesce((select jsonb_agg(jsonb_build_object('max_running', l.max_running, 'assets', case l.scope when 'tenant' then null
        when 'asset' then jsonb_build_array(l.name)
        else (select coalesce(jsonb_agg(a.name), '[]') from assets a
          where a.asset_type = l.name and (a.tenant_id = $1 or a.tenant_id is null)) end))
      from backfill_limits l where l.tenant_id = $1), '[]') as limits,
    coalesce((select jsonb_agg(to_jsonb(p)) from pictured p), '[]') as jobs,
    coalesce((select jsonb_agg(jsonb_build_object('asset_name', a.asset_name, 'timed_attempts', t.timed_attempts, 'slot_ms', t.slot_ms,
        'slot_ms_square', t.slot_ms_square, 'retried_share', t.retried_share))
      from (select asset_id, min(asset_name) as asset_name from unfinished where coalesce(timed_attempts, 0) < 200 group by asset_id) a
        cross join lateral (
          select sum(d.timed_attempts)::int as timed_attempts, sum(d.slot_ms * d.timed_attempts) / sum(d.timed_attempts) as slot_ms,
            sum(d.slot_ms_square * d.timed_attempts) / sum(d.timed_attempts) as slot_ms_square,
            sum(d.retried_share * d.timed_attempts) / sum(d.timed_attempts) as retried_share
          from (
            (select o.timed_attempts, o.slot_ms, o.slot_ms_square, o.retried_share from backfill_jobs o
              where o.asset_id = a.asset_id and o.tenant_id = $1 and o.state = 'completed' order by o.created_at desc limit ${pastJobs})
            union all
            (select o.timed_attempts, o.slot_ms, o.slot_ms_square, o.retried_share from backfill_jobs o
              where o.asset_id = a.asset_id and o.tenant_id = $1 and o.state = 'running' order by o.created_at desc limit ${pastJobs})
          ) d where d.timed_attempts > 0) t
      where t.timed_attempts > 0), '[]') as past`;
