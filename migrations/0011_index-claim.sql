-- no-transaction
-- Partitions that were never released or retried, claimed in key order above the checkpoint.
create index concurrently backfill_partitions_fresh on backfill_partitions (backfill_job_id, partition_key)
  where state = 'pending' and available_at is null;
-- Retried, released and rescued partitions have an index of their own: a claim stays flat when dead
-- rows cannot be vacuumed.
create index concurrently backfill_partitions_available on backfill_partitions (backfill_job_id, available_at, partition_key)
  where state = 'pending' and available_at is not null;
-- The few partitions that follow an attempt of another job. By an expression, so that no other
-- index serves the same question: without statistics one of all pending rows looks as good.
create index concurrently backfill_partitions_follows on backfill_partitions ((case when follows_id is not null then backfill_job_id end))
  where follows_id is not null;
-- The queue, in claim order: priority, upstream first, deadline (none last), age.
create index concurrently backfill_jobs_claim on backfill_jobs (tenant_id, priority desc, execution_order, sla_deadline_at, created_at)
  where state in ('pending', 'resuming');
-- The queue of each asset, in claim order: for an executor whose assets are a few of many (it read
-- all 200,000 that waited, 386 ms at every look), and for how many jobs are in front of one.
create index concurrently backfill_jobs_claim_asset on backfill_jobs (tenant_id, asset_name, priority desc, execution_order, sla_deadline_at, created_at)
  where state in ('pending', 'resuming');
-- Jobs by state, newest first: for executors (running), and for the job table, which takes the
-- first few of each state. Not only active jobs: one failed job among a million completed ones must
-- be found too.
create index concurrently backfill_jobs_state on backfill_jobs (tenant_id, state, created_at desc);
-- Ended jobs whose unfinished partitions are still to be skipped.
create index concurrently backfill_jobs_needs_finalizing on backfill_jobs (tenant_id) where needs_finalizing;
