-- What keeps a handler written in SQL from what the one before it has left in the session: see
-- servo_run_sql_v1.

-- The settings that a pooler makes for the client whose turn it is, and expects to find as it made
-- them; the search_path first.
create or replace function servo_client_settings() returns text[] language sql stable as $$
  select array[current_setting('search_path'), current_setting('application_name'),
    current_setting('client_encoding'), current_setting('DateStyle'), current_setting('IntervalStyle'),
    current_setting('standard_conforming_strings'), current_setting('TimeZone'), current_setting('role')]
$$;

-- The other settings that a session has by SET, from a pooler's connect_query mostly: a JSON
-- object, name to value.
create or replace function servo_session_settings() returns text language sql stable as $$
  select coalesce(jsonb_object_agg(name, setting), '{}')::text from pg_settings
  where source = 'session' and name not in ('search_path', 'application_name', 'client_encoding',
    'DateStyle', 'IntervalStyle', 'standard_conforming_strings', 'TimeZone')
    -- Made for this message alone, behind a pooler.
    and name <> all (string_to_array(coalesce(current_setting('servo.message_settings', true), ''), ','))
$$;

-- Gives up what belongs to a session and not to its transactions, so that it outlives even a
-- rollback: session advisory locks, the values of sequences, prepared statements, the seed of
-- random(), connections of dblink. Prepared statements of the protocol (from_sql = false) are a
-- pooler's, which relies on them.
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
      when connection_does_not_exist then null; -- None without a name, and no way to ask.
      when insufficient_privilege then null; -- Who may not use dblink has not used it.
    end;
  end if;
end $$;
