-- The first base there was: five states, nothing of pauses, deadlines, priorities and upstreams, no row-level security,
-- no index but what the constraints bring.
create table assets (
  id uuid primary key,
  name varchar(255) not null,
  asset_type varchar(100) not null,
  tenant_id varchar(255),
  unique (name, tenant_id)
);

create table backfill_jobs (
  id uuid primary key default gen_random_uuid(),
  tenant_id varchar(255) not null,
  asset_id uuid not null references assets (id) on delete cascade,
  asset_name varchar(255) not null,
  idempotency_key varchar(255) not null,
  state varchar(50) not null default 'pending',
  execution_strategy jsonb not null default '{"type":"sequential"}',
  partition_keys jsonb not null default '[]',
  total_partitions integer not null default 0,
  completed_partitions integer not null default 0,
  failed_partitions integer not null default 0,
  error_message text,
  created_by varchar(255),
  created_at timestamptz not null default now(),
  started_at timestamptz,
  completed_at timestamptz,
  heartbeat_at timestamptz,
  version integer not null default 1,
  constraint valid_backfill_state check (state in ('pending', 'running', 'completed', 'failed', 'cancelled')),
  unique (tenant_id, idempotency_key)
);

create table backfill_partitions (
  id uuid primary key,
  backfill_job_id uuid not null references backfill_jobs (id) on delete cascade,
  partition_key varchar(255) not null,
  state varchar(50) not null default 'pending' check (state in ('pending', 'running', 'completed', 'failed')),
  attempt_count integer not null default 0,
  error_message text,
  started_at timestamptz,
  completed_at timestamptz,
  tenant_id varchar(255) not null,
  unique (backfill_job_id, partition_key)
);

insert into assets (id, name, tenant_id, asset_type)
  values ('00000000-0000-4000-8000-00000000000a', 'orders', 'acme', 'table');
insert into backfill_jobs (id, tenant_id, asset_id, asset_name, idempotency_key, state, total_partitions, created_at)
  select format('10000000-0000-4000-8000-%s', lpad(n::text, 12, '0'))::uuid, 'acme', '00000000-0000-4000-8000-00000000000a', 'orders',
    'key-' || n, state, 4, '2021-02-03 04:05:06.789012+00'
  from unnest('{pending,running,completed,failed,cancelled}'::text[]) with ordinality s (state, n);
insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, state)
  select gen_random_uuid(), j.id, j.tenant_id, '2021-01-0' || n, s.state
  from backfill_jobs j, unnest('{completed,running,pending,failed}'::text[]) with ordinality s (state, n);
