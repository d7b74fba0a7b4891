-- Executors and what they record.

-- One row for each executor and tenant that it serves. A session writes only rows of its own
-- tenant, so no tenant can register, hide or change an executor of another.
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
  -- Its session holds an advisory lock, which shows others whether it is alive. False behind a
  -- pooler, where a lock outlives its client.
  locked boolean not null default false,
  -- The backend that holds the lock. The lock in another backend is no sign of life.
  backend_pid integer,
  -- Why it claims nothing at present.
  hold_reason text,
  -- A hash of its handler directory at its start.
  catalogue text,
  -- What is unavailable to its handlers: [{"tenant", "asset", "kind", "message", "since"}], oldest
  -- first.
  outages jsonb not null default '[]',
  -- When it was declared dead and its leases expired.
  lost_at timestamptz,
  -- When it was told to drain, and when it stopped normally; null after a crash.
  draining_at timestamptz,
  stopped_at timestamptz,
  primary key (tenant_id, id)
);

-- The progress of a running job, at most one row a minute.
create table backfill_samples (
  job_id uuid not null references backfill_jobs (id) on delete cascade,
  at timestamptz not null,
  tenant_id varchar(255) not null,
  completed integer not null,
  failed integer not null,
  avg_partition_duration_ms bigint,
  estimated_completion_at timestamptz,
  -- The keys here and below include the tenant: a row of another tenant that names the same job
  -- must not take the place of this one.
  primary key (job_id, at, tenant_id)
);

-- The tail of an attempt's output, readable from any host.
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

-- The process that does a duty for a tenant, e.g. reports its metrics, and until when. A lease
-- instead of an advisory lock, because it also works behind a pooler. Written only by
-- servo_elect_v1.
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
