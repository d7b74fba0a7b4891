-- no-transaction
-- Ended jobs whose unfinished partitions are still to be skipped.
create index concurrently backfill_jobs_unsettled on backfill_jobs (tenant_id) where unsettled;
