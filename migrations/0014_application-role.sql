-- The role that every program of ours works as, and its rights: made and granted where they are missing, at every run of
-- migrate. Roles belong to the cluster: another database of it may be migrating at this moment, and whoever may not
-- create roles must still be able to migrate.
create function servo_admit_application() returns void language plpgsql as $$
declare
  r record;
begin
  if to_regrole('servo_app') is null then
    begin
      create role servo_app login nosuperuser nobypassrls nocreatedb nocreaterole;
    exception
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        raise warning 'there is no role servo_app, and % may not create it: have a superuser run "create role servo_app login", then run migrate again', current_user;
        return;
    end;
  end if;
  if not has_schema_privilege('servo_app', current_schema(), 'usage') then
    execute format('grant usage on schema %I to servo_app', current_schema());
  end if;
  for r in
    select t.name, p.privilege from (values
        ('assets', 'select,insert,update,delete'), ('asset_dependencies', 'select,insert,update,delete'),
        ('backfill_jobs', 'select,insert,update,delete'), ('backfill_partitions', 'select,insert,update,delete'),
        ('backfill_executors', 'select,insert,update,delete'), ('backfill_samples', 'select,insert,update,delete'),
        ('backfill_attempt_logs', 'select,insert,update,delete'), ('backfill_limits', 'select,insert,update,delete'),
        ('backfill_upstreams', 'select,insert,update,delete'), ('backfill_events', 'select,insert'),
        ('servo_schema', 'select'), ('servo_migrations', 'select')) t (name, privileges),
      unnest(string_to_array(t.privileges, ',')) p (privilege)
    where not has_table_privilege('servo_app', t.name, p.privilege)
  loop
    execute format('grant %s on %I to servo_app', r.privilege, r.name);
  end loop;
  -- Where functions are not everybody's by default.
  for r in
    select oid::regprocedure as name from pg_proc
    where pronamespace = quote_ident(current_schema())::regnamespace and starts_with(proname, 'servo_') and prorettype <> 'trigger'::regtype
      and proname not in ('servo_isolate_tenants', 'servo_admit_application') and not has_function_privilege('servo_app', oid, 'execute')
  loop
    execute format('grant execute on function %s to servo_app', r.name);
  end loop;
end $$;
revoke all on function servo_admit_application() from public;
