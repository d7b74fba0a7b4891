-- What a handler written in SQL may call to end its attempt otherwise than by success or by an error.
create or replace function servo_fail(message text) returns void language plpgsql as $$
begin
  raise exception using errcode = 'SV065', message = coalesce(message, 'failed');
end $$;

create or replace function servo_retry(message text, after interval default '0') returns void language plpgsql as $$
begin
  raise exception using errcode = 'SV075', message = coalesce(message, 'later'),
    detail = round(extract(epoch from after) * 1000)::bigint::text;
end $$;

-- The advisory lock of the attempt under this token, held by the transaction that runs its SQL: by it others find the backend
-- at work on it, and no other one. A client does not know its backend's pid where a pooler stands between them.
create or replace function servo_attempt_lock(token uuid) returns bigint language sql immutable parallel safe as $$
  select hashtextextended('servo attempt ' || token, 0)
$$;

create or replace function servo_attempt_backends(token uuid) returns setof integer language sql stable as $$
  select pid from pg_locks where locktype = 'advisory' and granted and objsubid = 1
    and database = (select oid from pg_database where datname = current_database())
    and (classid::bigint << 32 | objid::bigint) = servo_attempt_lock(token)
$$;

-- Runs a handler written in SQL and completes its partition in the same transaction: its effect is exactly-once. Only
-- then is the job's row locked, so that a pause never waits for a handler. An attempt that lost its lease meanwhile raises
-- SV410, and its effect is rolled back. The lane goes on with one more partition, if p_next is given.
--
-- plpgsql's execute takes an unused $1, several statements and DO blocks in one flight, and refuses COMMIT even inside DO.
--
-- The session is left as it was found, whatever the handler has made of it: temporary objects,
-- settings, a role, cursors, LISTEN; and what no rollback undoes, see servo_release_session.
-- * Before the step, whose own statements must not meet any of it. Inside this transaction: a pooler
--   sends a later message to another backend. DISCARD ALL, which discards plans as well, cost three
--   times the whole attempt.
-- * Deferred constraints are checked first: what their triggers leave is the handler's too.
-- * The block is a subtransaction, whose end also undoes SET TRANSACTION READ ONLY.
-- * RESET ALL takes away settings that the session had before its first attempt. They are looked up
--   once, which takes a millisecond, kept in the session, and made again.
--
-- It has no search_path of its own, unlike the functions that it calls: the handler's names are
-- looked up on the executor's.
create or replace function servo_run_sql_v1(
  p_tenant text, p_job uuid, p_owner text, p_asset text, p_id uuid, p_key text, p_start text, p_end text, p_attempt integer, p_token uuid,
  p_sql text, p_next uuid, p_lease_ms bigint, p_policy jsonb default '{}'
) returns table (job_state text, job_version integer, lanes integer, max_parallel integer, timeout_ms integer, average_ms bigint,
  accepted integer[], ids uuid[], keys text[], attempts integer[], failures integer[], tokens uuid[], due_in_ms bigint)
  language plpgsql as $$
declare
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
  -- Not waited for: anybody may hold it, and it is only there to be found.
  perform pg_try_advisory_xact_lock_shared(servo_attempt_lock(p_token));
  begin
    execute p_sql using p_key;
    set constraints all immediate;
    execute 'close all; reset session authorization; reset role; reset all; discard temp; unlisten *';
    -- Before any name of ours is looked up.
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
    exception when query_canceled then -- Asked once more to stop, which it is about to do.
      perform servo_release_session();
    end;
    raise;
  end;
  -- A handler may have worked for an hour: it is worth waiting for an operator who holds the job's row.
  -- Behind a pooler the session has what the role says, and our policies have to hold.
  perform set_config('lock_timeout', '60s', true), set_config('row_security', 'on', true);
  select s.* into job_state, job_version, lanes, max_parallel, timeout_ms, average_ms, accepted, ids, keys, attempts, failures, tokens, due_in_ms
    from servo_report_and_claim_v1(p_tenant, p_job, p_owner, array[p_id], array[p_attempt], array[p_token], array['completed'],
      array[round(extract(epoch from clock_timestamp() - v_start) * 1000)::bigint], array[0::bigint], array[null::text],
      array[p_token], case when p_next is null then '{}' else array[p_token] end, array_remove(array[p_next], null), 1, p_lease_ms, array[null::text], p_policy) s;
  discard sequences; -- The step's own, of the journal.
  -- It must be this transaction that finished it. What the step accepts as a repetition was finished by an earlier one: this message
  -- is a late duplicate, from a connection given up long ago.
  if not exists (select from backfill_partitions where id = p_id and tenant_id || '' = p_tenant and state || '' = 'completed'
      and xmin = pg_current_xact_id()::xid) then
    raise exception using errcode = 'SV410', message = 'the lease was lost while the handler ran: its effect is rolled back';
  end if;
  return next;
end $$;
