-- The jobs that a job waits for: created with it for its upstream assets, or existing jobs with the
-- same keys. A job of an external writer has no rows here: it waits for its child jobs.
create table backfill_upstreams (
  job_id uuid not null references backfill_jobs (id) on delete cascade,
  -- No foreign key: a deleted upstream must stay known.
  upstream_job_id uuid not null,
  tenant_id varchar(255) not null,
  primary key (job_id, upstream_job_id, tenant_id)
);
create index backfill_upstreams_upstream on backfill_upstreams (upstream_job_id);
alter table backfill_upstreams enable row level security;
