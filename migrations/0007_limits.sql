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
