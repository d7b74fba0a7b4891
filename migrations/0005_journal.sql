-- `lowest_program` is the lowest program version that may use this schema. An additive migration
-- does not raise it, so executors of the old version continue.
create table servo_schema (
  only_row boolean primary key default true check (only_row),
  lowest_program text not null,
  -- The hash of the applied functions/ and the version of the program that applied them.
  functions_hash text,
  functions_program text,
  -- When the journal was created.
  journal_since timestamptz not null default clock_timestamp()
);
insert into servo_schema (lowest_program) values ('0.1.0');

-- The journal: append-only. One row per job transition, written by a trigger so that SQL by hand
-- and external writers are recorded too, and one per attempt that did not complete.
create table backfill_events (
  id bigint generated always as identity primary key,
  tenant_id varchar(255) not null,
  job_id uuid not null,
  partition_key varchar(255),
  kind text not null,
  from_state text,
  to_state text,
  -- The actor is any text that the writer gives; the login is the session's role, set by a trigger.
  actor text not null,
  login text not null default session_user,
  reason text,
  at timestamptz not null default clock_timestamp()
);
create index backfill_events_job on backfill_events (job_id, id desc);
create index backfill_events_tenant on backfill_events (tenant_id, id desc);
-- Enabled but not forced: the journal's trigger runs as the owner, and it must never make an
-- emergency UPDATE fail.
alter table backfill_events enable row level security;
