-- Saves and cleans up session state, so that one SQL handler cannot affect the next one in the same
-- session. Called by servo_run_sql_v1.

-- Settings that a pooler tracks for each client and expects to find unchanged; search_path first.
create or replace function servo_client_settings() returns text[] language sql stable as $$
  select array[current_setting('search_path'), current_setting('application_name'),
    current_setting('client_encoding'), current_setting('DateStyle'), current_setting('IntervalStyle'),
    current_setting('standard_conforming_strings'), current_setting('TimeZone'), current_setting('role')]
$$;

-- The other settings made with SET in this session, mostly by a pooler's connect_query: a JSON
-- object of names and values.
create or replace function servo_session_settings() returns text language sql stable as $$
  select coalesce(jsonb_object_agg(name, setting), '{}')::text from pg_settings
  where source = 'session' and name not in ('search_path', 'application_name', 'client_encoding',
    'DateStyle', 'IntervalStyle', 'standard_conforming_strings', 'TimeZone')
    -- Settings that we made for this message only, behind a pooler.
    and name <> all (string_to_array(coalesce(current_setting('servo.message_settings', true), ''), ','))
$$;

-- Releases session state that a rollback does not undo: session advisory locks, sequence values,
-- prepared statements, the seed of random(), dblink connections. Keeps protocol-level prepared
-- statements (from_sql = false), because a pooler owns them.
create or replace function servo_release_session() returns void language plpgsql as $$
declare
  v_statements text;
  v_dblink text;
begin
  perform pg_advisory_unlock_all(), setseed(hashtext(gen_random_uuid()::text) / 2147483648.0);
  discard sequences;
  select string_agg(format('deallocate %I', name), '; ') into v_statements
    from pg_prepared_statements where from_sql;
  if v_statements is not null then
    execute v_statements;
  end if;
  select quote_ident(nspname) into v_dblink
    from pg_extension e join pg_namespace n on n.oid = extnamespace where extname = 'dblink';
  if found then
    begin
      execute format('select %1$s.dblink_disconnect(n) from unnest(%1$s.dblink_get_connections()) n', v_dblink);
      execute format('select %s.dblink_disconnect()', v_dblink);
    exception
      when connection_does_not_exist then null; -- No unnamed connection; dblink cannot tell.
      when insufficient_privilege then null; -- Without the right, no dblink was used.
    end;
  end if;
end $$;
