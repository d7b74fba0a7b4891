-- no-transaction
-- Partitions that were never claimed: claimed in key order, above the checkpoint.
create index concurrently backfill_partitions_fresh on backfill_partitions (backfill_job_id, partition_key)
  where state = 'pending' and available_at is null;
-- Retried, released, snoozed and rescued partitions. A separate index, so that the cost of a claim
-- stays constant while dead rows cannot be vacuumed.
create index concurrently backfill_partitions_available on backfill_partitions (backfill_job_id, available_at, partition_key)
  where state = 'pending' and available_at is not null;
-- The few partitions that follow an attempt of another job. On an expression, so that the planner
-- cannot take another index: without statistics one of all pending rows looks as good.
create index concurrently backfill_partitions_follows on backfill_partitions ((case when follows_id is not null then backfill_job_id end))
  where follows_id is not null;
-- The queue in claim order: priority, upstreams first, deadline (none last), age.
create index concurrently backfill_jobs_claim on backfill_jobs (tenant_id, priority desc, execution_order, sla_deadline_at, created_at)
  where state in ('pending', 'resuming');
-- The queue of each asset in claim order: for an executor that runs few of many assets (without
-- it, 200,000 waiting jobs were read in 386 ms at every poll), and to count the jobs ahead of one.
create index concurrently backfill_jobs_claim_asset on backfill_jobs (tenant_id, asset_name, priority desc, execution_order, sla_deadline_at, created_at)
  where state in ('pending', 'resuming');
-- Jobs by state, newest first: for executors (running jobs) and for the job table, which shows the
-- first of each state. It includes ended jobs, to find one failed among a million completed.
create index concurrently backfill_jobs_state on backfill_jobs (tenant_id, state, created_at desc);
-- Jobs that are still to be finalized.
create index concurrently backfill_jobs_needs_finalizing on backfill_jobs (tenant_id) where needs_finalizing;
