-- no-transaction
-- The jobs of an asset (its living ones, its history by state), and the children of a job: also for the two foreign keys.
create index concurrently backfill_jobs_asset on backfill_jobs (asset_id, state, created_at desc);
create index concurrently backfill_jobs_parent on backfill_jobs (parent_job_id) where parent_job_id is not null;
