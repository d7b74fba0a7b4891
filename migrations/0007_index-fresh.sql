-- no-transaction
-- Partitions that were never handed back, claimed in key order above the checkpoint.
create index concurrently backfill_partitions_fresh on backfill_partitions (backfill_job_id, partition_key)
  where state = 'pending' and available_at is null;
