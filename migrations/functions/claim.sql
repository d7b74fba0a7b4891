-- Claims a job: a pending or resuming job becomes `running`; a stale job of an external writer
-- (version and claimed_version differ) is taken over. The tenant's lock is taken before any job
-- row, so that limits on running jobs are exact over all hosts. Returns no row if another executor
-- was faster.
--   p_grace_ms      a younger job without partitions is left to the writer that creates it
--   job_state       running; failed: its partitions are missing and cannot be created; limited: a
--                   limit is reached. The others are to be tried again soon: locked: its row is
--                   locked; incomplete: its writer has added no partition yet; needs_finalizing
--   paused_seconds  length of the pause that ends now, or null
create or replace function servo_claim_v1(p_tenant text, p_job uuid, p_owner text, p_stale_ms bigint, p_grace_ms bigint,
  out job_state text, out paused_seconds double precision
) returns setof record language plpgsql set lock_timeout = '2s' as $$
#variable_conflict use_column
declare
  j record;
  t timestamptz;
  v_keys integer;
  v_total integer;
  v_rows integer;
begin
  perform set_config('app.current_tenant', p_tenant, true), set_config('servo.actor', p_owner, true), set_config('servo.reason', '', true);
  perform servo_lock_v1(p_tenant, 'claim');
  select state, version, claimed_version, heartbeat_at, leases_revoked_at, started_at, paused_at, asset_id, asset_name, partition_keys, total_partitions,
      created_at, partitions_made, needs_finalizing
    into j from backfill_jobs where id = p_job and tenant_id = p_tenant for no key update skip locked;
  t := clock_timestamp();
  if not found then
    perform from backfill_jobs where id = p_job and tenant_id = p_tenant and (state in ('pending', 'resuming')
      or (state = 'running' and claimed_version is distinct from version));
    if found then
      job_state := 'locked';
      return next;
    end if;
    return;
  end if;
  if not (j.state in ('pending', 'resuming') or (j.state = 'running' and j.claimed_version is distinct from j.version
      and (j.heartbeat_at is null or j.heartbeat_at < t - p_stale_ms * interval '1 millisecond'))) then
    return;
  end if;
  if j.needs_finalizing then
    job_state := 'needs_finalizing';
    return next;
    return;
  end if;
  if j.state <> 'running' and exists (
      select from servo_limits_reached_v1(p_tenant) l, assets a where a.id = j.asset_id
        and case l.scope when 'asset' then l.name = j.asset_name when 'asset_type' then l.name = a.asset_type else true end) then
    job_state := 'limited';
    return next;
    return;
  end if;

  -- A writer may still be adding partitions; servo_recount_v1 creates those that stay missing.
  v_keys := case when jsonb_typeof(j.partition_keys) = 'array' then jsonb_array_length(j.partition_keys) else 0 end;
  v_total := case when j.partitions_made then j.total_partitions else greatest(v_keys, j.total_partitions) end;
  select count(*) into v_rows from (select from backfill_partitions where backfill_job_id = p_job
    limit case when j.partitions_made then 1 else greatest(v_total, 1) end) r;
  if v_rows = 0 and not j.partitions_made then
    if j.created_at between t - p_grace_ms * interval '1 millisecond' and t or servo_is_being_created_v1(p_tenant, p_job) then
      job_state := 'incomplete';
      return next;
      return;
    end if;
    v_rows := servo_make_partitions_v1(p_tenant, p_job);
    if v_rows < v_total then
      v_rows := 0;
    end if;
    v_total := v_rows;
  elsif v_rows = 0 then
    v_rows := servo_count_rows_v1(p_tenant, p_job);
    if v_rows is null then
      job_state := 'incomplete';
      return next;
      return;
    end if;
  end if;
  if v_rows = 0 then
    -- The contract has no transition from pending to failed, so the job runs for this transaction.
    update backfill_jobs set state = 'running', version = version + 1, started_at = coalesce(started_at, t), claimed_by = p_owner
      where id = p_job and tenant_id = p_tenant and state <> 'running';
    perform servo_fail_incomplete_v1(p_tenant, p_job);
    job_state := 'failed';
    return next;
    return;
  end if;

  update backfill_jobs set state = 'running', version = version + 1, claimed_version = version + 1, claimed_by = p_owner,
      started_at = coalesce(started_at, t), heartbeat_at = t, paused_at = null, total_partitions = v_total, rows_seen = null,
      partitions_made = j.partitions_made or (v_total > 0 and v_rows >= v_total)
    where id = p_job and tenant_id = p_tenant;
  -- An external writer ran it since our last claim (a pause and a resume raise the version by two).
  -- Its counters may be wrong after a crash; ours are written with the partitions.
  if j.started_at is not null and (j.state = 'running' or j.claimed_version is null or j.version > j.claimed_version + 2) then
    update backfill_jobs b set completed_partitions = r.completed, failed_partitions = r.failed, skipped_partitions = r.skipped, checkpoint_partition_key = r.top
      from (select count(*) filter (where state = 'completed') as completed, count(*) filter (where state = 'failed') as failed,
          count(*) filter (where state = 'skipped') as skipped, max(partition_key) filter (where state = 'completed') as top
        from backfill_partitions where backfill_job_id = p_job) r
      where b.id = p_job and b.tenant_id = p_tenant;
  end if;
  if j.state = 'running' then
    insert into backfill_events (tenant_id, job_id, kind, from_state, to_state, actor, reason)
      values (p_tenant, p_job, 'reclaimed', 'running', 'running', p_owner, servo_takeover_reason_v1(p_job, j.heartbeat_at, j.leases_revoked_at));
  end if;
  job_state := 'running';
  paused_seconds := servo_seconds_v1(j.paused_at, t);
  return next;
end $$;

-- Whether a job has a partition that may be claimed now: never claimed, or due. The settings keep
-- the planner on the two indexes made for this: without statistics it took another one and read
-- 110,000 of 200,000 rows for one poll of the queue. The tenant must be set.
create or replace function servo_has_due_v1(p_job uuid) returns boolean language plpgsql stable
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_sort = off set enable_bitmapscan = off as $$
begin
  perform from backfill_partitions
    where backfill_job_id = p_job and state = 'pending' and available_at is null order by partition_key limit 1;
  if not found then
    perform from backfill_partitions
      where backfill_job_id = p_job and state = 'pending' and available_at is not null and available_at <= clock_timestamp()
      order by available_at limit 1;
  end if;
  return found;
end $$;
