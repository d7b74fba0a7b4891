import { policy } from '../../domain/policy.ts';
import { never, readTime } from '../../domain/time/time.ts';
import type { ExplainFacts } from '../../domain/triage/explain.ts';
import type { Query } from '../database.ts';
import { alive } from './alive-executors.ts';

/** Times within JSON are text. */
type Row = Omit<ExplainFacts, 'silent' | 'outages'> & {
  outages: (Omit<ExplainFacts['outages'][number], 'since'> & { since: string })[];
  silent: { id: string; slots: number; seen_at: string | null; until: string }[];
};

/**
 * Reads everything that decides whether the job runs, in one statement and so at one moment. Null
 * for an unknown job. `has_claimable` follows the rules of report-and-claim; every probe uses an
 * index.
 */
export async function explainJob(
  query: Query,
  tenant: string,
  id: string,
): Promise<ExplainFacts | null> {
  const [row] = await query<Row>(statement, [tenant, id]);
  if (row === undefined) return null;
  const silent = row.silent.map(({ seen_at, until, ...one }) => ({
    ...one,
    seen_at: seen_at === null ? null : readTime(seen_at),
    until: readTime(until) ?? never,
  }));
  const outages = row.outages.map((one) => ({ ...one, since: new Date(one.since) }));
  return { ...row, silent, outages };
}

const queued = `o.tenant_id = $1 and o.state in ('pending', 'resuming') and o.asset_name = a.name`;

