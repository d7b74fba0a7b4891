-- no-transaction
-- Live jobs by their deadline: the few that can be at risk, among all that wait.
create index concurrently backfill_jobs_deadline on backfill_jobs (tenant_id, sla_deadline_at)
  where sla_deadline_at is not null and state in ('pending', 'waiting_upstream', 'running', 'paused', 'resuming');
