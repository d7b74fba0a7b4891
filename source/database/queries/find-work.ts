import type { Granularity } from '../../domain/partition/period.ts';
import type { Database } from '../database.ts';
import { unexpanded } from './expand-job.ts';
import { secondsBetween } from './sql-time.ts';

export type Candidate = {
  id: string;
  tenant_id: string;
  asset_name: string;
  /** The granularity of its asset; null if it names none that is known. */
  granularity: Granularity | null;
  state: string;
  priority: number;
  execution_order: number;
  sla_deadline_at: Date | null;
  created_at: Date;
  average_ms: number | null;
  max_attempts: number | null;
  /**
   * Since it was created, its upstreams were done, or it was resumed; null for one that is running.
   */
  waited_ms: number | null;
  room: number;
  /** It is not running under our own claim: claim it first. */
  unclaimed: boolean;
  unexpanded: boolean;
};

/** Most lease queues: one after permanent failures, as in a batch. */
const most = `case when failing is null then servo_max_parallel(execution_strategy) else 1 end`;

const maxAttempts = `servo_integer(execution_strategy -> 'max_attempts', null)`;

const columns = `id, tenant_id, asset_id, asset_name, state, priority, execution_order, sla_deadline_at, created_at,
  avg_partition_duration_ms as average_ms, ${maxAttempts} as max_attempts`;

const queue = `select id, tenant_id, asset_id, asset_name, state, priority, execution_order, sla_deadline_at, created_at, avg_partition_duration_ms,
           execution_strategy, failing, heartbeat_at, started_at, upstream_job_count, include_upstream
         from backfill_jobs where tenant_id = $1 and state in ('pending', 'resuming')`;
const inOrder = 'order by priority desc, execution_order, sla_deadline_at, created_at';

const head = 50;

/**
 * Jobs of a tenant that wait to be claimed, and running ones with room for another lease queue and
 * something to run, in claim order; without those that a limit excludes. Two queries: one condition
 * for both took 0.69 ms at a million jobs and grew, against 0.04. Waiting jobs are read from the
 * head of the queue and, if that has too few, from the queue of each asset: an executor of one
 * asset of 200 read all 200,000 waiting jobs (386 ms).
 */
export function findWork(
  database: Database,
  tenant: string,
  options: { assets: readonly string[]; stale_ms: number; limit: number },
): Promise<Candidate[]> {
  return database.read(tenant, (query) =>
    query<Candidate>(
      `with reached as materialized (
         select l.scope, l.name from servo_limits_reached_v1($1) l
       ), wanted as materialized (
         select distinct w.name from unnest($2::text[]) w (name)
         where not exists (select from reached r where case r.scope
           when 'asset' then r.name = w.name
           when 'asset_type' then w.name in (select a.name from assets a where a.tenant_id = $1 and a.asset_type = r.name)
           else true end)
       ), head as materialized (
         ${queue} ${inOrder} limit ${head}
       ), suited as materialized (
         select * from head where asset_name in (select name from wanted) ${inOrder} limit $4
       ), waiting as (
         select ${columns}, ${most} as room, true as unclaimed,
           ${unexpanded} as unexpanded,
           ${secondsBetween(
             `case when state = 'resuming' then heartbeat_at when upstream_job_count = 0 then created_at
             else (select e.at from backfill_events e where e.job_id = j.id and e.to_state = 'pending' and e.tenant_id = $1
               order by e.id desc limit 1) end`,
             'clock_timestamp()',
           )}::float8 * 1000 as waited_ms
         from (
           select * from suited where (select count(*) from suited) = $4 or (select count(*) from head) < ${head}
           union all
           (select own.* from wanted w cross join lateral (${queue} and asset_name = w.name ${inOrder} limit $4) own
            where (select count(*) from suited) < $4 and (select count(*) from head) = ${head} ${inOrder} limit $4)
         ) j
       ), running as (
         select ${columns}, ${most} - cardinality(lease_tokens) as room,
           claimed_version is distinct from version as unclaimed, false as unexpanded, null::float8 as waited_ms
         from backfill_jobs j
         where tenant_id = $1 and state = 'running' and asset_name = any ($2)
           and case when claimed_version is distinct from version
             then heartbeat_at is null or heartbeat_at < clock_timestamp() - $3 * interval '1 millisecond'
             else cardinality(lease_tokens) < ${most} and (cardinality(lease_tokens) = 0
               or servo_has_due_v1(id)) end
       )
       select work.*, (select servo_granularity(a.partition_config, null) from assets a
           where a.id = work.asset_id and a.tenant_id = $1) as granularity
       from (select * from waiting union all select * from running) work
       order by priority desc, execution_order, sla_deadline_at, created_at limit $4`,
      [tenant, options.assets, options.stale_ms, options.limit],
    ),
  );
}

/** What an operator may change of a job's place in the queue, and of how it is tried. */
export type Settable = Pick<
  Candidate,
  'priority' | 'execution_order' | 'sla_deadline_at' | 'max_attempts'
>;

export type JobProgress = {
  total_partitions: number;
  completed_partitions: number;
  failed_partitions: number;
};

/** The state of these jobs, whether they are still under our claim, their settings and progress. */
export function findStates(
  database: Database,
  tenant: string,
  jobs: readonly string[],
): Promise<({ id: string; state: string; ours: boolean } & Settable & JobProgress)[]> {
  return database.read(tenant, (query) =>
    query(
      `select id, state, claimed_version is not distinct from version as ours, priority, execution_order, sla_deadline_at,
         ${maxAttempts} as max_attempts, total_partitions, completed_partitions, failed_partitions
       from backfill_jobs where tenant_id = $1 and id = any ($2)`,
      [tenant, jobs],
    ),
  );
}

export type JobToRescue = { id: string; state: string; needs_finalizing: boolean };

/**
 * Jobs that need a rescue: with lost or drifted leases, waiting ones whose upstreams have ended,
 * running ones with nothing left to run or still being created, and those that need finalizing;
 * with the database's clock. Two probes: one condition for both reads all jobs of the tenant.
 */
export function findRescues(
  database: Database,
  tenant: string,
  staleMs: number,
): Promise<{ now: Date; jobs: JobToRescue[] }> {
  return database.read(tenant, async (query) => {
    const [clock] = await query<{ now: Date }>('select clock_timestamp() as now');
    const jobs = await query<JobToRescue>(
      `select id, state, needs_finalizing from backfill_jobs where tenant_id = $1 and needs_finalizing
       union all
       select id, state, needs_finalizing from backfill_jobs j
       where tenant_id = $1 and state in ('waiting_upstream', 'running', 'paused', 'resuming') and not needs_finalizing
         and ((state = 'waiting_upstream' and (select verdict is not null or done <> completed_upstream_jobs
             from servo_upstream_verdict_v1($1, j.id, $2)))
           or (state = 'running' and claimed_version = version and lease_tokens = '{}'
             and (not partitions_made or not servo_has_unfinished_v1(id, ${maxAttempts})))
           or cardinality(lease_tokens) <> (select count(distinct lease_token) from backfill_partitions
             where backfill_job_id = j.id and state = 'running' and lease_token is not null)
           or exists (select from backfill_partitions where backfill_job_id = j.id and state = 'running'
             and (lease_expires_at < clock_timestamp() or started_at <= j.leases_revoked_at
               or (lease_expires_at is null and j.claimed_version is not distinct from j.version
                 and coalesce(started_at, '-infinity') < clock_timestamp() - $2 * interval '1 millisecond'))))`,
      [tenant, staleMs],
    );
    return { now: clock!.now, jobs };
  });
}
