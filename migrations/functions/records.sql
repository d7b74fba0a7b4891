-- Records that executors write apart from batches, each in one message.

-- Stores the tails of attempts' outputs.
create or replace function servo_store_logs_v1(p_tenant text, p_executor text, p_jobs uuid[], p_keys text[], p_attempts integer[], p_outputs text[])
  returns void language plpgsql set lock_timeout = '2s' as $$
begin
  perform set_config('app.current_tenant', p_tenant, true);
  insert into backfill_attempt_logs (job_id, partition_key, attempt, tenant_id, executor_id, output)
    select job, key, attempt, p_tenant, p_executor, output from unnest(p_jobs, p_keys, p_attempts, p_outputs) l (job, key, attempt, output)
    where exists (select from backfill_jobs where id = l.job and tenant_id = p_tenant)
    on conflict (job_id, partition_key, attempt, tenant_id) do update set output = excluded.output, executor_id = excluded.executor_id, at = clock_timestamp();
end $$;

-- Samples each of these jobs, once a minute. The minute is a variable: with
-- clock_timestamp() in the condition all samples of the tenant were read.
create or replace function servo_sample_v1(p_tenant text, p_jobs uuid[]) returns void language plpgsql set lock_timeout = '2s' as $$
declare
  v_minute timestamptz := date_trunc('minute', clock_timestamp());
begin
  perform set_config('app.current_tenant', p_tenant, true);
  insert into backfill_samples (job_id, at, tenant_id, completed, failed, avg_partition_duration_ms, estimated_completion_at, forecast_at)
    select id, clock_timestamp(), tenant_id, completed_partitions, failed_partitions,
      avg_partition_duration_ms, estimated_completion_at,
      (select f.finish_at from backfill_forecasts f where f.job_id = j.id and f.tenant_id = p_tenant)
    from backfill_jobs j where id = any (p_jobs) and tenant_id || '' = p_tenant
      and (select s.at from backfill_samples s where s.job_id = j.id and s.tenant_id = p_tenant order by s.at desc limit 1) >= v_minute is not true
    on conflict do nothing;
end $$;

-- Registers an executor, pings, and records its drain and stop: one row for each tenant, written as
-- that tenant. p_holds: this session holds the executor's lock. p_outages: as in the column, for
-- all tenants, with "age_ms" instead of "since".
create or replace function servo_register_v1(p_id text, p_tenants text[], p_host text, p_pid integer, p_version text, p_slots integer,
  p_handlers text[], p_locked boolean, p_draining boolean, p_stopped boolean, p_holds boolean default false,
  p_catalogue text default null, p_outages jsonb default '[]') returns void language plpgsql
  set lock_timeout = '2s' as $$
declare
  v_tenant text;
  v_outages jsonb;
begin
  foreach v_tenant in array p_tenants loop
    perform set_config('app.current_tenant', v_tenant, true);
    v_outages := coalesce((select jsonb_agg(o - 'age_ms' || jsonb_build_object('since',
        clock_timestamp() - (o ->> 'age_ms')::float8 * interval '1 millisecond') order by (o ->> 'age_ms')::float8 desc)
      from jsonb_array_elements(p_outages) o where o ->> 'tenant' = v_tenant), '[]');
    insert into backfill_executors as e (tenant_id, id, host, pid, version, slots, handlers, locked, backend_pid, catalogue, outages)
      values (v_tenant, p_id, p_host, p_pid, p_version, p_slots, p_handlers, p_locked, case when p_holds then pg_backend_pid() end,
        p_catalogue, v_outages)
      on conflict (tenant_id, id) do update set seen_at = clock_timestamp(), locked = p_locked, lost_at = null, backend_pid = excluded.backend_pid,
        handlers = p_handlers, outages = v_outages,
        draining_at = case when p_draining then coalesce(e.draining_at, clock_timestamp()) end,
        stopped_at = case when p_stopped then clock_timestamp() end;
  end loop;
end $$;
