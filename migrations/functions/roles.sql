-- Grants a role the rights that executors need, where they are missing. For servo_app and each role
-- that is bound to a tenant.
create or replace function servo_grant_application(p_role name) returns void language plpgsql as $$
declare
  r record;
begin
  if not has_schema_privilege(p_role, current_schema(), 'usage') then
    execute format('grant usage on schema %I to %I', current_schema(), p_role);
  end if;
  for r in
    select t.name, p.privilege from (values
        ('assets', 'select,insert,update,delete'), ('asset_dependencies', 'select,insert,update,delete'),
        ('backfill_jobs', 'select,insert,update,delete'), ('backfill_partitions', 'select,insert,update,delete'),
        ('backfill_executors', 'select,insert,update,delete'), ('backfill_samples', 'select,insert,update,delete'),
        ('backfill_attempt_logs', 'select,insert,update,delete'), ('backfill_limits', 'select,insert,update,delete'),
        ('backfill_upstreams', 'select,insert,update,delete'), ('backfill_dialogs', 'select,insert,update,delete'),
        ('backfill_forecasts', 'select,insert,update,delete'), ('backfill_forecast_rounds', 'select,insert,update,delete'),
        ('backfill_locks', 'select,insert,update'), ('backfill_events', 'select,insert'),
        ('servo_schema', 'select'), ('servo_migrations', 'select')) t (name, privileges),
      unnest(string_to_array(t.privileges, ',')) p (privilege)
    where not has_table_privilege(p_role, t.name, p.privilege)
  loop
    execute format('grant %s on %I to %I', r.privilege, r.name, p_role);
  end loop;
  -- Security-definer functions, never granted to public, and the others if the database's default
  -- privileges do not grant functions to public.
  for r in
    select oid::regprocedure as name from pg_proc
    where pronamespace = quote_ident(current_schema())::regnamespace and starts_with(proname, 'servo_') and prorettype <> 'trigger'::regtype
      and proname <> all (servo_owner_functions()) and not has_function_privilege(p_role, oid, 'execute')
  loop
    execute format('grant execute on function %s to %I', r.name, p_role);
  end loop;
end $$;
revoke all on function servo_grant_application(name) from public;

-- Functions that only the owner calls, in migrate or from another function of the owner.
create or replace function servo_owner_functions() returns name[] language sql immutable as $$
  select '{servo_isolate_tenants,servo_apply_policies,servo_require_tenant,servo_grant_application,servo_pin_settings,servo_ensure_app_role,servo_ensure_reduced_roles,servo_ensure_tenant_role}'::name[]
$$;

-- Creates servo_app, the role of all our programs, and grants its rights, where they are missing.
-- migrate calls it at every run. Roles belong to the cluster, so another database may create the
-- role at the same time; and a login that may not create roles must be able to migrate.
create or replace function servo_ensure_app_role() returns void language plpgsql as $$
declare
  v_role name;
begin
  perform servo_apply_policies();
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
  perform servo_grant_application('servo_app');
  for v_role in select role from servo_tenant_roles where to_regrole(quote_ident(role)) is not null loop
    perform servo_grant_application(v_role);
  end loop;
end $$;
revoke all on function servo_ensure_app_role() from public;

-- `migrate --tenant-role`: creates a role that is bound to one tenant, and returns its name. It has
-- servo_app's rights and restrictive policies with its tenant, regardless of app.current_tenant;
-- security-definer functions check session_user (servo_require_tenant). It is not a member of
-- servo_app, because a member could `set role servo_app`, which these policies do not restrict.
create or replace function servo_ensure_tenant_role(p_tenant text) returns name language plpgsql as $$
declare
  v_role text := 'servo_tenant_' || p_tenant;
begin
  if p_tenant = '' or octet_length(v_role) > 63 then
    raise exception using errcode = 'invalid_parameter_value', message = format('servo_tenant_<tenant> may have at most 63 bytes, and the tenant may not be empty: %L', p_tenant);
  end if;
  if to_regrole(quote_ident(v_role)) is null then
    begin
      execute format('create role %I login nosuperuser nobypassrls nocreatedb nocreaterole', v_role);
    exception
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        raise exception using errcode = 'insufficient_privilege', message = format('%s may not create the role %s', current_user, v_role),
          hint = format('have a superuser run "create role %s login", then run migrate again', quote_ident(v_role));
    end;
  end if;
  if (select rolsuper or rolbypassrls from pg_roles where rolname = v_role) then
    raise exception using errcode = 'invalid_parameter_value', message = format('%s is a superuser or has BYPASSRLS: no policy binds it', v_role);
  end if;
  if exists (select from pg_class where not relrowsecurity
      and oid in ('assets'::regclass, 'asset_dependencies'::regclass, 'backfill_jobs'::regclass, 'backfill_partitions'::regclass)) then
    raise exception using errcode = 'invalid_parameter_value',
      message = 'row-level security is not enabled on all tables, and without it nothing binds a role: give --rls as well';
  end if;
  insert into servo_tenant_roles (role, tenant_id) values (v_role, p_tenant) on conflict (role) do nothing;
  -- Policies come before rights.
  perform servo_apply_policies();
  perform servo_grant_application(v_role::name);
  return v_role;
