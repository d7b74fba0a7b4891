-- Dialogs open at consoles other than p_console, on these jobs or, if p_jobs is null, on any; of
-- each dialog the first 100 such jobs. Returns none to a role without rights on the table: a reader
-- role that is older than the table must still see the jobs that the same statement reads. The
-- tenant must be set.
create or replace function servo_dialogs_v1(p_tenant text, p_console uuid, p_jobs uuid[]) returns jsonb language plpgsql stable as $$
begin
  if not has_table_privilege('backfill_dialogs', 'select') then
    return '[]';
  end if;
  return (
    select coalesce(jsonb_agg(to_jsonb(o) order by o.opened_at), '[]') from (
      select d.actor, d.host, d.action, cardinality(d.job_ids) as jobs, d.opened_at, s.job_ids
      from backfill_dialogs d cross join lateral (
        -- `intersect` hashes: two plans may have 10,000 jobs each.
        select case when p_jobs is null then d.job_ids[1:100]
          else array(select unnest(d.job_ids) intersect select unnest(p_jobs) limit 100) end as job_ids) s
      where d.tenant_id = p_tenant and d.console_id is distinct from p_console and d.expires_at > clock_timestamp()
        and cardinality(s.job_ids) > 0
      order by d.opened_at limit 20) o);
end $$;
