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
create or replace function servo_run_sql_v1(
  p_tenant text, p_job uuid, p_owner text, p_asset text, p_id uuid, p_key text, p_attempt integer, p_token uuid, p_sql text,
  p_next uuid, p_lease_ms bigint
) returns table (job_state text, job_version integer, lanes integer, max_parallel integer, timeout_ms integer, average_ms bigint,
  accepted uuid[], ids uuid[], keys text[], attempts integer[], failures integer[], tokens uuid[], due_in_ms bigint)
  language plpgsql as $$
declare
  v_role text := current_setting('role');
  v_path text := current_setting('search_path');
  v_start timestamptz := clock_timestamp();
begin
  perform set_config('app.current_tenant', p_tenant, true), set_config('servo.tenant_id', p_tenant, true),
    set_config('servo.job_id', p_job::text, true), set_config('servo.asset', p_asset, true),
    set_config('servo.partition_key', p_key, true), set_config('servo.attempt', p_attempt::text, true),
    set_config('servo.idempotency_key', format('backfill:%s:%s', p_job, p_key), true);
  -- Not waited for: anybody may hold it, and it is only there to be found.
  perform pg_try_advisory_xact_lock_shared(servo_attempt_lock(p_token));
  execute p_sql using p_key;
  -- Whatever the handler set is not for what follows.
  perform set_config('role', v_role, true), set_config('search_path', v_path, true);
  -- A handler may have worked for an hour: it is worth waiting for an operator who holds the job's row.
  perform set_config('lock_timeout', '60s', true);
  select s.* into job_state, job_version, lanes, max_parallel, timeout_ms, average_ms, accepted, ids, keys, attempts, failures, tokens, due_in_ms
    from servo_step_v1(p_tenant, p_job, p_owner, array[p_id], array[p_attempt], array[p_token], array['completed'],
      array[round(extract(epoch from clock_timestamp() - v_start) * 1000)::bigint], array[0::bigint], array[null::text],
      array[p_token], case when p_next is null then '{}' else array[p_token] end, array_remove(array[p_next], null), 1, p_lease_ms) s;
  -- It must be this transaction that finished it. What the step accepts as a repetition was finished by an earlier one: this message
  -- is a late duplicate, from a connection given up long ago.
  if not exists (select from backfill_partitions where id = p_id and state = 'completed' and xmin = pg_current_xact_id()::xid) then
    raise exception using errcode = 'SV410', message = 'the lease was lost while the handler ran: its effect is rolled back';
  end if;
  return next;
end $$;
