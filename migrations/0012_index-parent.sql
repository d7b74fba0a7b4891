-- no-transaction
-- The children of a job.
create index concurrently if not exists backfill_jobs_parent
  on backfill_jobs (parent_job_id)
  where parent_job_id is not null;
