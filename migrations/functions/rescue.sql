-- Takes back the attempts of one job whose lease has expired or is void, and those that a base executor left
-- running in a job that is ours now. Three lost leases make a partition poison. Heals lease_tokens, which must name
-- just the lanes that run something. Returns how many attempts were taken back.
-- What a base executor left running in a job that was cancelled then is taken back too, once it is stale: such a job is nobody's claim any
-- more, and stayed unsettled for good.
create or replace function servo_rescue_v1(p_tenant text, p_job uuid, p_actor text, p_stale_ms bigint) returns integer language plpgsql
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set lock_timeout = '2s' as $$
#variable_conflict use_column
declare
  j record;
  t timestamptz;
  v_count integer;
  v_poison integer;
  v_skipped integer;
begin
  perform set_config('app.current_tenant', p_tenant, true), set_config('servo.actor', p_actor, true), set_config('servo.reason', '', true);
  select state, version, claimed_version, lease_tokens, leases_void_at, unsettled into j
    from backfill_jobs where id = p_job and tenant_id = p_tenant for no key update;
  if not found then
    return 0;
  end if;
  t := clock_timestamp();
  with lost as (
    select id, lease_owner, case when started_at <= j.leases_void_at then 'an operator took it back from %s'
        when lease_expires_at = '-infinity' then '%s is gone' else 'the lease of %s expired' end as why,
      coalesce(started_at <= j.leases_void_at, false) as void from backfill_partitions
    where backfill_job_id = p_job and state = 'running' and (lease_expires_at < t or started_at <= j.leases_void_at
      or (lease_expires_at is null and (j.claimed_version is not distinct from j.version or j.unsettled)
        and coalesce(started_at, '-infinity') < t - p_stale_ms * interval '1 millisecond'))
  ), rescued as (
    update backfill_partitions p set
      state = case when j.state in ('cancelled', 'failed') then 'skipped' when p.crash_count + 1 >= 3 then 'failed' else 'pending' end,
      crash_count = p.crash_count + 1, lease_token = null, lease_owner = null, lease_expires_at = null,
      available_at = case when j.state in ('cancelled', 'failed') or p.crash_count + 1 >= 3 then 'infinity' else t end,
      completed_at = case when j.state in ('cancelled', 'failed') or p.crash_count + 1 >= 3 then t end,
      error_message = case when p.crash_count + 1 >= 3
        then format('lost %s times while it ran (last on %s): it may be what kills its executor', p.crash_count + 1, coalesce(lost.lease_owner, 'a base executor'))
        else p.error_message end
    from lost where p.id = lost.id and p.tenant_id || '' = p_tenant and p.state || '' = 'running'
    returning p.partition_key, p.state, lost.lease_owner, lost.why, lost.void
  ), journalled as (
    insert into backfill_events (tenant_id, job_id, partition_key, kind, actor, reason)
      select p_tenant, p_job, partition_key, case when void then 'reclaimed' else 'lost' end, p_actor,
        format(why, coalesce(lease_owner, 'a base executor'))
      from rescued
  )
  select count(*), count(*) filter (where state = 'failed'), count(*) filter (where state = 'skipped')
    into v_count, v_poison, v_skipped from rescued;
  update backfill_jobs set failed_partitions = failed_partitions + v_poison, skipped_partitions = skipped_partitions + v_skipped,
      lease_tokens = array(select distinct lease_token from backfill_partitions
        where backfill_job_id = p_job and state = 'running' and lease_token is not null)
    where id = p_job and tenant_id = p_tenant;
  return v_count;
end $$;
