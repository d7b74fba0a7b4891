-- One batch of a job: reports finished attempts, closes lease queues, opens others with new
-- attempts, and writes the job row once, in one call, message and transaction. The types are in
-- 0015_batch-types.sql.
--
--   p_reports    outcomes: completed; failed (counts as a failure, retried after delay_ms while
--                failure_count < max_attempts); fatal (fails permanently); crashed (counts as a
--                crash, due after delay_ms; fails permanently at max_crashes); snoozed (counts
--                nothing, due after delay_ms); unavailable (the same, attempt refunded); released
--                (not started: attempt refunded)
--   p_closing    tokens of lease queues that end; all their attempts are reported by this or an
--                earlier call
--   p_opening    lease queues to open. A message repeated after a lost reply returns the same
--                attempts. A queue whose replaced token is no longer open claims nothing, so that a
--                late duplicate cannot claim again.
--   p_per_queue  most attempts for each new queue
--   p_policy     the asset's rules, for settings that the job does not have. pause_at: the job is
--                auto-paused after so many consecutive permanent failures of one kind
--   due_in_ms    if nothing was claimed: milliseconds until the next partition is due
--
-- Reasons for its form (figures: 30,000 to 1,000,000 partitions, 2 cores):
-- * Each statement here and in called functions has a snapshot later than the row lock. Finish and
--   claim in one statement broke key order in every run.
-- * Generic plans with nested loops over indexes only: on a new job of a million partitions without
--   statistics a claim took 358 ms, and for the policy's `tenant_id is null or …` the planner chose
--   a bitmap scan of the whole tenant (500 of 20,000 rows: 1,037 ms). No JIT: disabled plans cost
--   so much that every plan was compiled (350 ms). The settings hold in called functions too.
-- * The parts are separate functions: composite arrays saved more time than the calls take.
create or replace function servo_report_and_claim_v1(p_tenant text, p_job uuid, p_owner text, p_reports servo_report_v1[], p_closing uuid[],
  p_opening servo_opening_v1[], p_per_queue integer, p_lease_ms bigint, p_policy servo_policy_v1
) returns servo_reply_v1 language plpgsql
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_sort = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
  j record; -- The job's row when it was locked.
  f record; -- The result of servo_finish_v1.
  k record; -- The result of servo_pick_v1.
  t timestamptz;
  v_ours boolean;
  v_max_attempts integer;
  v_ok integer := 0;
  v_bad integer := 0;
  v_timed integer;
  v_checkpoint backfill_jobs.checkpoint_partition_key%type;
  v_live uuid[];
  v_new uuid[];
  v_queues integer := 0;
  v_adopted integer := 0;
  v_missing boolean := false;
  v_busy boolean := false;
  v_complete boolean := false;
  v_pauses boolean;
  v_fresh boolean;
  v_incomplete boolean;
  v_reply servo_reply_v1;
