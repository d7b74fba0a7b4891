-- no-transaction
-- The queue, in claim order: priority, upstream first, deadline (none last), age.
create index concurrently backfill_jobs_claim on backfill_jobs (tenant_id, priority desc, execution_order, sla_deadline_at, created_at)
  where state in ('pending', 'resuming');
