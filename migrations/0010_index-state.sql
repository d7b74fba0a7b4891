-- no-transaction
-- Jobs by state, newest first: for executors (running), and for the job table, which takes the first few of
-- each state. Not only the living: one failed job among a million completed ones must be found too.
create index concurrently backfill_jobs_state on backfill_jobs (tenant_id, state, created_at desc);
