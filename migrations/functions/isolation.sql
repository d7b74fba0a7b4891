-- All policies of row-level security. current_setting() is read once for a statement, so that the
-- planner can use the tenant's indexes.
--   tenant_isolation  a row belongs to the session's tenant or, in the contract's tables, to none
--   servo_shared_*    only a session without a tenant deletes assets that all tenants share, or
--                     writes their lineage: a deleted asset deletes the jobs of every tenant
--   servo_operator_*  an operator cannot complete a partition; only an executor can
create or replace function servo_policies() returns table (table_name name, policy name, definition text) language sql stable as $$
  with mine (text) as (values ($e$tenant_id = current_setting('app.current_tenant', true)$e$)),
    shared (text) as (values ($e$(tenant_id is null or tenant_id = current_setting('app.current_tenant', true))$e$)),
    edge (text) as (values ($e$exists (select from assets a where a.id = upstream_asset_id and (a.tenant_id is null or a.tenant_id = current_setting('app.current_tenant', true)))
      and exists (select from assets a where a.id = downstream_asset_id and (a.tenant_id is null or a.tenant_id = current_setting('app.current_tenant', true)))$e$)),
    own_edge (text) as (values ($e$coalesce(current_setting('app.current_tenant', true), '') = ''
      or exists (select from assets a where a.id in (upstream_asset_id, downstream_asset_id) and a.tenant_id = current_setting('app.current_tenant', true))$e$)),
    runner (text) as (values ($e$pg_has_role(current_user, 'servo_app', 'usage')$e$))
  select t, 'tenant_isolation', format('using (%1$s) with check (%1$s)', text) from mine,
    unnest('{backfill_events,backfill_executors,backfill_samples,backfill_attempt_logs,backfill_leaders,backfill_limits,backfill_locks,
      backfill_upstreams,backfill_dialogs,backfill_forecasts,backfill_forecast_rounds}'::name[]) t
  union all
  select t, 'tenant_isolation', format('using (%1$s) with check (%1$s)', text) from shared,
    unnest('{assets,backfill_jobs,backfill_partitions}'::name[]) t
  union all select 'asset_dependencies', 'tenant_isolation', format('using (%1$s) with check (%1$s)', text) from edge
  union all select 'asset_dependencies', 'servo_shared_insert', format('as restrictive for insert with check (%s)', text) from own_edge
  union all select 'asset_dependencies', 'servo_shared_update', format('as restrictive for update using (%1$s) with check (%1$s)', text) from own_edge
  union all select 'asset_dependencies', 'servo_shared_delete', format('as restrictive for delete using (%s)', text) from own_edge
  union all select 'assets', 'servo_shared_delete',
    $e$as restrictive for delete using (tenant_id = current_setting('app.current_tenant', true) or coalesce(current_setting('app.current_tenant', true), '') = '')$e$
  union all select 'backfill_partitions', 'servo_operator_insert', format($e$as restrictive for insert to servo_operator with check (state in ('pending', 'skipped') or %s)$e$, text)
    from runner where to_regrole('servo_operator') is not null and to_regrole('servo_app') is not null
  union all select 'backfill_partitions', 'servo_operator_update', format($e$as restrictive for update to servo_operator using (true) with check (state in ('pending', 'skipped', 'failed') or %s)$e$, text)
    from runner where to_regrole('servo_operator') is not null and to_regrole('servo_app') is not null
  -- A role that is bound to a tenant, regardless of app.current_tenant. Shared rows are read-only.
  union all select t, role, format('as restrictive to %1$I using (tenant_id = %2$L) with check (tenant_id = %2$L)', role, tenant_id)
    from servo_tenant_roles, unnest('{backfill_jobs,backfill_partitions,backfill_events,backfill_executors,backfill_samples,
      backfill_attempt_logs,backfill_leaders,backfill_limits,backfill_locks,backfill_upstreams,backfill_dialogs,
      backfill_forecasts,backfill_forecast_rounds}'::name[]) t
  union all select 'assets', left(role, 56) || c.suffix, format('as restrictive for %1$s to %2$I %3$s', c.command, role, replace(c.clause, 'LITERAL', quote_literal(tenant_id)))
    from servo_tenant_roles, (values ('_read', 'select', 'using (tenant_id is null or tenant_id = LITERAL)'), ('_insert', 'insert', 'with check (tenant_id = LITERAL)'),
      ('_update', 'update', 'using (tenant_id = LITERAL) with check (tenant_id = LITERAL)'), ('_delete', 'delete', 'using (tenant_id = LITERAL)')) c (suffix, command, clause)
  union all select 'asset_dependencies', left(role, 56) || c.suffix, format('as restrictive for %1$s to %2$I %3$s', c.command, role, replace(c.clause, 'OWN',
      format('exists (select from assets a where a.id in (upstream_asset_id, downstream_asset_id) and a.tenant_id = %L)', tenant_id)))
    from servo_tenant_roles, (values ('_insert', 'insert', 'with check (OWN)'), ('_update', 'update', 'using (OWN) with check (OWN)'), ('_delete', 'delete', 'using (OWN)')) c (suffix, command, clause)
$$;

-- Creates policies that are missing or have changed, on tables with row-level security. A table
-- with permissive policies of another program gets only those for our roles: a second permissive
-- policy would show more rows, not fewer.
create or replace function servo_apply_policies() returns void language plpgsql as $$
declare
  p record;