begin
  -- 1. Lock the job's row.
  perform set_config('app.current_tenant', p_tenant, true), set_config('servo.actor', p_owner, true), set_config('servo.reason', '', true);
  if current_setting('lock_timeout') = '0' then
    -- An operator may lock the row: batches of other jobs must not wait behind this one.
    perform set_config('lock_timeout', '2s', true);
  end if;
  select asset_id, state, version, claimed_version, checkpoint_partition_key as checkpoint, heartbeat_at, lease_tokens,
      execution_strategy as strategy, avg_partition_duration_ms as average, estimated_completion_at as eta,
      partitions_made as made, total_partitions as total, completed_partitions::bigint + failed_partitions + skipped_partitions as done, failing,
      case when timed_attempts > 0 then least(timed_attempts, 200) else 0 end as timed, slot_ms, slot_ms_square, retried_share
    into j from backfill_jobs where id = p_job and tenant_id = p_tenant for no key update;
  if not found then
    return null;
  end if;
  t := clock_timestamp();
  v_ours := j.claimed_version is not distinct from j.version;
  v_max_attempts := servo_integer(j.strategy -> 'max_attempts', p_policy.max_attempts);
  v_reply.max_parallel := servo_max_parallel(j.strategy);
  v_reply.timeout_ms := servo_integer(j.strategy -> 'timeout_ms', p_policy.timeout_ms);
  v_reply.average_ms := j.average;
  v_reply.accepted := '{}';
  v_reply.claimed := '{}';
  v_checkpoint := j.checkpoint;

  -- 2. Finish. Accepted in any state of the job: attempts running at a pause or cancel may finish.
  if cardinality(p_reports) > 0 then
    select * into f from servo_finish_v1(p_tenant, p_job, p_owner, p_reports, v_max_attempts, p_policy.max_crashes, j.average, t);
    v_reply.accepted := f.accepted;
    v_ok := f.completed;
    v_bad := f.failed;
    if f.timed > 0 then
      -- Equal weights until there are 200 attempts; from then on older ones fade.
      v_timed := j.timed;
      j.slot_ms := (coalesce(j.slot_ms, 0) * v_timed + f.slot_ms) / (v_timed + f.timed);
      j.slot_ms_square := (coalesce(j.slot_ms_square, 0) * v_timed + f.slot_ms_square) / (v_timed + f.timed);
      j.retried_share := (coalesce(j.retried_share, 0) * v_timed + f.retried) / (v_timed + f.timed);
      j.timed := v_timed + f.timed;
    end if;
    if f.average is not null then
      v_reply.average_ms := least(greatest(round(f.average), -9e18), 9e18)::bigint;
    end if;
    if f.top is not null and j.checkpoint > f.top is not true then
      v_checkpoint := f.top;
    end if;
    -- Consecutive permanent failures of one kind: at pause_at they pause the job in this
    -- transaction, before more partitions fail for a cause that only a person can fix. A job
    -- without pending partitions is not paused. Any completion ends the series.
    if f.fingerprint is not null or (v_ok > 0 and j.failing is not null) then
      if f.fingerprint is not null and v_ok = 0 and j.failing ->> 'fingerprint' = f.fingerprint then
        f.repeats := f.repeats + servo_integer(j.failing -> 'failures', 0);
      end if;
      j.failing := case when f.fingerprint is not null then jsonb_build_object('fingerprint', f.fingerprint, 'failures', f.repeats, 'message', left(f.message, 500)) end;
      v_pauses := j.state = 'running' and v_ours and f.repeats >= p_policy.pause_at
        and exists (select from backfill_partitions where backfill_job_id = p_job and state = 'pending');
      if v_pauses then
        perform set_config('servo.reason', format('auto-paused: the last %s attempts had the same permanent error: %s',
          f.repeats, left(f.message, 500)), true);
        j.state := 'paused';
        j.version := j.version + 1;
      end if;
      update backfill_jobs set failing = j.failing, state = j.state, version = j.version, paused_at = case when v_pauses then t else paused_at end
        where id = p_job and tenant_id || '' = p_tenant;
      perform set_config('servo.reason', '', true);
    end if;
  end if;
  -- During such a series the job runs one partition at a time over all hosts, also after a resume
  -- or a retry.
  if j.failing is not null then
    v_reply.max_parallel := 1;
    p_per_queue := 1;
  end if;
  -- A token stays open while an attempt runs under it, so that running partitions do not exceed max
  -- parallel. This needs a check only if a report was refused or there is none; the check reads all
  -- running partitions of the job.
  if cardinality(p_closing) > 0 and cardinality(v_reply.accepted) < greatest(cardinality(p_reports), 1) then
    p_closing := array(select x from unnest(p_closing) x where x not in (
      select lease_token from backfill_partitions where backfill_job_id = p_job and state = 'running' and lease_token is not null));
  end if;
  v_live := array(select x from unnest(j.lease_tokens) x where x <> all (p_closing));

  -- 3. Claim.
  v_new := array(select token from unnest(p_opening));
  if v_live && v_new then
    -- A repeated message: return the running attempts of its queues.
    select coalesce(array_agg(row(p.id, p.partition_key, p.attempt_count, p.failure_count, p.lease_token)::servo_attempt_v1 order by p.partition_key), '{}')
      into v_reply.claimed
      from backfill_partitions p where p.backfill_job_id = p_job and p.state = 'running'
        and p.lease_token = any (v_new);
  elsif j.state = 'running' and v_ours then
    v_queues := greatest(0, v_reply.max_parallel - cardinality(v_live));
    v_new := array(
      select token from unnest(p_opening) with ordinality o (token, replaces, n)
      where token is not null and (replaces is null or replaces = any (j.lease_tokens)) order by n limit v_queues);
    v_queues := cardinality(v_new);
    if v_queues > 0 then
      select * into k from servo_pick_v1(p_tenant, p_job, p_owner, j.asset_id, j.strategy ->> 'order' = 'desc', j.made, j.total, v_checkpoint,
        cardinality(v_live) = 0, v_reply.max_parallel = 1, v_queues, p_per_queue, v_max_attempts, p_policy.stale_ms, t);
      v_adopted := k.adopted;
      v_ok := v_ok + v_adopted;
      v_checkpoint := k.checkpoint;
      v_missing := k.missing is not null;
      v_busy := k.busy;
      v_complete := k.complete;
      v_queues := least(v_queues, cardinality(k.pick));
    end if;
    if v_queues > 0 then
      with claimed as (
        update backfill_partitions p set state = 'running', attempt_count = servo_sum_v1(p.attempt_count, 1), started_at = t, completed_at = null,
          available_at = null, lease_owner = p_owner, lease_token = v_new[1 + (w.n - 1) % v_queues], lease_expires_at = t + p_lease_ms * interval '1 millisecond'
        from unnest(k.pick) with ordinality w (id, n)
        -- An external writer may have run it since it was picked.
        where p.id = w.id and p.tenant_id || '' = p_tenant
          and (p.state || '' = 'pending' or (p.state || '' = 'failed' and p.available_at is null and p.attempt_count < v_max_attempts))
        returning p.id, p.partition_key, p.attempt_count as attempt, p.failure_count as failures, p.lease_token as token, w.n
      )
      select coalesce(array_agg(row(c.id, c.partition_key, c.attempt, c.failures, c.token)::servo_attempt_v1 order by c.n), '{}')
        into v_reply.claimed from claimed c;
      v_live := v_live || array(select distinct token from unnest(v_reply.claimed));
      if cardinality(v_reply.claimed) = 0 then
        v_reply.due_in_ms := 1;
      end if;
    elsif cardinality(v_live) < v_reply.max_parallel then
      -- Only if max parallel is not reached: otherwise due partitions wait for a lease queue to
      -- close.
      select greatest(0, ceil(servo_seconds_v1(t, min(available_at)) * 1000))::bigint into v_reply.due_in_ms from backfill_partitions
        where backfill_job_id = p_job and state = 'pending' and available_at is not null and available_at < 'infinity';
      if v_missing then
        v_reply.due_in_ms := p_policy.incomplete_poll_ms;
      elsif v_busy then
        -- No notification is sent when busy keys end.
        v_reply.due_in_ms := greatest(200, least(coalesce(v_reply.due_in_ms, 1000), 1000));
      end if;
    end if;
    if v_adopted > 0 and v_queues = 0 then
      v_reply.due_in_ms := 1;
    end if;
  end if;

  -- 4. Write the job row once: end the job, or update its figures.
  v_reply.leases := cardinality(v_live);
  v_reply.job_state := j.state;
  v_reply.job_version := j.version;
  if v_reply.leases = 0 and j.state = 'running' and v_ours then
    select e.job_state, e.incomplete into v_reply.job_state, v_incomplete
      from servo_end_job_v1(p_tenant, p_job, j.total, j.made, v_max_attempts, v_reply.average_ms, t) e;
    if v_reply.job_state is not null then
      if v_timed is not null then
        -- The next job of its asset is forecast by them.
        update backfill_jobs set timed_attempts = j.timed, slot_ms = j.slot_ms, slot_ms_square = j.slot_ms_square, retried_share = j.retried_share
          where id = p_job and tenant_id || '' = p_tenant;
      end if;
      v_reply.job_version := j.version + 1;
      return v_reply;
    end if;
    v_reply.job_state := j.state;
    if v_incomplete and not j.made then
      v_reply.due_in_ms := least(coalesce(v_reply.due_in_ms, p_policy.incomplete_poll_ms), p_policy.incomplete_poll_ms);
    end if;
  end if;
  if v_ok > 0 or v_bad > 0 or v_live is distinct from j.lease_tokens then
    -- The heartbeat and the ETA are indexed: an update without them stays HOT.
    v_fresh := v_ours and (j.heartbeat_at is null or j.heartbeat_at <= t - p_policy.heartbeat_write_ms * interval '1 millisecond'
      or (j.eta is null and v_reply.average_ms is not null));
    update backfill_jobs set completed_partitions = servo_sum_v1(completed_partitions, v_ok), failed_partitions = servo_sum_v1(failed_partitions, v_bad),
        partitions_made = partitions_made or v_complete, checkpoint_partition_key = v_checkpoint, lease_tokens = v_live,
        avg_partition_duration_ms = v_reply.average_ms,
        timed_attempts = nullif(j.timed, 0), slot_ms = j.slot_ms, slot_ms_square = j.slot_ms_square, retried_share = j.retried_share,
        heartbeat_at = case when v_fresh and j.state = 'running' then greatest(j.heartbeat_at, t) else heartbeat_at end,
        estimated_completion_at = case when v_fresh and v_reply.average_ms is not null
          then servo_time_after_v1(t, ceil(greatest(j.total - j.done - v_ok - v_bad, 0)::float8 / greatest(v_reply.leases, 1)) * v_reply.average_ms)
          else estimated_completion_at end
      where id = p_job and tenant_id || '' = p_tenant;
  end if;
  return v_reply;
end $$;
