-- no-transaction
-- Everything alive, for executors (running) and for the job table.
create index concurrently if not exists backfill_jobs_active
  on backfill_jobs (tenant_id, state, created_at desc)
  where state in ('pending', 'waiting_upstream', 'running', 'paused', 'resuming');
