-- When each unfinished job starts and is done (source/domain/forecast): computed by the executor
-- that the tenant has elected, for everything that tells a future. A row is written again when its
-- job's forecast has changed.
create table backfill_forecasts (
  job_id uuid not null references backfill_jobs (id) on delete cascade,
  tenant_id varchar(255) not null,
  computed_at timestamptz not null,
  -- What keeps it from being done earlier, and its place among the jobs that wait for a slot.
  bound_by text not null,
  place integer,
  -- Null: something must change first. Eight of ten finishes are expected between low_at and
  -- high_at.
  start_at timestamptz,
  finish_at timestamptz,
  low_at timestamptz,
  high_at timestamptz,
  -- Why finish_at is null.
  unknown text,
  primary key (job_id, tenant_id)
);
create index backfill_forecasts_tenant on backfill_forecasts (tenant_id);
alter table backfill_forecasts enable row level security;

-- When a tenant's forecasts were last computed: all of them are of this time, whenever they were
-- written.
create table backfill_forecast_rounds (
  tenant_id varchar(255) primary key,
  computed_at timestamptz not null,
  computed_by text not null
);
alter table backfill_forecast_rounds enable row level security;

-- What was forecast at the time of a sample, to compare it with what came.
alter table backfill_samples add column forecast_at timestamptz;
