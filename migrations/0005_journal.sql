-- The lowest program version that may still use this schema: an additive migration leaves it alone,
-- so that a fleet of the old version goes on.
create table servo_schema (
  only_row boolean primary key default true check (only_row),
  lowest_program text not null,
  -- Which functions/ the database has: the hash of their text, and the program that brought them.
  functions_hash text,
  functions_program text,
  -- Since when there is a journal.
  journal_since timestamptz not null default clock_timestamp()
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
  -- Who says so, and the role that was logged in: the actor is any text, the login is set by
  -- trigger.
  actor text not null,
  login text not null default session_user,
  reason text,
  at timestamptz not null default clock_timestamp()
);
create index backfill_events_job on backfill_events (job_id, id desc);
create index backfill_events_tenant on backfill_events (tenant_id, id desc);
-- Enabled but not forced: the journal's trigger runs as the owner, and an on-call superuser's
-- emergency UPDATE must not fail on it.
alter table backfill_events enable row level security;
