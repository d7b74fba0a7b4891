-- no-transaction
-- Live jobs by their deadline: the few that can be at risk, among all that wait.
create index concurrently backfill_jobs_deadline on backfill_jobs (tenant_id, sla_deadline_at)
  where sla_deadline_at is not null and state in ('pending', 'waiting_upstream', 'running', 'paused', 'resuming');
-- Unfinished jobs with a deadline that may have an ETA, by state and deadline: all but those that
-- wait to be claimed and never ran, which are the many (at a million jobs at-risk reckoned the
-- ETA of 50,000, 315 ms). A step writes none of these columns.
create index concurrently backfill_jobs_moving_deadline on backfill_jobs (tenant_id, state, sla_deadline_at)
  where sla_deadline_at is not null and (state in ('waiting_upstream', 'running', 'paused', 'resuming') or state = 'pending' and started_at is not null);
