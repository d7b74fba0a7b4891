-- Which dialog is open at which console, so that another operator's is seen before both act on the
-- same job. A lease by the database's clock: a console that was killed says no good-bye. A row for
-- each console that has one open, none where none is.
create table backfill_dialogs (
  tenant_id varchar(255) not null,
  console_id uuid not null,
  actor text not null,
  host text not null,
  action text not null,
  job_ids uuid[] not null,
  opened_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  primary key (tenant_id, console_id)
);
alter table backfill_dialogs enable row level security;