const statement = `with j as materialized (
    select j.*, servo_max_parallel(j.execution_strategy) as max_parallel, case when j.partitions_made then j.total_partitions
        else greatest(j.total_partitions, case when jsonb_typeof(j.partition_keys) = 'array' then jsonb_array_length(j.partition_keys) end) end as counted
      from backfill_jobs j where j.tenant_id = $1 and j.id = $2
  ), alive_executors as materialized (
    select e.* from backfill_executors e where ${alive}
  ), able as materialized (
    select l.* from alive_executors l, j where j.asset_name = any (l.handlers)
  ), troubled as materialized (
    select l.id as executor, l.host, o ->> 'kind' as kind, o ->> 'message' as message, (o ->> 'since')::timestamptz as since
    from alive_executors l, j, jsonb_array_elements(l.outages) o where o ->> 'tenant' = $1 and o ->> 'asset' = j.asset_name
  ), ready as materialized (
    select * from able where draining_at is null and hold_reason is null
  ), blocked as materialized (
    -- The same rule as in report-and-claim.
    select p.partition_key, o.id from j join backfill_jobs o on o.tenant_id = $1 and o.needs_finalizing and o.asset_id = j.asset_id and o.id <> j.id
      join backfill_partitions p on p.backfill_job_id = o.id and p.state = 'running'
    where p.lease_expires_at is not null or p.started_at > clock_timestamp() - interval '${policy.stale_ms} milliseconds'
  ), busy as materialized (
    -- Two probes: one condition for both would read all jobs of the tenant.
    select count(distinct p.lease_token)::int as slots
    from (select id from backfill_jobs where tenant_id = $1 and state in ('running', 'paused')
        union all select id from backfill_jobs where tenant_id = $1 and needs_finalizing) b
      join backfill_partitions p on p.backfill_job_id = b.id and p.state = 'running' and p.lease_owner in (select id from ready)
  )
  select clock_timestamp() as as_of, j.id, j.asset_name, j.state, j.version,
    coalesce(t.at, case j.state when 'paused' then j.paused_at when 'pending' then j.created_at else j.completed_at end) as since, t.actor as by, t.reason,
    coalesce((select jsonb_agg(jsonb_build_object('id', u.upstream_job_id, 'asset_name', u.asset_name, 'state', u.state)
        order by servo_upstream_cause(u.state, u.error_message), u.asset_name, u.upstream_job_id)
      from servo_upstreams_v1($1, j.id) u where u.state is distinct from 'completed' 
        and (j.state = 'waiting_upstream' or j.state = 'failed' and coalesce(u.state, 'failed') in ('failed', 'cancelled'))), '[]') as waits_for,
    (select jsonb_build_object('id', o.id, 'state', o.state)
      from (select partition_key from backfill_partitions where backfill_job_id = j.id and state in ('failed', 'skipped') limit 1) k
        -- State by state, like the asset's index.
        cross join unnest(array['pending', 'waiting_upstream', 'running', 'paused', 'resuming', 'completed', 'failed', 'cancelled']) s (state)
        cross join lateral (select id, state, created_at from backfill_jobs o
          where o.asset_id = j.asset_id and o.tenant_id || '' = $1 and o.state = s.state and o.created_at > j.created_at
          order by created_at desc limit 200) o
      where j.state in ('failed', 'cancelled')
        and exists (select from backfill_partitions p where p.backfill_job_id = o.id and p.partition_key = k.partition_key)
      order by o.created_at desc limit 1) as successor,
    (select count(*)::int from alive_executors) as executors,
    (select count(*)::int from able) as with_handler,
    (select count(*)::int from able where draining_at is not null) as draining,
    (select count(*)::int from able a where a.id not in (select executor from troubled)) as without_outage,
    coalesce((select jsonb_agg(to_jsonb(d) order by d.since) from troubled d), '[]') as outages,
    coalesce(j.failing ->> 'message', (select left(p.error_message, 500) from backfill_partitions p
      where p.backfill_job_id = j.id and p.state = 'failed' limit 1)) as failure,
    j.failing is not null as failing,
    (select count(*)::int from ready) as ready,
    (select min(hold_reason) from able) as hold_reason,
    coalesce((select sum(slots)::int from ready), 0) as slots,
    (select slots from busy) as slots_busy,
    coalesce((select jsonb_agg(to_jsonb(l)) from servo_limits_reached_v1($1) l
      where case l.scope when 'asset' then l.name = j.asset_name
        when 'asset_type' then l.name = (select asset_type from assets a where a.id = j.asset_id) else true end), '[]') as limits,
    j.claimed_version is not distinct from j.version as ours, j.heartbeat_at, cardinality(j.lease_tokens) as running_slots, j.max_parallel,
    array(select distinct p.lease_owner from backfill_partitions p
      where p.backfill_job_id = j.id and p.state = 'running' and p.lease_owner is not null order by p.lease_owner) as running_on,
    coalesce((select jsonb_agg(to_jsonb(s) order by s.id) from (
      select p.lease_owner as id, count(distinct p.lease_token)::int as slots, max(e.seen_at) as seen_at, max(p.lease_expires_at) as until
      from backfill_partitions p left join backfill_executors e on e.tenant_id = $1 and e.id = p.lease_owner
      where p.backfill_job_id = j.id and p.state = 'running' and p.lease_owner is not null and p.lease_expires_at is not null
        and p.lease_owner not in (select id from alive_executors)
      group by p.lease_owner) s), '[]') as silent,
    coalesce(
      -- Ordered by an index: without that, a job that is most of the table would be read whole.
      (select true from backfill_partitions p where p.backfill_job_id = j.id and p.state = 'pending' and p.available_at is null
        and p.partition_key not in (select partition_key from blocked)
        and (j.max_parallel > 1 or not exists (select from blocked k join backfill_partitions b on b.backfill_job_id = j.id and b.partition_key = k.partition_key
          where b.state = 'pending' and b.available_at is null
            and case when j.execution_strategy ->> 'order' = 'desc' then b.partition_key > p.partition_key else b.partition_key < p.partition_key end))
        order by p.partition_key limit 1),
      (select true from backfill_partitions p where p.backfill_job_id = j.id and p.state = 'pending' and p.available_at <= clock_timestamp()
        and p.partition_key not in (select partition_key from blocked) order by p.available_at limit 1),
      -- Made by another writer: the claim creates its rows.
      (select false from backfill_partitions p where p.backfill_job_id = j.id order by p.partition_key limit 1), true) as has_claimable,
    servo_missing_v1($1, j.id, ${policy.creation_grace_ms}) as missing,
    j.counted as total_partitions, j.partitions_made,
    (select min(p.available_at) from backfill_partitions p where p.backfill_job_id = j.id and p.state = 'pending'
      and p.available_at > clock_timestamp() and p.available_at < 'infinity') as due_at,
    (select coalesce(jsonb_agg(jsonb_build_object('pid', l.pid, 'login', l.login, 'application', l.application, 'state', l.state,
        'seconds', extract(epoch from clock_timestamp() - l.since)::float8)), '[]') from servo_claim_blockers_v1($1, j.id) l) as blockers,
    b.keys as blocked_keys, b.by as blocked_by,
    (select count(*)::int from (
      -- One range of each asset's queue per comparison (index 0040): one comparison of all four
      -- columns read every waiting job.
      (select from (select distinct unnest(r.handlers) as name from ready r) a cross join lateral (
        select from backfill_jobs o where ${queued} and o.priority > j.priority
        union all select from backfill_jobs o where ${queued} and o.priority = j.priority and o.execution_order < j.execution_order
        union all select from backfill_jobs o where ${queued} and o.priority = j.priority and o.execution_order = j.execution_order
          and o.sla_deadline_at < coalesce(j.sla_deadline_at, 'infinity')
        union all select from backfill_jobs o where ${queued} and o.priority = j.priority and o.execution_order = j.execution_order
          and o.sla_deadline_at = j.sla_deadline_at and o.created_at < j.created_at
        union all select from backfill_jobs o where ${queued} and o.priority = j.priority and o.execution_order = j.execution_order
          and j.sla_deadline_at is null and o.sla_deadline_at is null and o.created_at < j.created_at) o limit 1000)
      union all
      (select from backfill_jobs o where o.tenant_id = $1 and o.state = 'running' and o.id <> j.id
        and exists (select from ready r where o.asset_name = any (r.handlers))
        and (-o.priority::bigint, o.execution_order, coalesce(o.sla_deadline_at, 'infinity'), o.created_at)
          < (-j.priority::bigint, j.execution_order, coalesce(j.sla_deadline_at, 'infinity'), j.created_at) limit 1000) limit 1000) f) as jobs_ahead
  from j
    left join lateral (select e.at, e.actor, e.reason from backfill_events e
      where e.job_id = j.id and e.tenant_id = $1 and e.kind = 'state' and e.to_state = j.state order by e.id desc limit 1) t on true
    cross join lateral (select count(*)::int as keys, min(k.id::text) as by from blocked k
      join backfill_partitions p on p.backfill_job_id = j.id and p.partition_key = k.partition_key and p.state = 'pending') b`;
