-- The advisory lock that an executor's session holds.
create or replace function servo_executor_lock(executor text) returns bigint language sql immutable parallel safe as $$
  select hashtextextended('servo executor ' || executor, 0)
$$;

-- Declares executors dead. Two conditions must hold: no ping for p_silence_ms, and their own
-- backend does not hold their lock. Expires their leases (-infinity marks this reason); rescue
-- releases the partitions under each job's lock. The test takes the lock for the transaction,
-- because a session lock is re-entrant, and reads the ping again with the row locked, so that no
-- ping is overwritten. Returns the ids.
--
-- The caller must have held its own lock for longer than p_silence_ms plus one ping: a restart or
-- failover frees every lock at once, and other executors need time to reconnect. Leases that an
-- operator had revoked stay as they are, so that they do not count as lost. Two conditions find the
-- jobs with leases: one for both read all jobs of the tenant.
create or replace function servo_declare_dead_v1(p_tenant text, p_owner text, p_silence_ms bigint) returns setof text language plpgsql
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set lock_timeout = '2s' as $$
declare
  e record;
  v_left boolean;
begin
  perform set_config('app.current_tenant', p_tenant, true);
  for e in select id, backend_pid from backfill_executors where tenant_id = p_tenant and locked and stopped_at is null and lost_at is null
      and id <> p_owner and seen_at < clock_timestamp() - p_silence_ms * interval '1 millisecond'
  loop
    continue when not pg_try_advisory_xact_lock(servo_executor_lock(e.id))
      and (e.backend_pid is null or e.backend_pid in (select servo_lock_backends(servo_executor_lock(e.id))));
    perform from backfill_executors where id = e.id and tenant_id = p_tenant
      and seen_at < clock_timestamp() - p_silence_ms * interval '1 millisecond' for no key update skip locked;
    continue when not found;
    update backfill_partitions p set lease_expires_at = '-infinity' from (
      select q.id from (select id, leases_revoked_at from backfill_jobs where tenant_id = p_tenant and needs_finalizing
          union all select id, leases_revoked_at from backfill_jobs where tenant_id = p_tenant and state in ('running', 'paused', 'resuming') and not needs_finalizing) j
        join backfill_partitions q on q.backfill_job_id = j.id
        where q.state = 'running' and q.lease_owner = e.id and q.lease_expires_at > '-infinity'
          and (j.leases_revoked_at is null or q.started_at > j.leases_revoked_at)
        order by q.id for no key update of q skip locked) held
      where p.id = held.id;
    -- Rows that were locked are left to the next call.
    v_left := exists (select from (select id, leases_revoked_at from backfill_jobs where tenant_id = p_tenant and needs_finalizing
          union all select id, leases_revoked_at from backfill_jobs where tenant_id = p_tenant and state in ('running', 'paused', 'resuming') and not needs_finalizing) j
        join backfill_partitions q on q.backfill_job_id = j.id
        where q.state = 'running' and q.lease_owner = e.id and q.lease_expires_at > '-infinity'
          and (j.leases_revoked_at is null or q.started_at > j.leases_revoked_at));
    if not v_left then
      update backfill_executors set lost_at = clock_timestamp() where id = e.id and tenant_id = p_tenant;
    end if;
    return next e.id;
  end loop;
end $$;