end $$;
revoke all on function servo_ensure_tenant_role(text) from public;

-- `migrate --roles`: two roles with fewer rights than servo_app. servo_reader reads what the
-- console and the commands show. servo_operator also acts on jobs and limits but cannot run
-- partitions: it may not write the columns of claims and batches or the executors' records, nor
-- delete jobs.
--
-- With p_create, missing roles are created. Without it, roles that already have rights in this
-- database get those that a newer schema needs.
create or replace function servo_ensure_reduced_roles(p_create boolean) returns void language plpgsql as $$
declare
  v_role text;
  r record;
begin
  foreach v_role in array '{servo_reader,servo_operator}'::text[] loop
    if to_regrole(v_role) is null then
      continue when not p_create;
      begin
        execute format('create role %I login nosuperuser nobypassrls nocreatedb nocreaterole', v_role);
      exception
        when duplicate_object or unique_violation then null;
        when insufficient_privilege then
          raise warning 'there is no role %, and % may not create it: have a superuser run "create role % login", then run migrate --roles again', v_role, current_user, v_role;
          continue;
      end;
    else
      continue when not p_create and not has_table_privilege(v_role, 'servo_schema', 'select');
    end if;
    if not has_schema_privilege(v_role, current_schema(), 'usage') then
      execute format('grant usage on schema %I to %I', current_schema(), v_role);
    end if;
    for r in
      select t.name, 'select' as privilege, '' as columns from unnest('{assets,asset_dependencies,backfill_jobs,backfill_partitions,
          backfill_executors,backfill_samples,backfill_attempt_logs,backfill_limits,backfill_upstreams,backfill_events,
          backfill_dialogs,backfill_locks,backfill_forecasts,backfill_forecast_rounds,servo_schema,servo_migrations}'::text[]) t (name)
        where not has_table_privilege(v_role, t.name, 'select')
      union all
      select t.name, p.privilege, '' from (values
          ('backfill_jobs', 'insert'), ('backfill_partitions', 'insert'), ('backfill_upstreams', 'insert'),
          ('backfill_locks', 'insert,update'), ('backfill_limits', 'insert,update,delete'),
          ('backfill_dialogs', 'insert,update,delete')) t (name, privileges),
        unnest(string_to_array(t.privileges, ',')) p (privilege)
        where v_role = 'servo_operator' and not has_table_privilege(v_role, t.name, p.privilege)
      union all
      select t.name, t.privilege, format('(%s)', string_agg(quote_ident(c), ', ')) from (values
          -- Without an event's time and login.
          ('backfill_events', 'insert', '{tenant_id,job_id,partition_key,kind,from_state,to_state,actor,reason}'::text[]),
          ('backfill_jobs', 'update', '{state,version,paused_at,heartbeat_at,completed_at,error_message,priority,sla_deadline_at,execution_strategy,
            failed_partitions,skipped_partitions,needs_finalizing,upstream_job_count,parent_job_id}'),
          ('backfill_partitions', 'update', '{state,failure_count,crash_count,available_at,completed_at,follows_id}'),
          ('backfill_upstreams', 'update', '{upstream_job_id}')) t (name, privilege, columns),
        unnest(t.columns) c
        where v_role = 'servo_operator' and not has_column_privilege(v_role, t.name, c, t.privilege)
        group by t.name, t.privilege
    loop
      execute format('grant %s %s on %I to %I', r.privilege, r.columns, r.name, v_role);
    end loop;
    -- If functions are not granted to public by default: those that only read; for an operator also
    -- those that a cancel needs if no executor is running.
    for r in
      select oid::regprocedure as name from pg_proc
      where pronamespace = quote_ident(current_schema())::regnamespace and starts_with(proname, 'servo_') and prorettype <> 'trigger'::regtype
        and (provolatile <> 'v' or (v_role = 'servo_operator' and proname in ('servo_finalize_v1', 'servo_lock_v1'))) and not prosecdef
        and proname <> all (servo_owner_functions()) and not has_function_privilege(v_role, oid, 'execute')
    loop
      execute format('grant execute on function %s to %I', r.name, v_role);
    end loop;
  end loop;
  perform servo_apply_policies();
end $$;
revoke all on function servo_ensure_reduced_roles(boolean) from public;
