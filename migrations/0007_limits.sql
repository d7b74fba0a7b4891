-- How many jobs may run at once: of a tenant, of an asset type, of an asset. Kept here, so that
-- they hold over all hosts.
create table backfill_limits (
  tenant_id varchar(255) not null,
  scope text not null check (scope in ('tenant', 'asset_type', 'asset')),
  -- Of the asset type or asset; empty for the tenant as a whole.
  name varchar(255) not null default '',
  max_running integer not null check (max_running >= 0),
  primary key (tenant_id, scope, name)
);
alter table backfill_limits enable row level security;

-- What one transaction of a tenant does at a time: `claim`, `start <asset>`. A row lock, not an
-- advisory lock: locking a row takes rights on it, and row-level security shows no tenant's rows to
-- another.
create table backfill_locks (
  tenant_id varchar(255) not null,
  name varchar(255) not null,
  primary key (tenant_id, name)
);
alter table backfill_locks enable row level security;

-- Roles that are bound to one tenant (functions/roles.sql), whatever app.current_tenant says. The
-- owner's alone.
create table servo_tenant_roles (
  role name primary key,
  tenant_id varchar(255) not null
);
alter table servo_tenant_roles enable row level security;
