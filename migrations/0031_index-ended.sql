-- no-transaction
-- What has ended lately: for the review of a week.
create index concurrently backfill_jobs_ended on backfill_jobs (tenant_id, completed_at desc) where completed_at is not null;
