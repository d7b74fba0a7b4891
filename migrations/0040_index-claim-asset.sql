-- no-transaction
-- The queue of each asset, in claim order: for an executor whose assets are a few of many (it read all 200,000 that waited, 386 ms at every
-- look), and for how many jobs are in front of one.
create index concurrently backfill_jobs_claim_asset on backfill_jobs (tenant_id, asset_name, priority desc, execution_order, sla_deadline_at, created_at)
  where state in ('pending', 'resuming');
