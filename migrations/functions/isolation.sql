-- Row-level security, enabled and forced: a row belongs to the tenant of the session, or to none.
-- Tables of our own have it from the start; on adopted ones only `migrate --rls` adds it.
create or replace function servo_isolate_tenants(tables text[] default '{assets,backfill_jobs,backfill_partitions}')
  returns void language plpgsql as $$
declare
  t regclass;
begin
  foreach t in array tables::regclass[] loop
    continue when (select relrowsecurity and relforcerowsecurity from pg_class where oid = t);
    execute format('alter table %s enable row level security', t);
    execute format('alter table %s force row level security', t);
    if not exists (select from pg_policy where polrelid = t) then
      execute format('create policy tenant_isolation on %s using (tenant_id is null or tenant_id = current_setting(''app.current_tenant'', true))', t);
    end if;
  end loop;
end $$;
revoke all on function servo_isolate_tenants(text[]) from public;
