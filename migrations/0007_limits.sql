-- Most running jobs of a tenant, asset type or asset, over all hosts.
create table backfill_limits (
  tenant_id varchar(255) not null,
  scope text not null check (scope in ('tenant', 'asset_type', 'asset')),
  -- The asset type or asset; empty for the whole tenant.
  name varchar(255) not null default '',
  max_running integer not null check (max_running >= 0),
  primary key (tenant_id, scope, name)
);
alter table backfill_limits enable row level security;

-- Locks that one transaction of a tenant holds at a time: `claim`, `start <asset>`. Row locks, not
-- advisory locks: only a role with rights on the row can take one, and row-level security hides
-- the rows of other tenants.
create table backfill_locks (
  tenant_id varchar(255) not null,
  name varchar(255) not null,
  primary key (tenant_id, name)
);
alter table backfill_locks enable row level security;

-- Roles that are bound to one tenant, regardless of app.current_tenant (functions/roles.sql). Only
-- the owner has rights.
create table servo_tenant_roles (
  role name primary key,
  tenant_id varchar(255) not null
);
alter table servo_tenant_roles enable row level security;
