-- Who runs partitions, and what is recorded of it.

-- A row for each executor and each tenant that it serves: a session writes the rows of its own
-- tenant only, so that no tenant registers, hides or changes an executor of another one.
create table backfill_executors (
  tenant_id varchar(255) not null,
  id text not null,
  host text not null,
  pid integer not null,
  version text not null,
  slots integer not null,
  handlers text[] not null,
  started_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(),
  -- Its session holds an advisory lock, by which others can tell that it has died. Through a pooler
  -- a lock outlives its client.
  locked boolean not null default false,
  -- The backend that holds the lock. The same lock in another backend's hands is no sign of life.
  backend_pid integer,
  -- Why it claims nothing just now.
  hold_reason text,
  -- A hash of its handler directory, as it read it when it started.
  catalogue text,
  -- What is unavailable for its handlers: [{"tenant", "asset", "kind", "message", "since"}], oldest
  -- first.
  outages jsonb not null default '[]',
  -- Found dead, and its leases expired.
  lost_at timestamptz,
  -- Set when it was told to drain, and when it stopped in order; null after a crash.
  draining_at timestamptz,
  stopped_at timestamptz,
  primary key (tenant_id, id)
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
  -- With the tenant, here and below: a row of another tenant that names the same job takes no one's
  -- place.
  primary key (job_id, at, tenant_id)
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
  primary key (job_id, partition_key, attempt, tenant_id)
);

-- What one process does for all of a tenant, as reporting its metrics: the one whose lease runs,
-- renewed while it runs. A lease and no advisory lock, so that it holds through a pooler
-- as well. Only the function below reaches the table.
create table backfill_leaders (
  tenant_id varchar(255) not null,
  duty text not null,
  holder text not null,
  expires_at timestamptz not null,
  primary key (tenant_id, duty)
);

alter table backfill_executors enable row level security;
alter table backfill_samples enable row level security;
alter table backfill_attempt_logs enable row level security;
alter table backfill_leaders enable row level security;
