-- no-transaction
-- The jobs of an asset (active ones, and its history by state), and the children of
-- a job: also for the two foreign keys.
create index concurrently backfill_jobs_asset on backfill_jobs (asset_id, state, created_at desc);
create index concurrently backfill_jobs_parent on backfill_jobs (parent_job_id) where parent_job_id is not null;
-- Orders of the job table that are walked a page at a time, however many jobs there are: by
-- priority, by when they ended. None of these columns is written by a step. The last one holds what
-- another writer has ended without saying when.
create index concurrently backfill_jobs_by_priority on backfill_jobs (tenant_id, state, priority desc, created_at desc, id desc);
create index concurrently backfill_jobs_by_end on backfill_jobs (tenant_id, state, completed_at desc, id desc) where completed_at is not null;
create index concurrently backfill_jobs_without_end on backfill_jobs (tenant_id, state, created_at desc, id desc)
  where completed_at is null and state in ('completed', 'failed', 'cancelled');
