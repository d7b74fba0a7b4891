import { never, readTime } from '../../domain/time/time.ts';
import type { AliveExecutor, ClaimScene, SilentSlots } from '../../domain/triage/claim-scene.ts';
import type { Query } from '../database.ts';
import { alive } from './alive-executors.ts';

/** Running jobs that are counted, and those without a lease that are checked one by one. */
const maxIdle = 1000;

/** Times within JSON are text. */
type Row = {
  executors: (Omit<AliveExecutor, 'outages'> & {
    outages: (Omit<AliveExecutor['outages'][number], 'since'> & { since: string })[];
  })[];
  limits: ClaimScene['limits'];
  silent: (Omit<SilentSlots, 'seen_at' | 'until'> & {
    job_id: string;
    seen_at: string | null;
    until: string;
  })[];
  idle: { job_id: string; has_claimable: boolean; due_at: string | null }[];
  leases: number;
  forecast_at: Date | null;
  read_at: Date;
};

/** Running partitions are read only if a job may wait for a slot or an executor is silent. */
export async function readClaimScene(query: Query, tenant: string): Promise<ClaimScene> {
  const [row] = await query<Row>(statement, [tenant]);
  const { executors, limits, silent, idle, leases, forecast_at, read_at } = row!;
  const byJob: Record<string, SilentSlots[]> = {};
  for (const { job_id, seen_at, until, ...one } of silent) {
    byJob[job_id] ??= [];
    byJob[job_id].push({
      ...one,
      seen_at: seen_at === null ? null : readTime(seen_at),
      until: readTime(until) ?? never,
    });
  }
  return {
    executors: executors.map(({ outages, ...one }) => ({
      ...one,
      outages: outages.map((trouble) => ({ ...trouble, since: new Date(trouble.since) })),
    })),
    limits,
    silent: byJob,
    idle: Object.fromEntries(
      idle.map(({ job_id, has_claimable, due_at }) => [
        job_id,
        { has_claimable, due_at: due_at === null ? null : readTime(due_at) },
      ]),
    ),
    leases,
    forecast_at,
    read_at,
    forecasts: null,
  };
}

/** Running, claimed by us, without a slot. */
const withoutSlot = `j.tenant_id = $1 and j.state = 'running' and j.lease_tokens = '{}'
  and j.claimed_version is not distinct from j.version`;

const statement = `with alive_executors as materialized (
    select e.* from backfill_executors e where ${alive}
  ), looked as materialized (
    select exists (select from backfill_executors e where e.tenant_id = $1 and e.stopped_at is null and e.id not in (select id from alive_executors))
      -- Ordered for the index's sake: without, one of many that wait is looked for by a sequential scan.
      or (select true from backfill_jobs j where j.tenant_id = $1 and j.state = 'pending' order by j.created_at desc limit 1) is not null
      or (select true from backfill_jobs j where j.tenant_id = $1 and j.state = 'resuming' order by j.created_at desc limit 1) is not null
      or (select true from backfill_jobs j where ${withoutSlot} order by j.created_at desc limit 1) is not null as needed
  ), work as materialized (
    -- Two probes: one condition for both would read all jobs of the tenant.
    select b.id as job_id, p.lease_owner, p.lease_token, p.lease_expires_at
    from (select id from backfill_jobs where tenant_id = $1 and state in ('running', 'paused') and (select needed from looked)
        union all select id from backfill_jobs where tenant_id = $1 and needs_finalizing and state not in ('running', 'paused')
          and (select needed from looked)) b
      -- Job by job: without statistics all partitions were read.
      cross join lateral (select * from backfill_partitions p where p.backfill_job_id = b.id and p.state = 'running' offset 0) p
    where p.lease_owner is not null
  )
  select
    coalesce((select jsonb_agg(jsonb_build_object('id', l.id, 'handlers', l.handlers, 'slots', l.slots, 'draining', l.draining_at is not null,
        'hold_reason', l.hold_reason,
        'busy', (select count(distinct w.lease_token) from work w where w.lease_owner = l.id),
        'outages', (select coalesce(jsonb_agg(jsonb_build_object('asset', o ->> 'asset', 'host', l.host, 'kind', o ->> 'kind',
            'message', o ->> 'message', 'since', o ->> 'since') order by o ->> 'since'), '[]')
          from jsonb_array_elements(l.outages) o where o ->> 'tenant' = $1)) order by l.id)
      from alive_executors l), '[]') as executors,
    coalesce((select jsonb_agg(to_jsonb(l) || jsonb_build_object('assets', case when l.scope = 'asset_type' then
        (select coalesce(jsonb_agg(a.name), '[]') from assets a
          where a.asset_type = l.name and (a.tenant_id = $1 or a.tenant_id is null)) end))
      from servo_limits_reached_v1($1) l), '[]') as limits,
    coalesce((select jsonb_agg(to_jsonb(s) order by s.id) from (
      select w.job_id, w.lease_owner as id, count(distinct w.lease_token)::int as slots, max(e.seen_at) as seen_at, max(w.lease_expires_at) as until
      from work w left join backfill_executors e on e.tenant_id = $1 and e.id = w.lease_owner
      where w.lease_expires_at is not null and w.lease_owner not in (select id from alive_executors)
      group by w.job_id, w.lease_owner) s), '[]') as silent,
    coalesce((select jsonb_agg(to_jsonb(i)) from (
      select j.id as job_id, t.has_claimable,
        -- Only if nothing can be taken: else all snoozed partitions would be read.
        case when not t.has_claimable then (select min(p.available_at) from backfill_partitions p where p.backfill_job_id = j.id
          and p.state = 'pending' and p.available_at > clock_timestamp() and p.available_at < 'infinity') end as due_at
      from (select j.id, j.created_at from backfill_jobs j where ${withoutSlot} order by j.created_at limit ${maxIdle}) j
        cross join lateral (select coalesce(
          (select true from backfill_partitions p where p.backfill_job_id = j.id and p.state = 'pending' and p.available_at is null
            order by p.partition_key limit 1),
          (select true from backfill_partitions p where p.backfill_job_id = j.id and p.state = 'pending' and p.available_at <= clock_timestamp()
            order by p.available_at limit 1),
          (select false from backfill_partitions p where p.backfill_job_id = j.id order by p.partition_key limit 1), true) as has_claimable
          offset 0) t) i), '[]') as idle,
    (select coalesce(sum(cardinality(r.lease_tokens)), 0)::int from (select j.lease_tokens from backfill_jobs j
      where j.tenant_id = $1 and j.state = 'running' order by j.created_at desc limit ${maxIdle}) r) as leases,
    (select computed_at from backfill_forecast_rounds where tenant_id = $1) as forecast_at,
    clock_timestamp() as read_at`;
