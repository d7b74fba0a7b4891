-- Whether this outcome of an attempt fails the partition permanently.
create or replace function servo_fails_partition_v1(outcome text, failures integer, crashes integer, max_attempts integer, max_crashes integer) returns boolean
  language sql immutable parallel safe as $$
  select outcome = 'fatal' or (outcome = 'failed' and failures::bigint + 1 >= max_attempts) or (outcome = 'crashed' and crashes::bigint + 1 >= max_crashes)
$$;

-- The first part of servo_report_and_claim_v1: writes the outcomes of attempts. The caller holds
-- the job's row. A report is accepted only with its partition's current token and attempt number.
--   accepted     positions in p_reports, from 1, of accepted reports; the others are journalled as
--                fenced. Not ids, because two attempts of one partition may be reported together.
--   top          the highest completed key
--   average      moving average of the job's completed attempts, in milliseconds; null: unchanged
--   fingerprint  of the last permanent failure after the last completion, with its message
--   repeats      how many failures after the last completion have this fingerprint
--   timed        attempts that ran to their end
--   slot_ms      sum over these of the time that each kept its slot
--   slot_ms_square  the same of the square
--   retried      of these, how many failed and are tried again
--
-- `state || '' = 'running'` leaves only the primary key: otherwise the planner takes an index that
-- is empty according to its statistics.
create or replace function servo_finish_v1(p_tenant text, p_job uuid, p_owner text, p_reports servo_report_v1[],
  p_max_attempts integer, p_max_crashes integer, p_average bigint, p_at timestamptz,
  out accepted integer[], out completed integer, out failed integer, out top varchar, out average double precision,
  out fingerprint text, out message text, out repeats integer,
  out timed integer, out slot_ms double precision, out slot_ms_square double precision, out retried integer
) language plpgsql as $$
#variable_conflict use_column
declare
  -- Set by the fault suite: completions are journalled too, with their token, to prove that each
  -- partition has only one.
  v_all boolean := coalesce(current_setting('servo.journal_completions', true), '') = 'on';
