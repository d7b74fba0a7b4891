import { type JobState, transitions } from '../../domain/job/state.ts';
import type { Database } from '../database.ts';
import { unfinishedStates } from './unfinished-states.ts';

const endedStates = Object.entries(transitions)
  .flatMap(([state, targets]) => (targets.length === 0 ? [`'${state}'`] : []))
  .join(', ');

export type Violation = {
  id: string;
  text: string;
  job_id: string;
  partition_key: string | null;
  found: string;
};

type Invariant = {
  id: string;
  text: string;
  /** Selects job_id, partition_key, found from `recent` jobs. $1 is the tenant. */
  sql: string;
};

// No external writer has changed the job since our last claim: its claim would raise the version by
// more than an operator's action.
const onlyOurs = `j.version::bigint - j.claimed_version between 0 and
  case j.state when 'running' then 0 when 'resuming' then 2 when 'cancelled' then 3 else 1 end`;

/**
 * Unfinished jobs, and those that ended within a day or without a time. Recounting all jobs would
 * take too long.
 */
const recentJobs = `select * from backfill_jobs where tenant_id = $1 and (state in (${unfinishedStates})
  or completed_at > clock_timestamp() - interval '1 day' or (completed_at is null and state in (${endedStates})))`;

/** An executor has been running for a minute and was seen just now. */
const executorAlive = `exists (select from backfill_executors e where e.tenant_id = $1 and e.stopped_at is null
  and e.started_at < clock_timestamp() - interval '60 seconds' and e.seen_at > clock_timestamp() - interval '15 seconds')`;

/** Transitions of jobs created within a day, each with the journal's state before it. */
const changes = `select e.job_id, e.id, e.from_state, e.to_state, e.at,
    lag(e.to_state) over (partition by e.job_id order by e.id) as before
  from backfill_events e join recent j on j.id = e.job_id
  where e.tenant_id = $1 and e.kind = 'state' and j.created_at > clock_timestamp() - interval '1 day'`;

const allowed = Object.entries(transitions as Record<string, readonly JobState[]>)
  .flatMap(([from, targets]) => targets.map((to) => `('${from}', '${to}')`))
  .join(', ');

const completedText =
  'a completed job has no unfinished partition, and at least as many as it counts';
/** For jobs completed by an external writer, or by hand. */
export const completedByOthersText =
  'a job that others set to completed has no unfinished partition';

/** Skipped by an operator counts as finished; skipped because the job ended does not. */
const unfinishedCounts = `select count(*) as total, count(*) filter (where state not in ('completed', 'skipped')
    or (state = 'skipped' and available_at = 'infinity')) as open
  from backfill_partitions p where p.backfill_job_id = j.id and p.tenant_id = $1`;
const unfinished = `format('%s of %s partitions, %s of them unfinished', r.total, j.total_partitions, r.open)`;

/**
 * The invariants as far as rows can show them, one statement each. Rows of external writers are
 * left out: they keep none of them. The fault suite checks the others (I11: other tenants' rows;
 * I12: messages per partition; I13: a wrong clock on a host).
 */
