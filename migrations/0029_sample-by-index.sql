-- The same as before, planned by the primary key of the samples: clock_timestamp() in the condition kept it from being a bound, and
-- all samples of the tenant were read for one (migrations/0024_executor-records.sql).
create or replace function servo_sample_v1(p_tenant text, p_jobs uuid[]) returns void language plpgsql as $$
declare
  v_minute timestamptz := date_trunc('minute', clock_timestamp());
begin
  perform set_config('app.current_tenant', p_tenant, true);
  insert into backfill_samples (job_id, at, tenant_id, completed, failed, avg_partition_duration_ms, estimated_completion_at)
    select id, clock_timestamp(), tenant_id, completed_partitions, failed_partitions,
      avg_partition_duration_ms, estimated_completion_at
    from backfill_jobs j where id = any (p_jobs) and tenant_id || '' = p_tenant -- Only the primary key fits.
      and (select s.at from backfill_samples s where s.job_id = j.id order by s.at desc limit 1) >= v_minute is not true
    on conflict do nothing;
end $$;
