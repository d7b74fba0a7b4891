-- The rank of an upstream job as the reason why a job does not run: 1 failed, 2 deleted, 3
-- cancelled, 4 cancelled by finalize (a consequence, not a cause), 5 unfinished, 6 completed.
create or replace function servo_upstream_cause(state varchar, error_message text) returns integer language sql immutable parallel safe as $$
  select case when state is null then 2 when state = 'failed' then 1 when state = 'completed' then 6 when state <> 'cancelled' then 5
    when error_message like 'the job it belongs to is %' then 4 else 3 end
$$;

-- The upstream jobs of a job; `state` is null for a deleted one. The tenant must be set.
create or replace function servo_upstreams_v1(p_tenant text, p_job uuid)
  returns table (upstream_job_id uuid, asset_name varchar, state varchar, error_message text) language sql stable as $$
  select u.upstream_job_id, j.asset_name, j.state, j.error_message
  from backfill_upstreams u left join backfill_jobs j on j.id = u.upstream_job_id and j.tenant_id = p_tenant
  where u.job_id = p_job and u.tenant_id = p_tenant
  union all
  select j.id, j.asset_name, j.state, j.error_message from backfill_jobs j
  where j.parent_job_id = p_job and j.tenant_id = p_tenant
    and not exists (select from backfill_upstreams u where u.job_id = p_job)
$$;

-- The next state of a waiting job: `failed` as soon as an upstream job has failed, was cancelled or
-- deleted; `pending` when all are completed; else null. A job without upstream jobs stays waiting
-- for p_stale_ms, because an external writer may still be creating them.
create or replace function servo_upstream_verdict_v1(p_tenant text, p_job uuid, p_stale_ms bigint,
  out verdict text, out total integer, out done integer) language sql stable as $$
  select case
      when count(*) filter (where u.upstream_job_id is not null and (u.state is null or u.state in ('failed', 'cancelled'))) > 0 then 'failed'
      when count(*) filter (where u.state is distinct from 'completed' and u.upstream_job_id is not null) = 0
        and (count(u.upstream_job_id) > 0 or min(j.created_at) < clock_timestamp() - p_stale_ms * interval '1 millisecond') then 'pending' end,
    count(u.upstream_job_id)::integer, count(*) filter (where u.state = 'completed')::integer
  from backfill_jobs j left join lateral servo_upstreams_v1(p_tenant, j.id) u on true
  where j.id = p_job and j.tenant_id = p_tenant
$$;

-- Sets a waiting job to the state that its upstream jobs decide, and its counters from them, which
-- corrects lost updates. Returns the verdict.
create or replace function servo_finalize_waiting_v1(p_tenant text, p_job uuid, p_actor text, p_stale_ms bigint) returns text language plpgsql
  set lock_timeout = '2s' as $$
declare
  v record;
  v_why text;
begin
  perform set_config('app.current_tenant', p_tenant, true), set_config('servo.actor', p_actor, true), set_config('servo.reason', '', true);
  perform from backfill_jobs where id = p_job and tenant_id = p_tenant and state = 'waiting_upstream' for no key update;
  if not found then
    return null;
  end if;
  -- Verdict and reason in one statement: a retry of the upstream between two would lose the reason.
  -- Not format(), which turns a null into an empty text.
  select d.*, case when d.verdict = 'failed' then (select 'upstream ' || coalesce(asset_name, 'job') || ' ' || left(upstream_job_id::text, 8) || coalesce(' is ' || state, ' was deleted')
        || coalesce(': ' || nullif(left(error_message, 500), ''), '')
      from servo_upstreams_v1(p_tenant, p_job) where state is null or state in ('failed', 'cancelled')
      order by servo_upstream_cause(state, error_message), asset_name, upstream_job_id limit 1) end as why
    into v from servo_upstream_verdict_v1(p_tenant, p_job, p_stale_ms) d;
  if v.verdict = 'failed' then
    v_why := v.why;
    perform set_config('servo.reason', v_why, true);
  elsif v.verdict = 'pending' then
    perform set_config('servo.reason', case when v.total = 0 then 'it waits for nothing' else 'its upstreams are completed' end, true);
  end if;
  update backfill_jobs set upstream_job_count = greatest(v.total, v.done), completed_upstream_jobs = v.done, state = coalesce(v.verdict, state),
      version = version + (v.verdict is not null)::integer,
      completed_at = case when v.verdict = 'failed' then clock_timestamp() else completed_at end,
      error_message = coalesce(v_why, error_message)
    where id = p_job and tenant_id = p_tenant;
  return v.verdict;
end $$;
