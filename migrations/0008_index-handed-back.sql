-- no-transaction
-- Retried, released and rescued partitions have an index of their own: a claim stays flat when dead rows cannot be vacuumed.
create index concurrently backfill_partitions_handed_back on backfill_partitions (backfill_job_id, available_at, partition_key)
  where state = 'pending' and available_at is not null;
