-- The tables that are ours alone.

-- The lowest program version that may still use this schema: an additive migration leaves it alone,
-- so that a fleet of the old version goes on.
create table servo_schema (
  only_row boolean primary key default true check (only_row),
  lowest_program text not null
);
insert into servo_schema (lowest_program) values ('0.1.0');

-- The journal: append-only. A row per job transition, written by trigger so that raw SQL and other
-- writers are recorded too, and one per attempt that did not simply complete.
create table backfill_events (
  id bigint generated always as identity primary key,
  tenant_id varchar(255) not null,
  job_id uuid not null,
  partition_key varchar(255),
  kind text not null,
  from_state text,
  to_state text,
  actor text not null,
  reason text,
  at timestamptz not null default clock_timestamp()
);
create index backfill_events_job on backfill_events (job_id, id desc);
create index backfill_events_tenant on backfill_events (tenant_id, id desc);

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
