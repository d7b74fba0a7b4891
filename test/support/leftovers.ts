import type { ConnectionSettings } from '../../source/database/settings.ts';

/** Objects that `prints` and the leftovers need; created as superuser in the test database. */
export const prepareLeftovers = `
  create schema staging;
  create sequence counter;
  create table deferring (note text);
  create extension dblink;
  select setseed(0.5);
  create table seeded as select random() as first;
  grant select on seeded to public;
  create function leave_late() returns trigger language plpgsql as $$
  begin
    perform set_config('my.late', 'left', false), pg_advisory_lock(4711);
    execute 'prepare late as select 1';
    return null;
  end $$;
  create constraint trigger leave_late after insert on deferring deferrable initially deferred
    for each row execute function leave_late();
  create function last_value() returns bigint language plpgsql as $$
  begin return lastval(); exception when others then return null; end $$;
  create function unnamed_dblink() returns boolean language plpgsql as $$
  begin perform public.dblink_disconnect(); return true; exception when others then return false; end $$;
  -- Everything that one attempt can find of another in its session, by what it is.
  create function prints() returns jsonb language sql as $$
    select jsonb_build_object(
      'settings', (select jsonb_object_agg(name, setting) from pg_settings),
      'own settings', (select jsonb_object_agg(n, nullif(current_setting(n, true), ''))
        from unnest('{my.secret,my.late,app.current_tenant,servo.actor}'::text[]) n),
      'users', jsonb_build_array(current_user, session_user),
      'relations', (select jsonb_agg(relname) from pg_class where relnamespace = pg_my_temp_schema()),
      'functions', (select jsonb_agg(proname) from pg_proc where pronamespace = pg_my_temp_schema()),
      'types', (select jsonb_agg(typname) from pg_type where typnamespace = pg_my_temp_schema()),
      'prepared', (select jsonb_agg(name) from pg_prepared_statements where from_sql),
      'cursors', (select jsonb_agg(name) from pg_cursors where name <> ''),
      'listening', (select jsonb_agg(c) from pg_listening_channels() c),
      'locks', (select jsonb_agg(mode) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and objid in (4711, 4712)),
      'lastval', public.last_value(),
      'seeded', (select random() = first from public.seeded),
      'dblink', to_jsonb(public.dblink_get_connections()),
      'unnamed dblink', public.unnamed_dblink())
  $$`;

/** SQL of handlers that leave state in their session; they run as superuser. */
export function leftovers({ host, port, user, database }: ConnectionSettings) {
  const server = `host=${host} port=${port} user=${user} dbname=${database}`;
  return {
    'a setting of its own': `set my.secret = 'left'`,
    'a setting of its own, by function': `select set_config('my.secret', 'left', false)`,
    'a local setting': `set local my.secret = 'left'; set local statement_timeout = '5min'`,
    'the tenant': `set app.current_tenant = 'umbrella'; set servo.actor = 'umbrella'`,
    search_path: 'set search_path = staging, public',
    'a search_path without ours': 'set search_path = staging',
    'a search_path that hides the catalog': 'set search_path = staging, pg_catalog',
    'the time zone': `set time zone 'Asia/Tokyo'`,
    'formats of dates': `set datestyle = 'SQL, DMY'; set intervalstyle = 'iso_8601'`,
    'time-outs': `set statement_timeout = '5min'; set lock_timeout = '5min'; set idle_session_timeout = '5min'`,
    application_name: `set application_name = 'left'`,
    client_encoding: `set client_encoding = 'LATIN1'`,
    session_replication_role: 'set session_replication_role = replica',
    row_security: 'set row_security = off',
    'what is parsed how': 'set standard_conforming_strings = off; set array_nulls = off',
    'the planner': `set enable_indexscan = off; set work_mem = '64kB'`,
    'transactions that only read': 'set session characteristics as transaction read only',
    'a transaction that only reads': 'set transaction read only',
    'serializable transactions': 'set default_transaction_isolation = serializable',
    'a role': 'set role pg_monitor',
    'a local role': 'set local role pg_monitor',
    'a session authorization': 'set session authorization servo_app',
    'a temporary table': 'create temp table stage as select 1',
    'temporary tables with the names of ours': `create temp table backfill_jobs (like public.backfill_jobs);
      create temp table backfill_partitions (like public.backfill_partitions including all);
      create temp table assets (like public.assets)`,
    'a temporary table for a transaction': 'create temp table stage (a int) on commit delete rows',
    'a temporary view and a sequence': `create temp view seen as select 1; create temp sequence steps; select nextval('steps')`,
    'a temporary function and a type': `create function pg_temp.left() returns int language sql return 1; create type pg_temp.mood as enum ('sad')`,
    'a temporary table in use': `create temp table stage as select 1 as a;
      do $$ declare c refcursor := 'reading'; begin open c for select * from stage; end $$`,
    'a temporary table with deferred checks': `create temp table stage (a int unique deferrable initially deferred); insert into stage values (1), (2)`,
    'a cursor WITH HOLD': `do $$ begin execute 'declare held cursor with hold for select generate_series(1, 3)'; end $$`,
    'an open cursor': `do $$ declare c refcursor := 'open'; begin open c for select 1; end $$`,
    'a prepared statement': 'prepare left_plan as select 1; prepare "Odd name" as select 2',
    'a channel': 'listen left_channel',
    'a session lock': 'select pg_advisory_lock(4711), pg_advisory_lock(4711)',
    'a shared session lock': 'select pg_advisory_lock_shared(4712)',
    'the value of a sequence': `select nextval('public.counter')`,
    'a seed': 'select setseed(0.5)',
    'connections of dblink': `select public.dblink_connect('left', '${server}'), public.dblink_connect('left "2"', '${server}'), public.dblink_connect('${server}')`,
    'what a deferred trigger leaves': `insert into public.deferring values ('late')`,
  };
}
