-- Dialogs open at consoles: one row for each, so that an operator sees another's dialog before both
-- act on the same job. Each is a lease, because a killed console cannot delete its row.
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
