-- One heartbeat of an executor: renews the leases of its attempts, writes the heartbeat of their
-- jobs if it is older than p_fresh_ms, and returns lost leases by id and token. Locked rows are
-- left to the next heartbeat: a lease that was not renewed is not yet lost.
create or replace function servo_heartbeat_v1(p_tenant text, p_jobs uuid[], p_ids uuid[], p_tokens uuid[], p_lease_ms bigint, p_fresh_ms bigint)
  returns table (lost_id uuid, lost_token uuid) language plpgsql set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set lock_timeout = '2s' as $$
declare
  t timestamptz := clock_timestamp();
begin
  perform set_config('app.current_tenant', p_tenant, true);
  update backfill_jobs b set heartbeat_at = greatest(b.heartbeat_at, t)
    from (select id from backfill_jobs where id = any (p_jobs) and tenant_id || '' = p_tenant and state || '' = 'running'
        and claimed_version = version and (heartbeat_at is null or heartbeat_at < t - p_fresh_ms * interval '1 millisecond')
      order by id for no key update skip locked) due
    where b.id = due.id and b.tenant_id || '' = p_tenant;
  -- Revoked and expired leases are not renewed: rescue releases their partitions.
  update backfill_partitions p set lease_expires_at = t + p_lease_ms * interval '1 millisecond'
    from (select q.id from backfill_partitions q join unnest(p_ids, p_tokens) a (id, token) on q.id = a.id
        join backfill_jobs j on j.id = q.backfill_job_id
      where q.tenant_id || '' = p_tenant and q.state || '' = 'running' and q.lease_token = a.token and q.lease_expires_at > t
        and q.lease_expires_at < t + p_lease_ms * interval '1 millisecond' * 2 / 3
        and (j.leases_revoked_at is null or q.started_at > j.leases_revoked_at)
      order by q.id for no key update of q skip locked) due
    where p.id = due.id and p.tenant_id || '' = p_tenant;
  return query
    select a.id, a.token from unnest(p_ids, p_tokens) a (id, token)
      left join backfill_partitions q on q.id = a.id and q.tenant_id = p_tenant
      left join backfill_jobs j on j.id = q.backfill_job_id
    where q.id is null or q.state <> 'running' or q.lease_token is distinct from a.token or q.lease_expires_at <= t
      or q.started_at <= j.leases_revoked_at;
end $$;

-- Writes the heartbeat of running jobs that have no leases at present: they wait for a slot or a
-- snoozed partition. Called by executors that have the handler. A job with leases is left to the
-- executors that hold them, and is stale if they are gone. Returns the number of jobs.
create or replace function servo_refresh_idle_v1(p_tenant text, p_assets text[], p_except uuid[], p_age_ms bigint) returns bigint language plpgsql
  set jit = off set enable_seqscan = off set lock_timeout = '2s' as $$
declare
  t timestamptz := clock_timestamp();
  v_count bigint;
begin
  perform set_config('app.current_tenant', p_tenant, true);
  update backfill_jobs b set heartbeat_at = greatest(b.heartbeat_at, t)
    from (select id from backfill_jobs where tenant_id = p_tenant and state = 'running' and asset_name = any (p_assets)
        and id <> all (p_except) and claimed_version = version and lease_tokens = '{}'
        and (heartbeat_at is null or heartbeat_at < t - p_age_ms * interval '1 millisecond')
      order by id for no key update skip locked) due
    where b.id = due.id and b.tenant_id = p_tenant;
  get diagnostics v_count = row_count;
  return v_count;
end $$;
