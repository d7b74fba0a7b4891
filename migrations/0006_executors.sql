-- Who runs partitions, and what is recorded of it.

create table backfill_executors (
  id text primary key,
  tenants text[] not null,
  host text not null,
  pid integer not null,
  version text not null,
  slots integer not null,
  handlers text[] not null,
  started_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(),
  -- Its session holds an advisory lock, by which others can tell that it has died. Through a pooler a lock outlives its client.
  locked boolean not null default false,
  -- Why it claims nothing just now: the database is not well.
  held_reason text,
  -- A hash of its handler directory, as it read it when it started.
  catalogue text,
  -- What is away for its handlers: [{"tenant", "asset", "kind", "message", "since"}], oldest first.
  troubles jsonb not null default '[]',
  -- Found dead, and its leases expired.
  lost_at timestamptz,
  -- Set when it was told to drain, and when it stopped in order; null after a crash.
  draining_at timestamptz,
  stopped_at timestamptz
);

-- One row a minute for each job that moves.
create table backfill_samples (
  job_id uuid not null references backfill_jobs (id) on delete cascade,
  at timestamptz not null,
  tenant_id varchar(255) not null,
  completed integer not null,
  failed integer not null,
  avg_partition_duration_ms bigint,
  estimated_completion_at timestamptz,
  primary key (job_id, at)
);

-- The tail of what an attempt printed, readable from any host.
create table backfill_attempt_logs (
  job_id uuid not null references backfill_jobs (id) on delete cascade,
  partition_key varchar(255) not null,
  attempt integer not null,
  tenant_id varchar(255) not null,
  executor_id text not null,
  at timestamptz not null default clock_timestamp(),
  output text not null check (octet_length(output) <= 65536),
  primary key (job_id, partition_key, attempt)
);

-- What one process does for all of a tenant, as reporting its metrics: the one whose lease runs, renewed for as long as it lives.
-- A lease and no advisory lock, so that it holds through a pooler as well. Only the function below reaches the table.
create table backfill_leaders (
  tenant_id varchar(255) not null,
  duty text not null,
  holder text not null,
  expires_at timestamptz not null,
  primary key (tenant_id, duty)
);
alter table backfill_leaders enable row level security;
create policy tenant_isolation on backfill_leaders
  using (tenant_id = current_setting('app.current_tenant', true));

alter table backfill_executors enable row level security;
create policy tenant_isolation on backfill_executors
  using (current_setting('app.current_tenant', true) = any (tenants));
alter table backfill_samples enable row level security;
create policy tenant_isolation on backfill_samples
  using (tenant_id = current_setting('app.current_tenant', true));
alter table backfill_attempt_logs enable row level security;
create policy tenant_isolation on backfill_attempt_logs
  using (tenant_id = current_setting('app.current_tenant', true));
