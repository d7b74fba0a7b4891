-- Enabled but not forced: the journal's trigger runs as the owner, and an on-call superuser's
-- emergency UPDATE must not fail on it.
alter table backfill_events enable row level security;
alter table backfill_samples enable row level security;
alter table backfill_attempt_logs enable row level security;
alter table backfill_executors enable row level security;

create policy tenant_isolation on backfill_events
  using (tenant_id = current_setting('app.current_tenant', true));
create policy tenant_isolation on backfill_samples
  using (tenant_id = current_setting('app.current_tenant', true));
create policy tenant_isolation on backfill_attempt_logs
  using (tenant_id = current_setting('app.current_tenant', true));
create policy tenant_isolation on backfill_executors
  using (current_setting('app.current_tenant', true) = any (tenants));