export const invariants: readonly Invariant[] = [
  {
    id: 'I1',
    text: 'at most one accepted completion per partition (checked only with servo.journal_completions)',
    sql: `select e.job_id, e.partition_key, format('%s completions: %s', count(*), string_agg(e.actor, ', ' order by e.id)) as found
      from backfill_events e join recent j on j.id = e.job_id
      where e.tenant_id = $1 and e.kind = 'completed' and e.partition_key is not null
      group by e.job_id, e.partition_key having count(*) > 1`,
  },
  {
    id: 'I2',
    text: 'at rest, the counters of a job equal a recount',
    sql: `select j.id as job_id, null as partition_key, format('completed %s, failed %s, skipped %s; recount %s, %s, %s',
        j.completed_partitions, j.failed_partitions, j.skipped_partitions, r.completed, r.failed, r.skipped) as found
      from recent j, lateral (select count(*) filter (where state = 'completed') as completed, count(*) filter (where state = 'failed') as failed,
          count(*) filter (where state = 'skipped') as skipped, count(*) filter (where state = 'running') as running
        from backfill_partitions p where p.backfill_job_id = j.id) r
      where ${onlyOurs} and not j.needs_finalizing and r.running = 0
        and (j.completed_partitions, j.failed_partitions, j.skipped_partitions) is distinct from (r.completed, r.failed, r.skipped)
        and not (j.state in ('pending', 'running', 'paused', 'resuming') and j.upstream_job_count > 0)`,
  },
  {
    id: 'I3',
    text: completedText,
    sql: `select j.id as job_id, null as partition_key, ${unfinished} as found
      from recent j, lateral (${unfinishedCounts}) r
      where j.state = 'completed' and ${onlyOurs} and (r.open > 0 or r.total < j.total_partitions)`,
  },
  {
    id: 'I3',
    text: completedByOthersText,
    sql: `select j.id as job_id, null as partition_key, ${unfinished} || coalesce(', by ' || e.actor, '') as found
      from recent j cross join lateral (${unfinishedCounts}) r
        left join lateral (select actor from backfill_events e where e.job_id = j.id and e.tenant_id = $1 and e.kind = 'state'
          and e.to_state = 'completed' order by e.id desc limit 1) e on true
      where j.state = 'completed' and (${onlyOurs}) is not true and (r.open > 0 or r.total < j.total_partitions)`,
  },
  {
    id: 'I8',
    text: 'a job that has ended has the time of its end',
    sql: `select j.id as job_id, null as partition_key, format('%s without completed_at', j.state) as found
      from recent j where j.state in (${endedStates}) and j.completed_at is null`,
  },
  {
    id: 'I4',
    text: 'live leases of a job never exceed its max parallel, and are listed on the job',
    sql: `select j.id as job_id, null as partition_key, format('%s leases (%s on the job), at most %s allowed; not on the job: %s', r.leases,
        cardinality(j.lease_tokens), servo_max_parallel(j.execution_strategy), coalesce(r.strays, 'none')) as found
      from recent j, lateral (select count(distinct lease_token) as leases, max(started_at) as newest,
          string_agg(format('%s of %s until %s', partition_key, coalesce(lease_owner, 'no executor'), lease_expires_at), ', ')
            filter (where lease_token <> all (j.lease_tokens)) as strays
        from backfill_partitions p where p.backfill_job_id = j.id and p.state = 'running' and p.lease_expires_at > clock_timestamp()) r
      where r.strays is not null or (greatest(r.leases, cardinality(j.lease_tokens)) > servo_max_parallel(j.execution_strategy)
        -- max_parallel may be lowered: running attempts may finish, and only a later claim is a
        -- violation.
        and r.newest > coalesce((select max(at) from backfill_events e where e.job_id = j.id and e.tenant_id = $1 and e.kind = 'set'), '-infinity'))`,
  },
  {
    id: 'I5',
    text: 'while an executor is alive, no lease stays expired for over 60 s',
    sql: `select j.id as job_id, p.partition_key, format('leased by %s, expired at %s', coalesce(p.lease_owner, 'no executor'), coalesce(p.lease_expires_at::text, 'none')) as found
      from recent j join backfill_partitions p on p.backfill_job_id = j.id and p.state = 'running'
      where (j.state in ('running', 'paused', 'resuming') or j.needs_finalizing) and ${executorAlive}
        and case when p.lease_expires_at > '-infinity' then p.lease_expires_at
          else (select e.lost_at from backfill_executors e where e.tenant_id = $1 and e.id = p.lease_owner) end < clock_timestamp() - interval '60 seconds'`,
  },
  {
    id: 'I6',
    text: 'every transition of a job is in the journal',
    sql: `select job_id, null as partition_key, found from (
        select job_id, format('from %s, but it was %s before', coalesce(from_state, 'nothing'), before) as found from changes
          where before is not null and from_state is distinct from before
        union all
        select j.id, format('it is %s; the journal ends with %s', j.state, coalesce(l.to_state, 'no state')) from recent j
          join (select distinct on (job_id) job_id, to_state from changes order by job_id, id desc) l on l.job_id = j.id
          where l.to_state is distinct from j.state) broken`,
  },
  {
    id: 'I6',
    text: 'every attempt that did not complete is in the journal',
    sql: `select j.id as job_id, p.partition_key, format('%s attempts, it is %s, and the journal has %s that did not complete',
        p.attempt_count, p.state, e.ended) as found
      from recent j join backfill_partitions p on p.backfill_job_id = j.id, lateral (
        select count(*) filter (where partition_key is not null) as ended, bool_or(partition_key is null and kind = 'reclaimed') as taken_over
        from backfill_events e where e.job_id = j.id and e.tenant_id = $1 and (partition_key is null or partition_key = p.partition_key)
          and kind in ('retry', 'failed', 'snoozed', 'lost', 'reclaimed')) e
      where j.created_at > clock_timestamp() - interval '1 day' and ${onlyOurs}
        and p.attempt_count > 1 and not coalesce(e.taken_over, false)
        and p.attempt_count::bigint - (p.state in ('completed', 'running'))::int > e.ended`,
  },
  {
    id: 'I7',
    text: 'no claim after a pause or cancel',
    sql: `select j.id as job_id, p.partition_key, format('claimed at %s by %s; %s since %s', p.started_at, p.lease_owner, j.state, l.at) as found
      from recent j
        join lateral (select at from backfill_events e where e.job_id = j.id and e.tenant_id = $1 and e.kind = 'state' order by e.id desc limit 1) l on true
        join backfill_partitions p on p.backfill_job_id = j.id
      where j.state in ('paused', 'cancelled') and p.lease_owner is not null and p.lease_token is not null and p.started_at > l.at`,
  },
  {
    id: 'I8',
    text: 'only allowed transitions',
    sql: `select job_id, null as partition_key, format('from %s to %s', from_state, coalesce(to_state, 'no state')) as found from changes
      where from_state is not null and (from_state, to_state) not in (${allowed})`,
  },
  {
    id: 'I8',
    text: 'the version grows with each transition',
    sql: `select j.id as job_id, null as partition_key, format('version %s after %s transitions', j.version, t.transitions) as found
      from recent j join (select job_id, count(from_state) as transitions from changes group by job_id) t on t.job_id = j.id
      where j.version <= t.transitions`,
  },
  {
    id: 'I9',
    text: 'a parent leaves waiting_upstream exactly when its children decide it',
    sql: `select j.id as job_id, null as partition_key, format('%s, with %s of %s children not completed', j.state, c.open, c.children) as found
      from recent j, lateral (select count(*) as children, count(*) filter (where state <> 'completed') as open,
          count(*) filter (where state in ('failed', 'cancelled')) as lost, max(completed_at) as last
        from backfill_jobs c where c.parent_job_id = j.id and c.tenant_id = $1) c
      where c.children > 0 and ((j.state in ('running', 'completed') and j.claimed_version is not null and c.open > 0)
        or (j.state = 'waiting_upstream' and (c.open = 0 or c.lost > 0) and c.last < clock_timestamp() - interval '60 seconds' and ${executorAlive}))`,
  },
  {
    id: 'I10',
    text: 'the heartbeat of a running job stays under 35 s old',
    sql: `select distinct j.id as job_id, null as partition_key, format('heartbeat of %s', coalesce(j.heartbeat_at::text, 'none')) as found
      from recent j join backfill_partitions p on p.backfill_job_id = j.id and p.state = 'running'
        join backfill_executors e on e.tenant_id = $1 and e.id = p.lease_owner and e.stopped_at is null and e.lost_at is null
      where j.state = 'running' and j.claimed_version = j.version and p.lease_expires_at > clock_timestamp()
        and p.started_at < clock_timestamp() - interval '35 seconds' and e.seen_at > clock_timestamp() - interval '15 seconds'
        and greatest(j.heartbeat_at, j.leases_revoked_at) < clock_timestamp() - interval '35 seconds'`,
  },
  {
    id: 'I14',
    text: 'a completion is reported under the partition’s token (checked only with servo.journal_completions)',
    sql: `select j.id as job_id, p.partition_key, format('completed by %s under %s; the row says %s, %s', e.actor, coalesce(e.reason, 'no token'),
        coalesce(p.lease_owner, 'no executor'), coalesce(p.lease_token::text, 'no token')) as found
      from recent j join backfill_partitions p on p.backfill_job_id = j.id and p.state = 'completed'
        join backfill_events e on e.job_id = j.id and e.tenant_id = $1 and e.kind = 'completed' and e.partition_key = p.partition_key
      where e.reason is distinct from p.lease_token::text or e.actor is distinct from p.lease_owner`,
  },
];

const maxRows = 20;

/** Checks every invariant for a tenant, read-only, one statement each. Empty if all hold. */
export async function findViolations(database: Database, tenant: string): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const { id, text, sql } of invariants) {
    const rows = await database.read(tenant, (query) =>
      query<Omit<Violation, 'id' | 'text'>>(
        `with recent as (${recentJobs}), changes as (${changes}) select * from (${sql}) violations limit ${maxRows}`,
        [tenant],
      ),
    );
    violations.push(...rows.map((row) => ({ id, text, ...row })));
  }
  return violations;
}
