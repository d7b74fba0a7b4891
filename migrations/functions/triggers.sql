-- Completes what external writers and operators leave unset, on the same row only: a trigger that
-- touched another table would break the runbooks' emergency SQL under row-level security. None of
-- these ever raises an error; the triggers that refuse another tenant's rows are in isolation.sql.

-- Any heartbeat set more than 60 s into the past is an order to reclaim (runbook: "Force reclaim",
-- "Bulk Recovery"): leases taken until now are revoked.
create or replace function servo_revoke_leases() returns trigger language plpgsql as $$
begin
  new.leases_revoked_at := clock_timestamp();
  return new;
end $$;
create or replace trigger servo_revoke_leases before update of heartbeat_at on backfill_jobs for each row
  when (new.heartbeat_at is distinct from old.heartbeat_at and new.heartbeat_at < clock_timestamp() - interval '60 seconds')
  execute function servo_revoke_leases();

-- A new version on a running job of ours comes from an operator who edits it as the runbooks do:
-- the claim stays ours, and the edit takes effect with the next batch. The exception is a claim by
-- an external writer, which claims a running job only if its heartbeat is stale, and sets that to
-- now.
create or replace function servo_guard_claim() returns trigger language plpgsql as $$
begin
  new.claimed_version := new.version;
  return new;
end $$;
create or replace trigger servo_guard_claim before update of version on backfill_jobs for each row
  when (new.version is distinct from old.version and old.claimed_version = old.version and new.claimed_version = old.claimed_version
    and old.state = 'running' and new.state = 'running'
    and not (coalesce(old.heartbeat_at < clock_timestamp() - interval '120 seconds', true)
      and coalesce(new.heartbeat_at > clock_timestamp() - interval '60 seconds', false)
      and new.heartbeat_at is distinct from old.heartbeat_at))
  execute function servo_guard_claim();

-- A job that ends has the time of its end. One that is revived by hand has partitions that were
-- skipped with it. `paused` or `resuming` to `running` with the heartbeat unmoved is an operator's
-- too: every claim moves it.
create or replace function servo_guard_state() returns trigger language plpgsql as $$
begin
  if new.version is not distinct from old.version then
    new.version := old.version + 1;
  end if;
  if new.state = 'cancelled' or (new.state = 'failed' and old.state <> 'running') then
    new.needs_finalizing := true;
  end if;
  if new.state in ('completed', 'failed', 'cancelled') then
    new.completed_at := coalesce(new.completed_at, clock_timestamp());
  elsif old.state in ('completed', 'failed', 'cancelled') then
    new.needs_finalizing := true;
  elsif old.state in ('paused', 'resuming') and new.state = 'running' and new.claimed_version = old.claimed_version
      and new.heartbeat_at is not distinct from old.heartbeat_at then
    new.claimed_version := new.version;
  end if;
  return new;
end $$;
create or replace trigger servo_guard_state before update of state on backfill_jobs for each row
  when (old.state is distinct from new.state) execute function servo_guard_state();

-- Writes every job transition to the journal and notifies the listeners. Runs as the owner of the
-- journal, since external writers have no rights on it. Sets the row's tenant and restores the
-- caller's; a SET clause of the function would need a superuser.
--
-- Never fails an update: losing an event is bad, losing the emergency pause is worse. So it does
-- not wait for a locked journal either, and the notification does not depend on the journal.
--
-- NOTIFY ignores row-level security, so its payload is a hash of the tenant and nothing else.
create or replace function servo_journal() returns trigger language plpgsql security definer set lock_timeout = '1s' as $$
declare
  v_tenant text := current_setting('app.current_tenant', true);
begin
  perform pg_notify('servo', left(md5(new.tenant_id::text), 8));
  begin
    perform set_config('app.current_tenant', new.tenant_id::text, true);
    insert into backfill_events (tenant_id, job_id, kind, from_state, to_state, actor, reason)
      values (new.tenant_id, new.id, 'state', case when tg_op = 'UPDATE' then old.state end, new.state,
        coalesce(nullif(current_setting('servo.actor', true), ''),
          case when tg_op = 'INSERT' then new.created_by end,
          session_user::text || coalesce(' (' || nullif(current_setting('application_name', true), '') || ')', '')),
        nullif(current_setting('servo.reason', true), ''));
    perform set_config('app.current_tenant', coalesce(v_tenant, ''), true);
  exception when others then -- The tenant is as before: what a block has set goes when it fails.
    raise warning 'servo: the journal missed a change of job %: %', new.id, sqlerrm;
  end;
  return null;
end $$;

-- The role that was logged in, whatever an actor calls itself. In a function with its owner's
-- rights it is the caller's still.
create or replace function servo_stamp_login() returns trigger language plpgsql as $$
begin
  new.login := session_user;
  return new;
end $$;
create or replace trigger servo_stamp_login before insert on backfill_events for each row execute function servo_stamp_login();

-- A partition that was set by hand is in the journal: what neither an executor, ours or another,
-- nor an action of ours does. Not what a superuser sets, who could leave no trace anyway.
create or replace function servo_journal_edit() returns trigger language plpgsql security definer set lock_timeout = '1s' as $$
declare
  v_tenant text := current_setting('app.current_tenant', true);
begin
  if (select rolsuper from pg_roles where rolname = session_user) then
    return null;
  end if;
  begin
    perform set_config('app.current_tenant', new.tenant_id::text, true);
    insert into backfill_events (tenant_id, job_id, partition_key, kind, actor, reason)
      values (new.tenant_id, new.backfill_job_id, new.partition_key, 'edited',
        session_user::text || coalesce(' (' || nullif(current_setting('application_name', true), '') || ')', ''),
        format('%s → %s by hand', old.state, new.state));
    perform set_config('app.current_tenant', coalesce(v_tenant, ''), true);
  exception when others then
    raise warning 'servo: the journal missed a change of partition %: %', new.id, sqlerrm;
  end;
  return null;
end $$;
create or replace trigger servo_journal_edit after update of state on backfill_partitions for each row
  when (old.state is distinct from new.state and new.state <> 'running'
    and (old.state <> 'running' or new.state in ('pending', 'skipped'))
    and coalesce(current_setting('servo.actor', true), '') = '')
  execute function servo_journal_edit();

-- Not granted to public: a caller could attach one to a table of their own, and write the
-- journal of any tenant.
revoke all on function servo_journal() from public;
revoke all on function servo_journal_edit() from public;

create or replace trigger servo_journal_insert after insert on backfill_jobs for each row execute function servo_journal();
create or replace trigger servo_journal_update after update of state on backfill_jobs for each row
  when (old.state is distinct from new.state) execute function servo_journal();
