-- no-transaction
-- The jobs of an asset by state, and the child jobs of a job; also for the two foreign keys.
create index concurrently backfill_jobs_asset on backfill_jobs (asset_id, state, created_at desc);
create index concurrently backfill_jobs_parent on backfill_jobs (parent_job_id) where parent_job_id is not null;
-- Orders of the job table, read a page at a time: by priority and by end. No batch writes these
-- columns. The last index has the jobs that an external writer ended without setting completed_at.
create index concurrently backfill_jobs_by_priority on backfill_jobs (tenant_id, state, priority desc, created_at desc, id desc);
create index concurrently backfill_jobs_by_end on backfill_jobs (tenant_id, state, completed_at desc, id desc) where completed_at is not null;
create index concurrently backfill_jobs_without_end on backfill_jobs (tenant_id, state, created_at desc, id desc)
  where completed_at is null and state in ('completed', 'failed', 'cancelled');
