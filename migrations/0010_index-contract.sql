-- no-transaction
-- The indexes of the contract. migrate skips one if the database has an index of the same shape,
-- whatever its name.
create unique index concurrently backfill_jobs_idempotency_key on backfill_jobs (tenant_id, idempotency_key);
create unique index concurrently backfill_partitions_key on backfill_partitions (backfill_job_id, partition_key);
create unique index concurrently assets_name on assets (name, tenant_id);
create index concurrently backfill_partitions_state on backfill_partitions (backfill_job_id, state);
create index concurrently backfill_partitions_tenant on backfill_partitions (tenant_id);
