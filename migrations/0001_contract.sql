-- The base schema: a contract with other Servo implementations, so names, types and checks are
-- exact. If another implementation created the database, missing tables and columns are added;
-- nothing is renamed, retyped or dropped.

-- Remembers which tables another program created.
select set_config('servo.adopted', concat_ws(',', to_regclass('assets'), to_regclass('asset_dependencies'), to_regclass('backfill_jobs'), to_regclass('backfill_partitions')), true);

-- The columns that every base schema has; the others are added below.
create table if not exists assets (
  id uuid primary key,
  name varchar(255),
  asset_type varchar(100) not null,
  tenant_id varchar(255),
  unique (name, tenant_id)
);

create table if not exists asset_dependencies (
  id uuid primary key default gen_random_uuid(),
  upstream_asset_id uuid references assets (id) on delete cascade,
  downstream_asset_id uuid references assets (id) on delete cascade,
  dependency_type varchar(50) not null,
  created_at timestamptz default now(),
  unique (upstream_asset_id, downstream_asset_id, dependency_type)
);

create table if not exists backfill_jobs (
  id uuid primary key default gen_random_uuid(),
  tenant_id varchar(255) not null,
  asset_id uuid not null references assets (id) on delete cascade,
  asset_name varchar(255) not null,
  idempotency_key varchar(255) not null,
  state varchar(50) not null default 'pending',
  constraint valid_backfill_state check (state in (
    'pending', 'waiting_upstream', 'running', 'paused', 'resuming', 'completed', 'failed', 'cancelled'
  )),
  unique (tenant_id, idempotency_key)
);

create table if not exists backfill_partitions (
  id uuid primary key,
  backfill_job_id uuid not null references backfill_jobs (id) on delete cascade,
  partition_key varchar(255) not null,
  state varchar(50) not null default 'pending',
  tenant_id varchar(255) not null,
  constraint valid_partition_state check (state in (
    'pending', 'running', 'completed', 'failed', 'skipped'
  )),
  unique (backfill_job_id, partition_key)
);

-- Columns that an older base schema may lack. No default is volatile, so no table is rewritten.
alter table assets
  add column if not exists description text,
  add column if not exists owner varchar(255),
  add column if not exists tags jsonb default '[]',
  add column if not exists partition_config jsonb,
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now();
alter table backfill_jobs
  add column if not exists execution_strategy jsonb not null default '{"type":"sequential"}',
  add column if not exists partition_start varchar(255),
  add column if not exists partition_end varchar(255),
  add column if not exists partition_keys jsonb not null default '[]',
  add column if not exists total_partitions integer not null default 0,
  add column if not exists completed_partitions integer not null default 0,
  add column if not exists failed_partitions integer not null default 0,
  add column if not exists skipped_partitions integer not null default 0,
  add column if not exists include_upstream boolean not null default false,
  add column if not exists error_message text,
  add column if not exists created_by varchar(255),
  add column if not exists created_at timestamptz not null default now(),
  add column if not exists started_at timestamptz,
  add column if not exists completed_at timestamptz,
  add column if not exists heartbeat_at timestamptz,
  add column if not exists version integer not null default 1,
  add column if not exists paused_at timestamptz,
  add column if not exists checkpoint_partition_key varchar(255),
  add column if not exists estimated_completion_at timestamptz,
  add column if not exists avg_partition_duration_ms bigint,
  add column if not exists max_upstream_depth integer not null default 0,
  add column if not exists upstream_job_count integer not null default 0,
  -- The check is added only with the column: a program that created the column without it may
  -- violate it for a moment.
  add column if not exists completed_upstream_jobs integer not null default 0 constraint valid_upstream_counts
    check (0 <= completed_upstream_jobs and completed_upstream_jobs <= upstream_job_count),
  add column if not exists execution_order integer not null default 0,
  add column if not exists sla_deadline_at timestamptz,
  add column if not exists priority integer not null default 0;
-- A separate statement: together with a column that has a default, Postgres would check the
-- reference row by row under the lock.
alter table backfill_jobs
  add column if not exists parent_job_id uuid references backfill_jobs (id) on delete cascade;
alter table backfill_partitions
  add column if not exists attempt_count integer not null default 0,
  add column if not exists execution_id uuid,
  add column if not exists error_message text,
  add column if not exists duration_ms bigint,
  add column if not exists started_at timestamptz,
  add column if not exists completed_at timestamptz;

-- Enables and forces row-level security on tables that this file created; adopted tables get it
-- only by `migrate --rls`. The policies are in functions/isolation.sql; before they exist, no row
-- is visible.
do $$
declare
  t text;
begin
  foreach t in array '{assets,asset_dependencies,backfill_jobs,backfill_partitions}'::text[] loop
    continue when t = any (string_to_array(current_setting('servo.adopted'), ','));
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
  end loop;
end $$;
