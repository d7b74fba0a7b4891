-- Stores a tenant's forecasts of one moment: rows that are new or have changed, and that of the
-- round, which makes the others current. Forecasts of jobs that have ended are deleted.
--   p_rows  [{"job_id", "bound_by", "place", "start_at", "finish_at", "low_at", "high_at",
--           "unknown"}]
--   p_all   whether all others of the tenant are deleted: an executor's first round
create or replace function servo_store_forecasts_v1(p_tenant text, p_executor text, p_at timestamptz, p_rows jsonb, p_gone uuid[], p_all boolean)
  returns void language plpgsql set lock_timeout = '2s' as $$
#variable_conflict use_column
begin
  perform set_config('app.current_tenant', p_tenant, true);
  insert into backfill_forecast_rounds (tenant_id, computed_at, computed_by) values (p_tenant, p_at, p_executor)
    on conflict (tenant_id) do update set computed_at = excluded.computed_at, computed_by = excluded.computed_by
    where backfill_forecast_rounds.computed_at <= excluded.computed_at;
  if not found then
    return; -- Another executor, elected since, was faster.
  end if;
  insert into backfill_forecasts (job_id, tenant_id, computed_at, bound_by, place, start_at, finish_at, low_at, high_at, unknown)
    select r.job_id, p_tenant, p_at, r.bound_by, r.place, r.start_at, r.finish_at, r.low_at, r.high_at, r.unknown
    from jsonb_to_recordset(p_rows) r (job_id uuid, bound_by text, place integer, start_at timestamptz, finish_at timestamptz,
        low_at timestamptz, high_at timestamptz, unknown text)
      -- It may have been deleted since the snapshot.
      join backfill_jobs j on j.id = r.job_id and j.tenant_id = p_tenant
    on conflict (job_id, tenant_id) do update set computed_at = excluded.computed_at, bound_by = excluded.bound_by, place = excluded.place,
      start_at = excluded.start_at, finish_at = excluded.finish_at, low_at = excluded.low_at, high_at = excluded.high_at, unknown = excluded.unknown;
  if p_all then
    delete from backfill_forecasts f where f.tenant_id = p_tenant and f.computed_at < p_at;
  elsif cardinality(p_gone) > 0 then
    delete from backfill_forecasts f where f.job_id = any (p_gone) and f.tenant_id = p_tenant;
  end if;
end $$;
