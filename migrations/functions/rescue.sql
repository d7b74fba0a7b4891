-- The reason to release an attempt, for the journal; null while its lease is valid. A lease that an
-- operator revoked before it expired is never counted as lost. A lease of -infinity belonged to an
-- executor that was declared dead. A running row without a lease is an external writer's; p_left:
-- it is stale.
create or replace function servo_lost_reason_v1(p_owner text, p_expires timestamptz, p_started timestamptz, p_revoked timestamptz, p_left boolean,
  p_now timestamptz, out kind text, out owner text, out reason text) language sql immutable parallel safe as $$
  select case when why = 'order' then 'reclaimed' when why is not null then 'lost' end, holder,
    case why when 'order' then 'an operator took it back from ' || holder
      when 'died' then 'executor ' || holder || ' died'
      when 'expired' then 'the lease of ' || holder || ' expired'
      when 'left' then holder || ' left it running and let the heartbeat go stale' end
  from (select case when p_expires is null then 'an external writer' else coalesce(p_owner, 'an unknown executor') end as holder,
    case when p_started <= p_revoked and (p_expires is null or p_expires > p_revoked) then 'order'
      when p_expires = '-infinity' then 'died'
      when p_expires < p_now then 'expired'
      when p_expires is null and p_left then 'left' end as why) w
$$;

-- The reason to take over a running job, for the journal: an operator set its heartbeat back, or it
-- is stale.
create or replace function servo_takeover_reason_v1(p_job uuid, p_heartbeat timestamptz, p_revoked timestamptz) returns text language sql stable as $$
  select case when p_revoked > p_heartbeat then 'an operator took the job back from ' || holder
    when p_heartbeat is null then holder || ' ran it without a heartbeat'
    else holder || ' let its heartbeat go stale' end
  from (select coalesce(string_agg(distinct case when lease_expires_at is null then 'an external writer' else lease_owner end, ', '),
      'its executor') as holder
    from backfill_partitions where backfill_job_id = p_job and state = 'running') h
$$;

-- Rescues the partitions of one job: releases attempts whose lease has expired or was revoked, and
-- stale ones that an external writer left running in a job that is ours now or was cancelled.
-- p_max_crashes lost leases make a partition poison; a revoked lease is not lost. Corrects
-- lease_tokens to the lease queues with running attempts. Returns the released leases: the caller
-- stops its own handlers; other owners are notified by a hash of their id.
create or replace function servo_rescue_v1(p_tenant text, p_job uuid, p_actor text, p_stale_ms bigint, p_max_crashes integer)
  returns table (lost_id uuid, lost_token uuid, lost_owner text) language plpgsql
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set lock_timeout = '2s' as $$
#variable_conflict use_column
declare
  j record;
  t timestamptz;
  v_poison integer;
  v_skipped integer;
  v_ids uuid[];
  v_tokens uuid[];
  v_owners text[];
begin
  perform set_config('app.current_tenant', p_tenant, true), set_config('servo.actor', p_actor, true), set_config('servo.reason', '', true);
  select state, version, claimed_version, lease_tokens, leases_revoked_at, needs_finalizing into j
    from backfill_jobs where id = p_job and tenant_id = p_tenant for no key update;
  if not found then
    return;
  end if;
  t := clock_timestamp();
  with lost as (
    select p.id, p.lease_token, p.lease_owner, p.lease_expires_at, p.started_at, w.kind, w.owner, w.reason, p.crash_count + (w.kind = 'lost')::integer as crashes
    from backfill_partitions p cross join lateral servo_lost_reason_v1(p.lease_owner, p.lease_expires_at, p.started_at, j.leases_revoked_at,
      (j.claimed_version is not distinct from j.version or j.needs_finalizing)
        and coalesce(p.started_at, '-infinity') < t - p_stale_ms * interval '1 millisecond', t) w
    where p.backfill_job_id = p_job and p.state = 'running' and w.kind is not null
  ), rescued as (
    update backfill_partitions p set
      state = case when j.state in ('cancelled', 'failed') then 'skipped' when lost.kind = 'lost' and lost.crashes >= p_max_crashes then 'failed' else 'pending' end,
      crash_count = lost.crashes, lease_token = null, lease_owner = null, lease_expires_at = null,
      available_at = case when j.state in ('cancelled', 'failed') or (lost.kind = 'lost' and lost.crashes >= p_max_crashes) then 'infinity' else t end,
      completed_at = case when j.state in ('cancelled', 'failed') or (lost.kind = 'lost' and lost.crashes >= p_max_crashes) then t end,
      error_message = case when lost.kind = 'lost' and lost.crashes >= p_max_crashes
        then format('lost %s times while it ran (last on %s): a poison partition, it may crash its executor', lost.crashes, lost.owner)
        else p.error_message end
    -- Only if it is unchanged: a heartbeat may have renewed the lease since, or an external writer,
    -- which has none, may have started the partition again.
    from lost where p.id = lost.id and p.tenant_id || '' = p_tenant and p.state || '' = 'running' and p.lease_token is not distinct from lost.lease_token
      and p.lease_expires_at is not distinct from lost.lease_expires_at and p.started_at is not distinct from lost.started_at
    returning p.id, p.partition_key, p.state, lost.lease_token, lost.lease_owner, lost.kind, lost.reason
  ), journalled as (
    insert into backfill_events (tenant_id, job_id, partition_key, kind, actor, reason)
      select p_tenant, p_job, partition_key, kind, p_actor, reason from rescued
  )
  select count(*) filter (where state = 'failed'), count(*) filter (where state = 'skipped'),
      array_agg(id), array_agg(lease_token), array_agg(lease_owner)
    into v_poison, v_skipped, v_ids, v_tokens, v_owners from rescued;
  update backfill_jobs set failed_partitions = failed_partitions + v_poison, skipped_partitions = skipped_partitions + v_skipped,
      lease_tokens = array(select distinct lease_token from backfill_partitions
        where backfill_job_id = p_job and state = 'running' and lease_token is not null)
    where id = p_job and tenant_id = p_tenant;
  perform pg_notify('servo', 'revoked ' || left(md5(o.owner), 8))
    from (select distinct o.owner from unnest(v_owners) o (owner) where o.owner <> p_actor) o;
  return query select l.id, l.token, l.owner from unnest(v_ids, v_tokens, v_owners) l (id, token, owner);
end $$;
