-- Every job transition, whoever makes it, is in the journal, and wakes who listens.
--
-- Measured: an invoker's trigger breaks base writers, which have no rights on our tables; a definer's
-- under a non-superuser owner breaks a superuser's UPDATE unless it sets the tenant itself. The
-- clause below gives the caller's tenant back. It never raises: losing a line of the journal is bad, losing the
-- emergency pause is worse.
--
-- NOTIFY ignores row-level security, so its payload is a hash of the tenant and nothing else.
create or replace function servo_journal() returns trigger language plpgsql
  security definer set search_path from current set app.current_tenant = '' as $$
begin
  perform set_config('app.current_tenant', new.tenant_id, true);
  insert into backfill_events (tenant_id, job_id, kind, from_state, to_state, actor, reason)
    values (new.tenant_id, new.id, 'state', case when tg_op = 'UPDATE' then old.state end, new.state,
      coalesce(nullif(current_setting('servo.actor', true), ''),
        case when tg_op = 'INSERT' then new.created_by end,
        session_user || coalesce(' (' || nullif(current_setting('application_name', true), '') || ')', '')),
      nullif(current_setting('servo.reason', true), ''));
  perform pg_notify('servo', left(md5(new.tenant_id), 8));
  return null;
exception when others then
  raise warning 'servo: the journal missed a change of job %: %', new.id, sqlerrm;
  return null;
end $$;

create trigger servo_journal_insert after insert on backfill_jobs for each row execute function servo_journal();
create trigger servo_journal_update after update of state on backfill_jobs for each row
  when (old.state is distinct from new.state) execute function servo_journal();