begin
  with finished as (
    update backfill_partitions p set
      state = case when r.outcome = 'completed' then 'completed'
        when servo_fails_partition_v1(r.outcome, p.failure_count, p.crash_count, p_max_attempts, p_max_crashes) then 'failed' else 'pending' end,
      attempt_count = p.attempt_count - (r.outcome in ('released', 'unavailable'))::integer,
      failure_count = servo_sum_v1(p.failure_count, (r.outcome in ('failed', 'fatal'))::integer),
      crash_count = servo_sum_v1(p.crash_count, (r.outcome = 'crashed')::integer),
      available_at = case when r.outcome = 'completed' then null
        when servo_fails_partition_v1(r.outcome, p.failure_count, p.crash_count, p_max_attempts, p_max_crashes) then 'infinity'
        else p_at + r.delay_ms * interval '1 millisecond' end,
      lease_token = case when r.outcome in ('released', 'unavailable') then null else p.lease_token end,
      lease_expires_at = null,
      completed_at = case when r.outcome = 'completed'
        or servo_fails_partition_v1(r.outcome, p.failure_count, p.crash_count, p_max_attempts, p_max_crashes) then p_at end,
      duration_ms = case when r.outcome in ('released', 'unavailable', 'snoozed', 'crashed') then p.duration_ms else r.duration_ms end,
      error_message = case when r.outcome = 'completed' then null
        when r.outcome = 'released' then p.error_message
        when r.outcome = 'crashed' and p.crash_count::bigint + 1 >= p_max_crashes
          then format('lost %s times while it ran (last on %s): %s', p.crash_count::bigint + 1, p_owner, r.message)
        else coalesce(r.message, p.error_message) end
    from unnest(p_reports) with ordinality r (id, attempt, token, outcome, duration_ms, delay_ms, message, fingerprint, slot_ms, n)
    where p.id = r.id and p.state || '' = 'running' and p.backfill_job_id || '' = p_job::text
      and p.tenant_id || '' = p_tenant and p.lease_token = r.token and p.attempt_count = r.attempt
    returning p.id, p.partition_key, p.state, p.duration_ms as duration, r.outcome, r.message, r.n, r.token, r.fingerprint,
      greatest(r.duration_ms, coalesce(r.slot_ms, servo_seconds_v1(p.started_at, p_at) * 1000), 0)::float8 as kept
  ), counted as (
    select array_agg(n::integer) as reports, count(*) filter (where state = 'completed') as ok, count(*) filter (where state = 'failed') as bad,
      max(partition_key) filter (where state = 'completed') as top, coalesce(max(n) filter (where state = 'completed'), 0) as last_ok from finished
  ), repeats as (
    select f.fingerprint, f.message, f.n, count(*) over (partition by f.fingerprint) as of from finished f, counted c where f.fingerprint is not null and f.n > c.last_ok
  ), averaged as (
    -- Exponential moving average, alpha 0.3, in the order of the reports.
    select sum(duration * case when n = 1 and p_average is null then 1 else 0.3 end * power(0.7::float8, of - n)) as part, max(of) as of
      from (select duration, row_number() over (order by n) as n, count(*) over () as of from finished where state = 'completed') c
  ), timed as (
    select count(*)::integer as of, sum(kept) as ms, sum(kept ^ 2) as square, count(*) filter (where state = 'pending')::integer as retried
      from finished where outcome in ('completed', 'failed', 'fatal')
  ), journalled as (
    insert into backfill_events (tenant_id, job_id, partition_key, kind, actor, reason)
      select p_tenant, p_job, partition_key,
        case when outcome = 'crashed' and state = 'pending' then 'lost' when outcome in ('failed', 'fatal') and state = 'pending' then 'retry'
          when outcome in ('failed', 'fatal', 'crashed') then 'failed' else outcome end,
        p_owner, case when outcome = 'completed' then token::text else left(message, 2000) end
      -- Unavailable attempts are left out: the executor journals the start and end of an outage.
      from finished where case when outcome = 'completed' then v_all else outcome <> 'unavailable' end
  )
  select coalesce(c.reports, '{}'), c.ok, c.bad, c.top, coalesce(a.part, 0) + coalesce(p_average, 0) * power(0.7::float8, a.of),
      l.fingerprint, l.message, l.of, m.of, m.ms, m.square, m.retried
    into accepted, completed, failed, top, average, fingerprint, message, repeats, timed, slot_ms, slot_ms_square, retried
    from counted c cross join averaged a cross join timed m left join (select fingerprint, message, of from repeats order by n desc limit 1) l on true;
  if cardinality(accepted) = cardinality(p_reports) then
    return;
  end if;
  -- A report that is repeated after a lost reply is accepted: the row still has its token and
  -- attempt. Other reports have lost their lease.
  select accepted || coalesce(array_agg(r.n::integer), '{}') into accepted
    from backfill_partitions p join unnest(p_reports) with ordinality r (id, attempt, token, outcome, duration_ms, delay_ms, message, fingerprint, slot_ms, n)
      on p.id = r.id
    where p.lease_token = r.token and p.attempt_count = r.attempt and p.state || '' <> 'running' and r.n <> all (accepted);
  insert into backfill_events (tenant_id, job_id, partition_key, kind, actor, reason)
    select p_tenant, p_job, p.partition_key, 'fenced', p_owner, format('attempt %s reported %s after its lease was lost', r.attempt, r.outcome)
    from backfill_partitions p join unnest(p_reports) with ordinality r (id, attempt, token, outcome, duration_ms, delay_ms, message, fingerprint, slot_ms, n)
      on p.id = r.id
    where r.n <> all (accepted) and r.outcome not in ('released', 'unavailable') and p.backfill_job_id || '' = p_job::text;
end $$;
