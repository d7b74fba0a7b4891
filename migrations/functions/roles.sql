-- The role that every program of ours works as, and its rights: made and granted where they are missing, at every run of
-- migrate. Roles belong to the cluster: another database of it may be migrating at this moment, and whoever may not
-- create roles must still be able to migrate.
create or replace function servo_admit_application() returns void language plpgsql as $$
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
        ('backfill_upstreams', 'select,insert,update,delete'), ('backfill_dialogs', 'select,insert,update,delete'),
        ('backfill_events', 'select,insert'),
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

-- Two roles with less than servo_app has, for `migrate --roles`: servo_reader sees what the console and the commands show, and
-- writes nothing; servo_operator also acts on jobs and limits, but runs no partitions: it has no right to the columns
-- that a claim or a step writes, none to delete, and none to the executors' records. Members of a role have its rights.
--
-- With p_make the roles are made where they are missing. At every other run of migrate, those that this database has
-- admitted before get what they lack of a newer schema. As in servo_admit_application, roles belong to the cluster. It has its
-- caller's rights: nobody gains by calling it.
create or replace function servo_admit_roles(p_make boolean) returns void language plpgsql as $$
declare
  v_role text;
  r record;
begin
  foreach v_role in array '{servo_reader,servo_operator}'::text[] loop
    if to_regrole(v_role) is null then
      continue when not p_make;
      begin
        execute format('create role %I login nosuperuser nobypassrls nocreatedb nocreaterole', v_role);
      exception
        when duplicate_object or unique_violation then null;
        when insufficient_privilege then
          raise warning 'there is no role %, and % may not create it: have a superuser run "create role % login", then run migrate --roles again', v_role, current_user, v_role;
          continue;
      end;
    else
      continue when not p_make and not has_table_privilege(v_role, 'servo_schema', 'select');
    end if;
    if not has_schema_privilege(v_role, current_schema(), 'usage') then
      execute format('grant usage on schema %I to %I', current_schema(), v_role);
    end if;
    for r in
      select t.name, 'select' as privilege, '' as columns from unnest('{assets,asset_dependencies,backfill_jobs,backfill_partitions,
          backfill_executors,backfill_samples,backfill_attempt_logs,backfill_limits,backfill_upstreams,backfill_events,
          backfill_dialogs,servo_schema,servo_migrations}'::text[]) t (name)
        where not has_table_privilege(v_role, t.name, 'select')
      union all
      select t.name, p.privilege, '' from (values
          ('backfill_jobs', 'insert'), ('backfill_partitions', 'insert'), ('backfill_events', 'insert'),
          ('backfill_upstreams', 'insert'), ('backfill_limits', 'insert,update,delete'),
          ('backfill_dialogs', 'insert,update,delete')) t (name, privileges),
        unnest(string_to_array(t.privileges, ',')) p (privilege)
        where v_role = 'servo_operator' and not has_table_privilege(v_role, t.name, p.privilege)
      union all
      select t.name, 'update', format('(%s)', string_agg(quote_ident(c), ', ')) from (values
          ('backfill_jobs', '{state,version,paused_at,heartbeat_at,completed_at,error_message,priority,sla_deadline_at,execution_strategy,
            failed_partitions,skipped_partitions,unsettled,upstream_job_count,parent_job_id}'::text[]),
          ('backfill_partitions', '{state,failure_count,crash_count,available_at,completed_at,follows_id}'),
          ('backfill_upstreams', '{upstream_job_id}')) t (name, columns),
        unnest(t.columns) c
        where v_role = 'servo_operator' and not has_column_privilege(v_role, t.name, c, 'update')
        group by t.name
    loop
      execute format('grant %s %s on %I to %I', r.privilege, r.columns, r.name, v_role);
    end loop;
    -- Where functions are not everybody's by default: those that only read, and what follows a cancel where no executor lives.
    for r in
      select oid::regprocedure as name from pg_proc
      where pronamespace = quote_ident(current_schema())::regnamespace and starts_with(proname, 'servo_') and prorettype <> 'trigger'::regtype
        and (provolatile <> 'v' or (v_role = 'servo_operator' and proname = 'servo_settle_v1')) and not has_function_privilege(v_role, oid, 'execute')
    loop
      execute format('grant execute on function %s to %I', r.name, v_role);
    end loop;
  end loop;
  -- Functions with their owner's rights write whatever their caller may: they are servo_app's, once there is who may less.
  if p_make and to_regrole('servo_app') is not null then
    for r in
      select oid::regprocedure as name from pg_proc
      where pronamespace = quote_ident(current_schema())::regnamespace and starts_with(proname, 'servo_') and prorettype <> 'trigger'::regtype
        and prosecdef and has_function_privilege('public', oid, 'execute')
    loop
      execute format('grant execute on function %s to servo_app', r.name);
      execute format('revoke execute on function %s from public', r.name);
    end loop;
  end if;
end $$;
