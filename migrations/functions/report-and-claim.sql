-- The executor's step: reports finished attempts of one job, gives up lanes, opens others with new work, and
-- writes the job row once: one call, one message, one transaction. Version 1 of its name, so that old and new executors
-- can run together.
--
--   p_ids … p_messages  one element for each attempt reported. p_outcomes: completed; failed (counts, tried again
--                       after p_delays ms while failure_count < max_attempts); fatal (failed for good);
--                       crashed (counts as a crash, due after p_delays ms; the third one is failed for good);
--                       later (counts nothing, due after p_delays ms); unavailable (the same, attempt refunded, not
--                       journalled: its executor journals when that begins and ends); released (never started: attempt refunded).
--   p_prints            for a permanent failure, what it has in common with others of its kind; else null.
--   p_policy            {"max_attempts", "timeout_ms"}: of the asset's settings, for a job that does not say;
--                       {"pause_at"}: the job is paused after so many permanent failures of one kind in a row. Each may be left out.
--   p_closing           tokens of the lanes given up; all their attempts are reported by this or an earlier call.
--   p_replaces          for each new lane, the token it follows, or null: a lane that does not hold its old token
--                       any more claims nothing, so that a late duplicate of a message cannot claim twice.
--   p_opening           tokens of the new lanes, chosen by the caller before it sends: repeating the
--                       message after a lost reply gives the same attempts.
--   p_want              attempts for each new lane, at most.
--   accepted            positions in p_ids, from 1, of the reports that count; the others were fenced off, and are journalled as such.
--                       Not ids: an old attempt and the next one of the same partition may be reported together.
--   due_in_ms           when the next handed-back partition falls due, where nothing was claimed: on the database's clock.
--
-- Why it is written as it is (figures: 30,000 to 1,000,000 partitions, 2 cores):
-- * Each statement inside has a snapshot later than the row lock. Finish and claim in one statement broke key order in every run.
-- * `id = any(array(select … limit n))`: a join to the limited select plans a sequential scan (115 against 1,016 steps/s).
-- * `state || '' = 'running'`: only the primary key fits then; other plans take an index that statistics call empty.
-- * A variable as the bound, never coalesce() in the where clause: under row-level security only leakproof conditions reach an index.
-- * Generic plans, nested loops over indexes only: a fresh million-partition job without statistics cost 358 ms a claim, and the
--   policy's own `tenant_id is null or …` offers a bitmap scan of the whole tenant (500 rows of 20,000: 1,037 ms).
--   No JIT: what is disabled costs so much on paper that every plan was compiled (350 ms).
-- * Claims go above the checkpoint: under a held snapshot dead index entries below it would be read again at each claim.
-- * A sequential job waits for a key that still runs in a cancelled job of its asset, and for its turn behind it: past that key, a job recreated
--   in the middle of a sequential backfill worked on two days at once, and on the earlier one after all the others. Keys that were
--   handed back are claimed as before: a sequential job goes on past a partition in back-off.
create or replace function servo_report_and_claim_v1(
  p_tenant text, p_job uuid, p_owner text,
  p_ids uuid[], p_attempts integer[], p_tokens uuid[], p_outcomes text[], p_durations bigint[], p_delays bigint[], p_messages text[],
  p_closing uuid[], p_replaces uuid[], p_opening uuid[], p_want integer, p_lease_ms bigint,
  p_prints text[] default '{}', p_policy jsonb default '{}',
  out job_state text, out job_version integer, out lanes integer, out max_parallel integer, out timeout_ms integer, out average_ms bigint,
  out accepted integer[], out ids uuid[], out keys text[], out attempts integer[], out failures integer[], out tokens uuid[],
  out due_in_ms bigint
) language plpgsql
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_sort = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
  j record;
  t timestamptz;
  v_ours boolean;
  v_max_attempts integer;
  v_ok integer := 0;
  v_bad integer := 0;
  v_top backfill_jobs.checkpoint_partition_key%type;
  v_from backfill_jobs.checkpoint_partition_key%type;
  v_average double precision;
  v_live uuid[];
  v_new uuid[] := '{}';
  v_pick uuid[] := '{}';
  v_fresh uuid[];
  v_alone boolean;
  v_seats integer;
  v_beat boolean;
  v_recount record;
  v_busy text[];
  v_adopted integer := 0;
  v_print text;
  v_message text;
  v_alike integer;
  v_pauses boolean;
  v_whole boolean := false;
  v_missing backfill_jobs.checkpoint_partition_key%type;
  -- A completed attempt's record is its partition's row. Where this is set, it is in the journal as well, with its token: so that a test
  -- can tell that there was only one.
  v_all boolean := coalesce(current_setting('servo.journal_completions', true), '') = 'on';
