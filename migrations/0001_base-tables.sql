-- The base schema: a contract shared with other Servo implementations, whose names, types, checks
-- and meaning are exact. A database that another implementation created is adopted as it stands:
-- only what is missing is added, and nothing of theirs is renamed, retyped or dropped.

select set_config('servo.creating', case when to_regclass('backfill_jobs') is null then 'on' else 'off' end, true);

create table if not exists assets (
  id uuid primary key default gen_random_uuid(),
  name varchar(255) not null,
  description text,
  asset_type varchar(100) not null,
  owner varchar(255),
  tags jsonb default '[]',
  tenant_id varchar(255),
  partition_config jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (name, tenant_id)
);

create table if not exists asset_dependencies (
  id uuid primary key default gen_random_uuid(),
  upstream_asset_id uuid not null references assets (id) on delete cascade,
  downstream_asset_id uuid not null references assets (id) on delete cascade,
  dependency_type varchar(50) not null,
  created_at timestamptz not null default now(),
  unique (upstream_asset_id, downstream_asset_id, dependency_type)
);

create table if not exists backfill_jobs (
  id uuid primary key default gen_random_uuid(),
  tenant_id varchar(255) not null,
  asset_id uuid not null references assets (id) on delete cascade,
  asset_name varchar(255) not null,
  idempotency_key varchar(255) not null,
  state varchar(50) not null default 'pending',
  execution_strategy jsonb not null default '{"type":"sequential"}',
  partition_start varchar(255),
  partition_end varchar(255),
  partition_keys jsonb not null default '[]',
  total_partitions integer not null default 0,
  completed_partitions integer not null default 0,
  failed_partitions integer not null default 0,
  skipped_partitions integer not null default 0,
  include_upstream boolean not null default false,
  error_message text,
  created_by varchar(255),
  created_at timestamptz not null default now(),
  started_at timestamptz,
  completed_at timestamptz,
  heartbeat_at timestamptz,
  version integer not null default 1,
  constraint valid_backfill_state check (state in (
    'pending', 'waiting_upstream', 'running', 'paused', 'resuming', 'completed', 'failed', 'cancelled'
  )),
  unique (tenant_id, idempotency_key)
);

create table if not exists backfill_partitions (
  id uuid primary key default gen_random_uuid(),
  backfill_job_id uuid not null references backfill_jobs (id) on delete cascade,
  partition_key varchar(255) not null,
  state varchar(50) not null default 'pending',
  attempt_count integer not null default 0,
  execution_id uuid,
  error_message text,
  duration_ms bigint,
  started_at timestamptz,
  completed_at timestamptz,
  tenant_id varchar(255) not null,
  constraint valid_partition_state check (state in (
    'pending', 'running', 'completed', 'failed', 'skipped'
  )),
  unique (backfill_job_id, partition_key)
);

-- The columns that older bases lack.
alter table assets add column if not exists partition_config jsonb;
alter table backfill_jobs
  add column if not exists execution_strategy jsonb not null default '{"type":"sequential"}',
  add column if not exists partition_start varchar(255),
  add column if not exists partition_end varchar(255),
  add column if not exists partition_keys jsonb not null default '[]',
  add column if not exists skipped_partitions integer not null default 0,
  add column if not exists include_upstream boolean not null default false,
  add column if not exists error_message text,
  add column if not exists created_by varchar(255),
  add column if not exists heartbeat_at timestamptz,
  add column if not exists version integer not null default 1,
  add column if not exists paused_at timestamptz,
  add column if not exists checkpoint_partition_key varchar(255),
  add column if not exists estimated_completion_at timestamptz,
  add column if not exists avg_partition_duration_ms bigint,
  add column if not exists parent_job_id uuid references backfill_jobs (id) on delete cascade,
  add column if not exists max_upstream_depth integer not null default 0,
  add column if not exists upstream_job_count integer not null default 0,
  add column if not exists completed_upstream_jobs integer not null default 0,
  add column if not exists execution_order integer not null default 0,
  add column if not exists sla_deadline_at timestamptz,
  add column if not exists priority integer not null default 0;
alter table backfill_partitions
  add column if not exists attempt_count integer not null default 0,
  add column if not exists execution_id uuid,
  add column if not exists error_message text,
  add column if not exists duration_ms bigint,
  add column if not exists started_at timestamptz,
  add column if not exists completed_at timestamptz;

-- Base databases have these; a second one of the same shape would only cost.
do $$
declare
  i record;
begin
  for i in select * from (values
      ('backfill_partitions', '{backfill_job_id,partition_key}'::text[], true),
      ('backfill_partitions', '{backfill_job_id,state}', false),
      ('backfill_partitions', '{tenant_id}', false)) t (table_name, columns, is_unique)
  loop
    continue when exists (
      select from pg_index x
      where x.indrelid = i.table_name::regclass and x.indisvalid and x.indpred is null and (x.indisunique or not i.is_unique)
        and i.columns = array(select a.attname::text from unnest(x.indkey) with ordinality k (attnum, n)
          join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.attnum order by k.n));
    execute format('create %s index on %I (%s)', case when i.is_unique then 'unique' end, i.table_name,
      array_to_string(i.columns, ', '));
  end loop;
end $$;

-- Row-level security, enabled and forced: a row belongs to the tenant of the session, or to none.
-- On a database of our own it is there from the start; on an adopted one only `migrate --rls` adds it.
create or replace function servo_isolate_tenants() returns void language plpgsql as $$
declare
  t text;
begin
  foreach t in array '{assets,backfill_jobs,backfill_partitions}'::text[] loop
    continue when (select relrowsecurity and relforcerowsecurity from pg_class where oid = t::regclass);
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    if not exists (select from pg_policy where polrelid = t::regclass) then
      execute format('create policy tenant_isolation on %I using (tenant_id is null or tenant_id = current_setting(''app.current_tenant'', true))', t);
    end if;
  end loop;
end $$;
revoke all on function servo_isolate_tenants() from public;

do $$ begin
  if current_setting('servo.creating', true) = 'on' then
    perform servo_isolate_tenants();
  end if;
end $$;
