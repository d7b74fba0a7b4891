-- How many jobs may run at once: of a tenant, of an asset type, of an asset. Kept here, so that they hold over all hosts.
create table backfill_limits (
  tenant_id varchar(255) not null,
  scope text not null check (scope in ('tenant', 'asset_type', 'asset')),
  -- Of the asset type or asset; empty for the tenant as a whole.
  name varchar(255) not null default '',
  max_running integer not null check (max_running >= 0),
  primary key (tenant_id, scope, name)
);
alter table backfill_limits enable row level security;
create policy tenant_isolation on backfill_limits
  using (tenant_id = current_setting('app.current_tenant', true));

-- Limits of a tenant that leave no room for one more running job. Exact for the one who holds the tenant's claim lock. The tenant must be set.
create function servo_limits_reached_v1(p_tenant text)
  returns table (scope text, name text, max_running integer, running bigint) language sql stable as $$
  select l.scope, l.name, l.max_running, r.running
  from backfill_limits l, lateral (
    select count(*) as running from backfill_jobs j join assets a on a.id = j.asset_id
    where j.tenant_id = p_tenant and j.state = 'running'
      and case l.scope when 'asset' then j.asset_name = l.name when 'asset_type' then a.asset_type = l.name else true end) r
  where l.tenant_id = p_tenant and r.running >= l.max_running
$$;
