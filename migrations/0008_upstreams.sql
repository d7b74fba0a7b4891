-- What a job waits for: jobs that were created with it for its upstream assets, or that were there
-- already and have its keys. A job of an external writer has no rows here: it waits for its
-- children.
create table backfill_upstreams (
  job_id uuid not null references backfill_jobs (id) on delete cascade,
  -- No foreign key: that an upstream was deleted must stay known.
  upstream_job_id uuid not null,
  tenant_id varchar(255) not null,
  primary key (job_id, upstream_job_id, tenant_id)
);
create index backfill_upstreams_upstream on backfill_upstreams (upstream_job_id);
alter table backfill_upstreams enable row level security;
