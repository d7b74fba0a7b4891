-- A SQL handler calls one of these to end its attempt: servo_fail fails the partition permanently,
-- servo_retry asks for a later attempt.
create or replace function servo_fail(message text) returns void language plpgsql as $$
begin
  raise exception using errcode = 'SV065', message = coalesce(message, 'failed');
end $$;

create or replace function servo_retry(message text, after interval default '0') returns void language plpgsql as $$
begin
  raise exception using errcode = 'SV075', message = coalesce(message, 'later'),
    detail = round(extract(epoch from after) * 1000)::bigint::text;
end $$;

-- The advisory lock of the attempt with this token. The transaction that runs its SQL holds it, so
-- that its backend can be found: behind a pooler a client does not know its backend's pid.
create or replace function servo_attempt_lock(token uuid) returns bigint language sql immutable parallel safe as $$
  select hashtextextended('servo attempt ' || token, 0)
$$;

create or replace function servo_attempt_backends(token uuid) returns setof integer language sql stable as $$
  select pid from pg_locks where locktype = 'advisory' and granted and objsubid = 1
    and database = (select oid from pg_database where datname = current_database())
    and (classid::bigint << 32 | objid::bigint) = servo_attempt_lock(token)
$$;

-- Runs a SQL handler and completes its partition in the same transaction, so that its effect
-- happens exactly once. The job's row is locked after the handler, so that a pause never waits for
-- it. If the lease was lost meanwhile, it raises SV410 and the effect is rolled back. If p_next is
-- given, claims one more partition under that token.
--
-- plpgsql's execute accepts an unused $1, several statements and DO blocks in one message, and
-- refuses COMMIT even inside DO.
--
-- The session is restored after the handler: temporary objects, settings, role, cursors, LISTEN,
-- and what a rollback does not undo (servo_release_session).
-- * Before the batch, so that its statements are not affected, and inside this transaction, because
--   a pooler sends a later message to another backend. DISCARD ALL, which also discards plans, took
--   three times as long as the whole attempt.
-- * Deferred constraints are checked first, because their triggers may change the session too.
-- * The block is a subtransaction, whose end also undoes SET TRANSACTION READ ONLY.
-- * RESET ALL removes settings that the session had before its first attempt. They are read once,
--   which takes a millisecond, kept in a setting of the session, and set again.
--
-- Unlike the functions that it calls, it has no search_path of its own: the handler's names are
-- resolved with the executor's.
create or replace function servo_run_sql_v1(
  p_tenant text, p_job uuid, p_owner text, p_asset text, p_id uuid, p_key text, p_start text, p_end text, p_attempt integer, p_token uuid,
  p_sql text, p_next uuid, p_lease_ms bigint, p_policy servo_policy_v1
) returns servo_reply_v1 language plpgsql as $$
declare
  v_reply servo_reply_v1;
  v_start timestamptz := clock_timestamp();
  v_client text[] := servo_client_settings();
  v_session text := current_setting('servo.session_settings', true);
begin
  if coalesce(v_session, '') = '' then
    v_session := servo_session_settings();
  end if;
  perform set_config('app.current_tenant', p_tenant, true), set_config('servo.tenant_id', p_tenant, true),
    set_config('servo.job_id', p_job::text, true), set_config('servo.asset', p_asset, true),
    set_config('servo.partition_key', p_key, true), set_config('servo.attempt', p_attempt::text, true),
    set_config('servo.idempotency_key', format('backfill:%s:%s', p_job, p_key), true),
    set_config('servo.partition_start', p_start, true), set_config('servo.partition_end', p_end, true),
    set_config('TimeZone', 'UTC', true);
  -- No need to wait: the lock only makes the backend visible.
  perform pg_try_advisory_xact_lock_shared(servo_attempt_lock(p_token));
  begin
    execute p_sql using p_key;
    set constraints all immediate;
    execute 'close all; reset session authorization; reset role; reset all; discard temp; unlisten *';
    -- Before any of our names is resolved.
    perform set_config('search_path', v_client[1], false), set_config('servo.session_settings', v_session, false);
    if v_session <> '{}' then
      perform set_config(key, value, false) from jsonb_each_text(v_session::jsonb);
    end if;
    if servo_client_settings() <> v_client then
      perform set_config('application_name', v_client[2], false), set_config('client_encoding', v_client[3], false),
        set_config('DateStyle', v_client[4], false), set_config('IntervalStyle', v_client[5], false),
        set_config('standard_conforming_strings', v_client[6], false), set_config('TimeZone', v_client[7], false),
        set_config('role', v_client[8], false);
    end if;
    perform servo_release_session();
  exception when others or query_canceled or assert_failure then
    begin
      perform servo_release_session();
    exception when query_canceled then -- A second cancel request: the attempt ends anyway.
      perform servo_release_session();
    end;
    raise;
  end;
  -- A handler may have run for an hour, so wait longer for an operator who locks the job's row.
  -- Behind a pooler row_security may be off for the role, but our policies must apply.
  perform set_config('lock_timeout', '60s', true), set_config('row_security', 'on', true);
  v_reply := servo_report_and_claim_v1(p_tenant, p_job, p_owner,
    array[row(p_id, p_attempt, p_token, 'completed', round(extract(epoch from clock_timestamp() - v_start) * 1000), 0, null, null, null)::servo_report_v1],
    array[p_token], case when p_next is null then '{}' else array[row(p_next, p_token)::servo_opening_v1] end, 1, p_lease_ms, p_policy);
  discard sequences; -- The values that the batch took for the journal.
  -- If another transaction completed the partition, this message is a late duplicate, which the
  -- batch accepts as a repeated report.
  if not exists (select from backfill_partitions where id = p_id and tenant_id || '' = p_tenant and state || '' = 'completed'
      and xmin = pg_current_xact_id()::xid) then
    raise exception using errcode = 'SV410', message = 'the lease was lost while the handler ran: its effect is rolled back';
  end if;
  return v_reply;
end $$;