begin
  perform set_config('app.current_tenant', p_tenant, true), set_config('servo.actor', p_owner, true), set_config('servo.reason', '', true);
  if current_setting('lock_timeout') = '0' then
    perform set_config('lock_timeout', '2s', true); -- An operator may hold the row: other jobs' steps must not wait behind this one.
  end if;
  select asset_id, state, version, claimed_version, checkpoint_partition_key as checkpoint, heartbeat_at, lease_tokens,
      execution_strategy as strategy, avg_partition_duration_ms as average, estimated_completion_at as eta,
      partitions_made as made, total_partitions as total, completed_partitions::bigint + failed_partitions + skipped_partitions as done, failing
    into j from backfill_jobs where id = p_job and tenant_id = p_tenant for no key update;
  if not found then
    return;
  end if;
  t := clock_timestamp();
  v_ours := j.claimed_version is not distinct from j.version;
  v_max_attempts := servo_integer(j.strategy -> 'max_attempts', servo_integer(p_policy -> 'max_attempts', 3));
  max_parallel := servo_max_parallel(j.strategy);
  timeout_ms := servo_integer(j.strategy -> 'timeout_ms', servo_integer(p_policy -> 'timeout_ms', 300000));

  -- 1. Finish. Allowed in any state of the job: what a pause or cancel finds running may end.
  accepted := '{}';
  if cardinality(p_ids) > 0 then
    with finished as (
      update backfill_partitions p set
        state = case when r.outcome = 'completed' then 'completed'
          when r.outcome = 'fatal' or (r.outcome = 'failed' and p.failure_count::bigint + 1 >= v_max_attempts)
            or (r.outcome = 'crashed' and p.crash_count::bigint + 1 >= 3) then 'failed' else 'pending' end,
        attempt_count = p.attempt_count - (r.outcome in ('released', 'unavailable'))::integer,
        failure_count = servo_sum_v1(p.failure_count, (r.outcome in ('failed', 'fatal'))::integer),
        crash_count = servo_sum_v1(p.crash_count, (r.outcome = 'crashed')::integer),
        available_at = case when r.outcome = 'completed' then null
          when r.outcome = 'fatal' or (r.outcome = 'failed' and p.failure_count::bigint + 1 >= v_max_attempts)
            or (r.outcome = 'crashed' and p.crash_count::bigint + 1 >= 3) then 'infinity'
          else t + r.delay * interval '1 millisecond' end,
        lease_token = case when r.outcome in ('released', 'unavailable') then null else p.lease_token end,
        lease_expires_at = null,
        completed_at = case when r.outcome in ('completed', 'fatal') or (r.outcome = 'failed' and p.failure_count::bigint + 1 >= v_max_attempts)
          or (r.outcome = 'crashed' and p.crash_count::bigint + 1 >= 3) then t end,
        duration_ms = case when r.outcome in ('released', 'unavailable', 'snoozed', 'crashed') then p.duration_ms else r.duration end,
        error_message = case when r.outcome = 'completed' then null
          when r.outcome = 'released' then p.error_message
          when r.outcome = 'crashed' and p.crash_count::bigint + 1 >= 3
            then format('lost %s times while it ran (last on %s): %s', p.crash_count::bigint + 1, p_owner, r.message)
          else coalesce(r.message, p.error_message) end
      from unnest(p_ids, p_attempts, p_tokens, p_outcomes, p_durations, p_delays, p_messages, p_prints)
        with ordinality r (id, attempt, token, outcome, duration, delay, message, print, n)
      where p.id = r.id and p.state || '' = 'running' and p.backfill_job_id || '' = p_job::text
        and p.tenant_id || '' = p_tenant and p.lease_token = r.token and p.attempt_count = r.attempt
      returning p.id, p.partition_key, p.state, p.attempt_count as attempt, p.duration_ms as duration, r.outcome, r.message, r.n, r.token, r.print
    ), counted as (
      select array_agg(n::integer) as reports, count(*) filter (where state = 'completed') as ok, count(*) filter (where state = 'failed') as bad,
        max(partition_key) filter (where state = 'completed') as top, coalesce(max(n) filter (where state = 'completed'), 0) as last_ok from finished
    ), alike as (
      -- The permanent failures since the last completion that are of the last one's kind.
      select f.print, f.message, f.n, count(*) over (partition by f.print) as of from finished f, counted c where f.print is not null and f.n > c.last_ok
    ), averaged as (
      -- The moving average, alpha 0.3, folded over the completions in the order they were reported.
      select sum(duration * case when n = 1 and j.average is null then 1 else 0.3 end * power(0.7::float8, of - n)) as part, max(of) as of
        from (select duration, row_number() over (order by n) as n, count(*) over () as of from finished where state = 'completed') c
    ), journalled as (
      insert into backfill_events (tenant_id, job_id, partition_key, kind, actor, reason)
        select p_tenant, p_job, partition_key,
          case when outcome = 'crashed' and state = 'pending' then 'lost' when outcome in ('failed', 'fatal') and state = 'pending' then 'retry'
            when outcome in ('failed', 'fatal', 'crashed') then 'failed' else outcome end,
          p_owner, case when outcome = 'completed' then token::text else left(message, 2000) end
        from finished where case when outcome = 'completed' then v_all else outcome <> 'unavailable' end
    )
    select coalesce(c.reports, '{}'), c.ok, c.bad, c.top, coalesce(a.part, 0) + coalesce(j.average, 0) * power(0.7::float8, a.of),
        l.print, l.message, l.of
      into accepted, v_ok, v_bad, v_top, v_average, v_print, v_message, v_alike
      from counted c cross join averaged a left join (select print, message, of from alike order by n desc limit 1) l on true;
    if cardinality(accepted) < cardinality(p_ids) then
      -- Repeated after a lost reply: the row still carries the token and the attempt. Anything else lost its lease.
      select accepted || coalesce(array_agg(r.n::integer), '{}') into accepted
        from backfill_partitions p join unnest(p_ids, p_attempts, p_tokens) with ordinality r (id, attempt, token, n) on p.id = r.id
        where p.lease_token = r.token and p.attempt_count = r.attempt and p.state || '' <> 'running' and r.n <> all (accepted);
      insert into backfill_events (tenant_id, job_id, partition_key, kind, actor, reason)
        select p_tenant, p_job, p.partition_key, 'fenced', p_owner, format('attempt %s reported %s after its lease was lost', r.attempt, r.outcome)
        from backfill_partitions p join unnest(p_ids, p_attempts, p_outcomes) with ordinality r (id, attempt, outcome, n) on p.id = r.id
        where r.n <> all (accepted) and r.outcome not in ('released', 'unavailable') and p.backfill_job_id || '' = p_job::text;
    end if;
  end if;
  -- Permanent failures of one kind in a row. Enough of them pause the job in this transaction, before more partitions are lost to what
  -- only a person can mend; not where nothing is left to try. Any completion ends the row.
  if v_print is not null or (v_ok > 0 and j.failing is not null) then
    if v_print is not null and v_ok = 0 and j.failing ->> 'print' = v_print then
      v_alike := v_alike + servo_integer(j.failing -> 'failures', 0);
    end if;
    j.failing := case when v_print is not null then jsonb_build_object('print', v_print, 'failures', v_alike, 'message', left(v_message, 500)) end;
    v_pauses := j.state = 'running' and v_ours and v_alike >= servo_integer(p_policy -> 'pause_at', 1000000000)
      and exists (select from backfill_partitions where backfill_job_id = p_job and state = 'pending');
    if v_pauses then
      perform set_config('servo.reason', format('auto-paused: the last %s attempts failed alike, and trying again cannot help: %s',
        v_alike, left(v_message, 500)), true);
      j.state := 'paused';
      j.version := j.version + 1;
    end if;
    update backfill_jobs set failing = j.failing, state = j.state, version = j.version, paused_at = case when v_pauses then t else paused_at end
      where id = p_job and tenant_id || '' = p_tenant;
    perform set_config('servo.reason', '', true);
  end if;
  -- While the last attempts have failed so, the job is tried by one partition at a time, over all hosts: also after a resume or a retry.
  if j.failing is not null then
    max_parallel := 1;
    p_want := 1;
  end if;
  v_from := case when v_top is null or j.checkpoint > v_top then j.checkpoint else v_top end;
  v_live := array(select x from unnest(j.lease_tokens) x where x <> all (p_closing));

  -- 2. Claim.
  ids := '{}';
  if v_live && p_opening then
    -- The message was repeated: what its lanes still run.
    select coalesce(array_agg(p.id order by p.partition_key), '{}'), array_agg(p.partition_key order by p.partition_key),
        array_agg(p.attempt_count order by p.partition_key), array_agg(p.failure_count order by p.partition_key), array_agg(p.lease_token order by p.partition_key)
      into ids, keys, attempts, failures, tokens
      from backfill_partitions p where p.backfill_job_id = p_job and p.state = 'running' and p.lease_token = any (p_opening);
  elsif j.state = 'running' and v_ours then
    v_seats := greatest(0, max_parallel - cardinality(v_live));
    select coalesce(array_agg(o.token), '{}') into v_new from (
      select token from unnest(p_opening, p_replaces) with ordinality o (token, follows, n)
      where token is not null and (follows is null or follows = any (j.lease_tokens)) order by n limit v_seats) o;
    v_seats := cardinality(v_new);
    -- Keys that still run in a job of the asset that was cancelled, recreated mostly: not before that attempt has ended. What a base executor
    -- left there counts for as long as a base heartbeat does. Only the index of needs_finalizing jobs fits, which is mostly empty.
    if v_seats > 0 and exists (select from backfill_jobs where tenant_id = p_tenant and needs_finalizing
        and asset_id || '' = j.asset_id::text and id <> p_job) then
      select array_agg(p.partition_key) into v_busy from backfill_jobs o join backfill_partitions p on p.backfill_job_id = o.id
        where o.tenant_id = p_tenant and o.needs_finalizing and o.asset_id || '' = j.asset_id::text and o.id <> p_job
          and p.state = 'running' and (p.lease_expires_at is not null or p.started_at > t - interval '120 seconds');
    end if;
    if v_seats > 0 then
      -- Handed back and due. One that was lost goes alone, or a partition that kills executors takes its mates along.
      if j.strategy ->> 'order' = 'desc' then
        select array_agg(id), bool_or(crash_count > 0) into v_pick, v_alone from (
          select id, crash_count from backfill_partitions
          where backfill_job_id = p_job and state = 'pending' and available_at is not null and available_at <= t
            and (v_busy is null or partition_key <> all (v_busy))
          order by available_at, partition_key desc limit v_seats * p_want) d;
      else
        select array_agg(id), bool_or(crash_count > 0) into v_pick, v_alone from (
          select id, crash_count from backfill_partitions
          where backfill_job_id = p_job and state = 'pending' and available_at is not null and available_at <= t
            and (v_busy is null or partition_key <> all (v_busy))
          order by available_at, partition_key limit v_seats * p_want) d;
      end if;
      v_pick := coalesce(v_pick, '{}');
      if v_alone then
        v_pick := v_pick[1:v_seats];
      end if;
      if cardinality(v_pick) < v_seats then
        if j.strategy ->> 'order' = 'desc' then
          v_fresh := array(select id from backfill_partitions
            where backfill_job_id = p_job and state = 'pending' and available_at is null
              and (v_busy is null or partition_key <> all (v_busy))
            order by partition_key desc limit (v_seats - cardinality(v_pick)) * p_want);
        else
          if v_from is not null then
            v_fresh := array(select id from backfill_partitions
              where backfill_job_id = p_job and state = 'pending' and available_at is null and partition_key > v_from
                  and (v_busy is null or partition_key <> all (v_busy))
              order by partition_key limit (v_seats - cardinality(v_pick)) * p_want);
          end if;
          if v_from is null or (cardinality(v_fresh) = 0 and cardinality(v_live) = 0) then
            v_fresh := array(select id from backfill_partitions
              where backfill_job_id = p_job and state = 'pending' and available_at is null
                and (v_busy is null or partition_key <> all (v_busy))
              order by partition_key limit (v_seats - cardinality(v_pick)) * p_want);
          end if;
        end if;
        if v_busy is not null and max_parallel = 1 then
          v_fresh := array(select f.id from unnest(v_fresh) with ordinality f (id, n) join backfill_partitions p on p.id = f.id
            where not exists (select from unnest(v_busy) k join backfill_partitions b on b.backfill_job_id = p_job and b.partition_key = k
              where b.state || '' = 'pending' and b.available_at is null
                and case when j.strategy ->> 'order' = 'desc' then b.partition_key > p.partition_key else b.partition_key < p.partition_key end)
            order by f.n);
        end if;
        if not j.made and max_parallel = 1 and cardinality(v_fresh) > 0 then
          -- A sequential job that is still being created: not past a key that is still to come.
          begin
            select case when j.strategy ->> 'order' = 'desc' then max(key) filter (where lacks) else min(key) filter (where lacks) end,
                count(*) >= greatest(j.total, 1) and not bool_or(lacks)
              into v_missing, v_whole from servo_job_keys_v1(p_tenant, p_job) key, lateral (
                select not exists (select from backfill_partitions where backfill_job_id = p_job and partition_key = key) as lacks) l;
          exception when data_exception then null; -- A range that is not one of times.
          end;
          v_fresh := array(select f.id from unnest(v_fresh) with ordinality f (id, n) join backfill_partitions p on p.id = f.id
            where case when v_missing is null then true when j.strategy ->> 'order' = 'desc' then p.partition_key > v_missing
              else p.partition_key < v_missing end
            order by f.n);
        end if;
        if cardinality(v_pick) + cardinality(v_fresh) = 0 and cardinality(v_live) = 0 then
          -- A base executor leaves what it may retry as failed.
          v_fresh := array(select id from backfill_partitions
            where backfill_job_id = p_job and state = 'failed' and available_at is null and attempt_count < v_max_attempts
              and (v_busy is null or partition_key <> all (v_busy))
            order by partition_key limit v_seats * p_want);
        end if;
        v_pick := v_pick || v_fresh;
        if cardinality(v_pick) = 0 then
          -- Failed for good, and set to pending by hand: its failures are forgotten, as by a retry.
          v_fresh := array(select id from backfill_partitions
            where backfill_job_id = p_job and state = 'pending' and available_at = 'infinity'
              and (v_busy is null or partition_key <> all (v_busy))
            order by available_at, partition_key limit 500);
          if cardinality(v_fresh) > 0 then
            update backfill_partitions set available_at = t, failure_count = 0, crash_count = 0
              where id = any (v_fresh) and tenant_id || '' = p_tenant and state || '' = 'pending';
            v_pick := v_fresh[1 : v_seats * p_want];
          end if;
        end if;
      end if;
      -- What ended before the look at busy keys is seen here as completed; what ends later was busy, and is not among these.
      if cardinality(v_pick) > 0 and exists (select from backfill_partitions
          where (case when follows_id is not null then backfill_job_id end) = p_job and follows_id is not null and state || '' = 'pending') then
        select a.rest, a.adopted, greatest(v_from, a.top) into v_pick, v_adopted, v_from from servo_adopt_v1(p_tenant, p_job, p_owner, v_pick) a;
        v_ok := v_ok + v_adopted;
      end if;
      v_seats := least(v_seats, cardinality(v_pick));
    end if;
    if v_seats > 0 then
      v_new := v_new[1:v_seats];
      with claimed as (
        update backfill_partitions p set state = 'running', attempt_count = servo_sum_v1(p.attempt_count, 1), started_at = t, completed_at = null,
          available_at = null, lease_owner = p_owner, lease_token = v_new[1 + (w.n - 1) % v_seats], lease_expires_at = t + p_lease_ms * interval '1 millisecond'
        from unnest(v_pick) with ordinality w (id, n)
        where p.id = w.id and p.tenant_id || '' = p_tenant and p.state || '' in ('pending', 'failed')
        returning p.id, p.partition_key, p.attempt_count as attempt, p.failure_count as failures, p.lease_token, w.n
      )
      select coalesce(array_agg(id order by n), '{}'), array_agg(partition_key order by n), array_agg(attempt order by n),
          array_agg(c.failures order by n), array_agg(lease_token order by n)
        into ids, keys, attempts, failures, tokens from claimed c;
      v_live := v_live || array(select distinct x from unnest(tokens) x);
    else
      select greatest(0, ceil(servo_seconds_v1(t, min(available_at)) * 1000))::bigint into due_in_ms from backfill_partitions
        where backfill_job_id = p_job and state = 'pending' and available_at is not null and available_at < 'infinity';
      if cardinality(v_live) >= max_parallel then
        due_in_ms := null; -- What is due waits for a lane, not for its time.
      elsif v_missing is not null then
        due_in_ms := 250;
      elsif v_busy is not null then
        -- Nobody tells when those attempts end.
        due_in_ms := greatest(200, least(coalesce(due_in_ms, 1000), 1000));
      end if;
      if v_adopted > 0 then
        due_in_ms := 1;
      end if;
    end if;
  end if;

  -- 3. Write the job row once: end it, by recount, or move its figures.
  lanes := cardinality(v_live);
  job_state := j.state;
  job_version := j.version;
  average_ms := case when v_average is null then j.average else least(greatest(round(v_average), -9e18), 9e18)::bigint end;
  if lanes = 0 and j.state = 'running' and v_ours
      and not exists (select from backfill_partitions where backfill_job_id = p_job and state = 'pending')
      and not exists (select from backfill_partitions where backfill_job_id = p_job and state = 'running')
      and not exists (select from backfill_partitions where backfill_job_id = p_job and state = 'failed'
        and available_at is null and attempt_count < v_max_attempts) then
    select count(*) as total, count(*) filter (where state = 'completed') as completed, count(*) filter (where state = 'failed') as failed,
        count(*) filter (where state = 'skipped') as skipped, max(partition_key) filter (where state = 'completed') as top,
        count(*) filter (where state = 'skipped' and available_at = 'infinity') as undone,
        min(failure_count) filter (where state = 'failed') as least_failures, max(failure_count) filter (where state = 'failed') as most_failures
      into v_recount from backfill_partitions where backfill_job_id = p_job;
    -- A writer may still add the missing ones, or a person has deleted them: servo_recount_v1 decides after a while.
    if v_recount.total >= greatest(j.total, 1) and (j.made or j.total > 0) and v_recount.undone = 0 then
      job_state := case when v_recount.failed > 0 then 'failed' else 'completed' end;
      job_version := j.version + 1;
      update backfill_jobs set state = job_state, version = job_version, completed_at = t, heartbeat_at = greatest(j.heartbeat_at, t), lease_tokens = '{}',
          total_partitions = v_recount.total, completed_partitions = v_recount.completed, failed_partitions = v_recount.failed,
          skipped_partitions = v_recount.skipped, checkpoint_partition_key = v_recount.top, avg_partition_duration_ms = average_ms,
          error_message = case when v_recount.failed > 0 then format('%s of %s partitions failed%s', v_recount.failed, v_recount.total,
            case when v_recount.least_failures = v_recount.most_failures and v_recount.most_failures > 1
              then format(' after %s attempts each', v_recount.most_failures) else '' end) else error_message end
        where id = p_job and tenant_id = p_tenant;
      return;
    end if;
    if v_recount.undone > 0 then
      update backfill_jobs set needs_finalizing = true where id = p_job and tenant_id = p_tenant;
    elsif not j.made then
      due_in_ms := least(coalesce(due_in_ms, 250), 250);
    end if;
  end if;
  if v_ok > 0 or v_bad > 0 or v_live is distinct from j.lease_tokens then
    v_beat := v_ours and (j.heartbeat_at is null or j.heartbeat_at <= t - interval '5 seconds' or (j.eta is null and average_ms is not null));
    update backfill_jobs set completed_partitions = servo_sum_v1(completed_partitions, v_ok), failed_partitions = servo_sum_v1(failed_partitions, v_bad),
        partitions_made = partitions_made or v_whole, checkpoint_partition_key = v_from, lease_tokens = v_live, avg_partition_duration_ms = average_ms,
        heartbeat_at = case when v_beat and j.state = 'running' then greatest(j.heartbeat_at, t) else heartbeat_at end,
        estimated_completion_at = case when v_beat and average_ms is not null
          then servo_time_after_v1(t, ceil(greatest(j.total - j.done - v_ok - v_bad, 0)::float8 / greatest(lanes, 1)) * average_ms)
          else estimated_completion_at end
      where id = p_job and tenant_id || '' = p_tenant;
  end if;
end $$;