begin
  for p in select c.oid::regclass as relation, s.* from servo_policies() s join pg_class c on c.oid = to_regclass(quote_ident(s.table_name))
    where c.relrowsecurity and not exists (select from pg_policy o where o.polrelid = c.oid and case
      when o.polname = s.policy and starts_with(obj_description(o.oid, 'pg_policy'), 'servo ') then obj_description(o.oid, 'pg_policy') = 'servo ' || md5(s.definition)
      else o.polname = s.policy or (o.polpermissive and (s.policy = 'tenant_isolation' or starts_with(s.policy, 'servo_shared')
        and not coalesce(starts_with(obj_description(o.oid, 'pg_policy'), 'servo '), false))) end)
  loop
    execute format('drop policy if exists %I on %s', p.policy, p.relation);
    execute format('create policy %I on %s %s', p.policy, p.relation, p.definition);
    execute format('comment on policy %I on %s is %L', p.policy, p.relation, 'servo ' || md5(p.definition));
  end loop;
end $$;
revoke all on function servo_apply_policies() from public;

-- `migrate --rls`: enables and forces row-level security on adopted tables.
create or replace function servo_isolate_tenants(tables text[] default '{assets,asset_dependencies,backfill_jobs,backfill_partitions}')
  returns void language plpgsql as $$
declare
  t regclass;
begin
  foreach t in array tables::regclass[] loop
    continue when (select relrowsecurity and relforcerowsecurity from pg_class where oid = t);
    execute format('alter table %s enable row level security', t);
    execute format('alter table %s force row level security', t);
  end loop;
  perform servo_apply_policies();
end $$;
revoke all on function servo_isolate_tenants(text[]) from public;

-- Refuses a partition in a job of another tenant, where it would occupy a key. Runs as owner,
-- because an external writer may lack the right to read jobs. Measured on 100,000 rows: a policy
-- with the same condition took 2.1 instead of 1.4 s, this trigger no measurable time; an insert of
-- one row takes 0.05 ms more.
create or replace function servo_check_tenant_insert() returns trigger language plpgsql security definer as $$
declare
  v_tenant text := current_setting('app.current_tenant', true);
  r record;
begin
  for r in select distinct backfill_job_id as job, tenant_id::text as tenant from added loop
    perform set_config('app.current_tenant', r.tenant, true);
    if not exists (select from backfill_jobs where id = r.job and tenant_id = r.tenant) then
      raise exception using errcode = 'insufficient_privilege', message = format('job %s is no job of tenant %s', r.job, r.tenant);
    end if;
  end loop;
  perform set_config('app.current_tenant', coalesce(v_tenant, ''), true);
  return null;
end $$;
create or replace trigger servo_check_tenant_insert after insert on backfill_partitions referencing new table as added
  for each statement execute function servo_check_tenant_insert();

-- Refuses to move a partition to a job of another tenant. Fires only if a statement changes these
-- columns; none of ours or of an external writer does.
create or replace function servo_check_tenant_update() returns trigger language plpgsql security definer as $$
declare
  v_tenant text := current_setting('app.current_tenant', true);
begin
  perform set_config('app.current_tenant', new.tenant_id::text, true);
  if not exists (select from backfill_jobs where id = new.backfill_job_id and tenant_id = new.tenant_id) then
    raise exception using errcode = 'insufficient_privilege', message = format('job %s is no job of tenant %s', new.backfill_job_id, new.tenant_id);
  end if;
  perform set_config('app.current_tenant', coalesce(v_tenant, ''), true);
  return new;
end $$;
create or replace trigger servo_check_tenant_update before update of backfill_job_id, tenant_id on backfill_partitions for each row
  when (old.backfill_job_id is distinct from new.backfill_job_id or old.tenant_id is distinct from new.tenant_id)
  execute function servo_check_tenant_update();

do $$ begin
  execute format('alter function servo_check_tenant_insert() set search_path = pg_catalog, %I, pg_temp', current_schema());
  execute format('alter function servo_check_tenant_update() set search_path = pg_catalog, %I, pg_temp', current_schema());
end $$;
revoke all on function servo_check_tenant_insert() from public;
revoke all on function servo_check_tenant_update() from public;

-- Called by security-definer functions, to which policies do not apply. Refuses a tenant that is
-- not the session's, or not the one that the login is bound to. A superuser is bound to none.
create or replace function servo_require_tenant(p_tenant text) returns void language plpgsql stable as $$
declare
  v_bound text;
begin
  if p_tenant is distinct from nullif(current_setting('app.current_tenant', true), '') then
    raise exception using errcode = 'insufficient_privilege', message = format('the tenant of this session is not %s', coalesce(p_tenant, 'given'));
  end if;
  select r.tenant_id into v_bound from servo_tenant_roles r join pg_roles o on o.rolname = r.role
    where r.tenant_id <> p_tenant and pg_has_role(session_user, o.oid, 'usage')
      and not (select rolsuper from pg_roles where rolname = session_user) limit 1;
  if found then
    raise exception using errcode = 'insufficient_privilege', message = format('%s is bound to another tenant than %s', session_user, p_tenant);
  end if;
end $$;
revoke all on function servo_require_tenant(text) from public;
