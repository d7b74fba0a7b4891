-- no-transaction
-- The job table, newest first.
create index concurrently if not exists backfill_jobs_newest
  on backfill_jobs (tenant_id, created_at desc, id);
