-- no-transaction
-- Ended jobs whose unfinished partitions are still to be skipped.
create index concurrently if not exists backfill_jobs_unsettled
  on backfill_jobs (tenant_id)
  where unsettled;
