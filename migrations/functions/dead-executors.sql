-- The advisory lock that an executor's session holds for as long as it lives.
create or replace function servo_executor_lock(executor text) returns bigint language sql immutable parallel safe as $$
  select hashtextextended('servo executor ' || executor, 0)
$$;

-- Finds executors that have died, by two signs at once: no sign of life for p_silence_ms, and
-- their lock is not in their own backend's hands: it is free, or somebody else took it, which anybody may. Their leases expire
-- (as -infinity, which says why), and the rescue does the rest, under each job's lock. The lock is taken by the transaction, not by
-- the judge's own session, where it would be re-entrant; and the sign of life is read again under it. Returns those it judged.
--
-- The caller must have held its own lock for longer than p_silence_ms and a ping: a restart or a failover frees every lock at once, and
-- the others must have had their time to come back.
-- Leases that an operator has taken back before are left as they are: they are the operator's, not lost by the executor.
-- The jobs that may hold a lease are found by two probes: one condition for both read all jobs of the tenant, twice for each dead executor.
create or replace function servo_declare_dead_v1(p_tenant text, p_judge text, p_silence_ms bigint) returns setof text language plpgsql
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set lock_timeout = '2s' as $$
declare
  e record;
  v_left boolean;
begin
  perform set_config('app.current_tenant', p_tenant, true);
  for e in select id, backend_pid from backfill_executors where tenant_id = p_tenant and locked and stopped_at is null and lost_at is null
      and id <> p_judge and seen_at < clock_timestamp() - p_silence_ms * interval '1 millisecond'
  loop
    continue when not pg_try_advisory_xact_lock(servo_executor_lock(e.id))
      and (e.backend_pid is null or e.backend_pid in (select servo_lock_backends(servo_executor_lock(e.id))));
    continue when not exists (select from backfill_executors where id = e.id and tenant_id = p_tenant
      and seen_at < clock_timestamp() - p_silence_ms * interval '1 millisecond');
    update backfill_partitions p set lease_expires_at = '-infinity' from (
      select q.id from (select id, leases_revoked_at from backfill_jobs where tenant_id = p_tenant and needs_finalizing
          union all select id, leases_revoked_at from backfill_jobs where tenant_id = p_tenant and state in ('running', 'paused', 'resuming') and not needs_finalizing) j
        join backfill_partitions q on q.backfill_job_id = j.id
        where q.state = 'running' and q.lease_owner = e.id and q.lease_expires_at > '-infinity'
          and (j.leases_revoked_at is null or q.started_at > j.leases_revoked_at)
        order by q.id for no key update of q skip locked) held
      where p.id = held.id;
    -- A row that somebody held just now is for the next look.
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
