-- Purges the journal, which is otherwise append-only. Reads the next p_batch events after p_after
-- and deletes those that are older than p_age_ms (at least a day) and whose job no longer exists;
-- with p_dry only counts them. `last_id` is null at the end. The tenant must be the session's.
create or replace function servo_purge_v1(p_tenant text, p_age_ms bigint, p_after bigint, p_batch integer, p_dry boolean,
  out purged integer, out last_id bigint) language plpgsql security definer
  set lock_timeout = '2s' as $$
declare
  v_before timestamptz := clock_timestamp() - p_age_ms * interval '1 millisecond';
  v_ids bigint[];
begin
  if p_age_ms < 86400000 then
    raise exception using errcode = 'invalid_parameter_value', message = 'p_age_ms must be at least 86400000: the journal is kept for at least a day';
  end if;
  perform servo_require_tenant(p_tenant);
  -- Ids are in order of time, except for concurrent transactions.
  select max(id), array_agg(id) filter (where at < v_before and not exists (select from backfill_jobs j where j.id = e.job_id and j.tenant_id = p_tenant))
    into last_id, v_ids
    from (select id, at, job_id from backfill_events where tenant_id = p_tenant and id > p_after order by id limit p_batch) e
    where at < v_before;
  purged := coalesce(cardinality(v_ids), 0);
  if not p_dry and purged > 0 then
    delete from backfill_events where id = any (v_ids) and tenant_id || '' = p_tenant;
  end if;
end $$;

revoke all on function servo_purge_v1(text, bigint, bigint, integer, boolean) from public;
