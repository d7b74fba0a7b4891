-- A complete base, as another implementation might have made it: columns in an order of its own, columns and
-- tables that the contract does not know, its own policies and index names, one more state, rows in every state.
create table executions (
  id uuid primary key,
  finished_at timestamptz
);

create table assets (
  tenant_id varchar(255),
  partition_config jsonb,
  name varchar(255) not null,
  id uuid primary key,
  namespace varchar(100) not null default 'default',
  asset_type varchar(100) not null,
  updated_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  tags jsonb default '[]',
  owner varchar(255),
  description text,
  constraint assets_by_name unique (name, tenant_id)
);

create table asset_dependencies (
  downstream_asset_id uuid not null references assets (id) on delete cascade,
  upstream_asset_id uuid not null references assets (id) on delete cascade,
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  dependency_type varchar(50) not null,
  unique (upstream_asset_id, downstream_asset_id, dependency_type)
);

create table backfill_jobs (
  version integer not null default 1,
  priority integer not null default 0 check (priority between -10 and 10),
  state varchar(50) not null default 'pending',
  id uuid primary key default gen_random_uuid(),
  region varchar(20) not null default 'eu',
  tenant_id varchar(255) not null,
  sla_deadline_at timestamptz,
  asset_id uuid not null references assets (id) on delete cascade,
  asset_name varchar(255) not null,
  idempotency_key varchar(255) not null,
  execution_strategy jsonb not null default '{"type":"sequential"}',
  partition_keys jsonb not null default '[]',
  partition_end varchar(255),
  partition_start varchar(255),
  total_partitions integer not null default 0,
  completed_partitions integer not null default 0,
  failed_partitions integer not null default 0,
  skipped_partitions integer not null default 0,
  include_upstream boolean not null default false,
  max_upstream_depth integer not null default 0,
  upstream_job_count integer not null default 0,
  completed_upstream_jobs integer not null default 0,
  execution_order integer not null default 0,
  parent_job_id uuid references backfill_jobs (id) on delete cascade,
  error_message text,
  created_by varchar(255),
  heartbeat_at timestamptz,
  paused_at timestamptz,
  estimated_completion_at timestamptz,
  avg_partition_duration_ms bigint,
  checkpoint_partition_key varchar(255),
  created_at timestamptz not null default now(),
  started_at timestamptz,
  completed_at timestamptz,
  constraint valid_backfill_state check (state::text in ('pending', 'waiting_upstream', 'running', 'paused', 'resuming',
    'completed', 'failed', 'cancelled', 'archived')),
  constraint upstreams check (completed_upstream_jobs >= 0 and completed_upstream_jobs <= upstream_job_count),
  unique (tenant_id, idempotency_key)
);
create index idx_jobs_by_state on backfill_jobs (tenant_id, state);
create index idx_jobs_newest on backfill_jobs (tenant_id, state, created_at desc);
create index idx_jobs_parent on backfill_jobs (parent_job_id) where parent_job_id is not null;
create index idx_jobs_queue on backfill_jobs (tenant_id, priority desc, execution_order, sla_deadline_at, created_at)
  where state = 'pending';

create table backfill_partitions (
  tenant_id varchar(255) not null,
  execution_id uuid references executions (id),
  id uuid primary key,
  partition_key varchar(255) not null,
  backfill_job_id uuid not null references backfill_jobs (id) on delete cascade,
  rows_written bigint not null default 0,
  attempt_count integer not null default 0,
  state varchar(50) not null default 'pending',
  error_message text,
  duration_ms bigint,
  completed_at timestamptz,
  started_at timestamptz,
  constraint valid_partition_state check (state in ('pending', 'running', 'completed', 'failed', 'skipped')),
  constraint partition_once unique (backfill_job_id, partition_key)
);
create index idx_partitions_state on backfill_partitions (backfill_job_id, state);
create index idx_partitions_tenant on backfill_partitions (tenant_id);

create function touch() returns trigger language plpgsql as $$ begin new.region := coalesce(new.region, 'eu'); return new; end $$;
create trigger touch before update on backfill_jobs for each row execute function touch();

insert into assets (id, name, tenant_id, asset_type, tags, partition_config) values
  ('00000000-0000-4000-8000-00000000000a', 'orders', 'acme', 'table', '["gold"]', '{"partition_type": {"Time": {"granularity": "day"}}}'),
  ('00000000-0000-4000-8000-00000000000b', 'weekly', 'acme', 'table', '[]', '{"partition_type": {"Time": {"granularity": "weekly"}}}'),
  ('00000000-0000-4000-8000-00000000000c', 'shared', null, 'view', null, null);
insert into asset_dependencies (upstream_asset_id, downstream_asset_id, dependency_type)
  values ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b', 'data');
insert into backfill_jobs (id, tenant_id, asset_id, asset_name, idempotency_key, state, total_partitions, completed_partitions,
    avg_partition_duration_ms, created_at, started_at, heartbeat_at, version)
  select format('10000000-0000-4000-8000-%s', lpad(n::text, 12, '0'))::uuid, case when n % 2 = 0 then 'acme' else 'globex' end,
    '00000000-0000-4000-8000-00000000000a', 'orders', 'key-' || n, state, 5, 1, 9007199254740993 + n,
    '2023-05-06 07:08:09.123456+00', '2023-05-06 07:08:10.654321+00', '2023-05-06 08:00:00.000001+00', n
  from unnest('{pending,waiting_upstream,running,paused,resuming,completed,failed,cancelled,archived}'::text[])
    with ordinality s (state, n);
insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, state, attempt_count, duration_ms, started_at, rows_written)
  select gen_random_uuid(), j.id, j.tenant_id, '2023-01-0' || n, s.state, n, 9007199254740993, '2023-05-06 07:08:10.000001+00', 4294967297
  from backfill_jobs j, unnest('{completed,running,pending,failed,skipped}'::text[]) with ordinality s (state, n);

alter table assets enable row level security;
alter table backfill_jobs enable row level security;
alter table backfill_jobs force row level security;
alter table backfill_partitions enable row level security;
alter table backfill_partitions force row level security;
create policy tenant_scope on assets using (tenant_id is null or tenant_id = current_setting('app.current_tenant', true));
create policy tenant_scope on backfill_jobs using (tenant_id = current_setting('app.current_tenant', true))
  with check (tenant_id = current_setting('app.current_tenant', true));
create policy tenant_scope on backfill_partitions using (tenant_id = current_setting('app.current_tenant', true));
