-- Triggers that complete what external writers and operators leave unset. They change only the same
-- row: a write to another table would break the runbooks' emergency SQL under row-level security.
-- None raises an error; the triggers that refuse rows of another tenant are in isolation.sql.

-- Setting a heartbeat more than 60 s into the past orders a reclaim (runbook: "Force reclaim",
-- "Bulk Recovery"): leases taken until now are revoked.
create or replace function servo_revoke_leases() returns trigger language plpgsql as $$
begin
  new.leases_revoked_at := clock_timestamp();
  return new;
end $$;
create or replace trigger servo_revoke_leases before update of heartbeat_at on backfill_jobs for each row
  when (new.heartbeat_at is distinct from old.heartbeat_at and new.heartbeat_at < clock_timestamp() - interval '60 seconds')
  execute function servo_revoke_leases();

-- If an operator raises the version of a running job of ours, as the runbooks do, the claim stays
-- ours, and the edit takes effect with the next batch. The exception is a claim by an external
-- writer: its heartbeat was stale and is set to now.
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

-- Sets completed_at when a job ends, and needs_finalizing when it ends with unfinished partitions
-- or is set back to work by hand. `paused` or `resuming` to `running` with an unchanged heartbeat
-- is an operator's edit, because every claim writes the heartbeat: the claim stays ours.
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

-- Writes each job transition to the journal and notifies the listeners. Runs as the owner of the
-- journal, because external writers have no rights on it. Sets the row's tenant and restores the
-- caller's; a SET clause of the function would need a superuser.
--
-- Never fails an update: a lost event is bad, a lost emergency pause is worse. For the same reason
-- it waits at most 1 s for a locked journal, and notifies before it writes.
--
-- NOTIFY ignores row-level security, so its payload is only a hash of the tenant.
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
  exception when others then -- The failed block's setting of the tenant is rolled back.
    raise warning 'servo: the journal missed a change of job %: %', new.id, sqlerrm;
  end;
  return null;
end $$;

-- Records the session's role, whatever the actor is. It is the caller's also inside a
-- security-definer function.
create or replace function servo_stamp_login() returns trigger language plpgsql as $$
begin
  new.login := session_user;
  return new;
end $$;
create or replace trigger servo_stamp_login before insert on backfill_events for each row execute function servo_stamp_login();

-- Journals changes of a partition's state by hand: those that neither an executor, an external
-- writer nor one of our actions makes. A superuser's are left out, who can avoid every trace
-- anyway.
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

-- Not granted to public: a user could attach them to a table of their own and write the journal of
-- any tenant.
revoke all on function servo_journal() from public;
revoke all on function servo_journal_edit() from public;

create or replace trigger servo_journal_insert after insert on backfill_jobs for each row execute function servo_journal();
create or replace trigger servo_journal_update after update of state on backfill_jobs for each row
  when (old.state is distinct from new.state) execute function servo_journal();
