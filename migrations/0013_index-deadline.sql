-- no-transaction
-- Unfinished jobs by deadline: only these can be at risk.
create index concurrently backfill_jobs_deadline on backfill_jobs (tenant_id, sla_deadline_at)
  where sla_deadline_at is not null and state in ('pending', 'waiting_upstream', 'running', 'paused', 'resuming');
-- Unfinished jobs with a deadline that may have an ETA. It leaves out jobs that were never claimed,
-- which are the majority: with a million jobs, at-risk computed 50,000 ETAs in 315 ms. No batch
-- writes these columns.
create index concurrently backfill_jobs_moving_deadline on backfill_jobs (tenant_id, state, sla_deadline_at)
  where sla_deadline_at is not null and (state in ('waiting_upstream', 'running', 'paused', 'resuming') or state = 'pending' and started_at is not null);
