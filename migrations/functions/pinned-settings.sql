-- Sets search_path on our functions, so that they do not depend on the caller's session. migrate
-- calls it after it applied functions, because `create or replace` removes such settings; a clause
-- in each file would need the schema's name.
--
-- Left out are functions that Postgres inlines, which a setting prevents, and servo_run_sql_v1, in
-- which handlers run.
create or replace function servo_pin_settings() returns void language plpgsql as $$
declare
  f record;
begin
  for f in
    select p.oid::regprocedure as name, s.name as setting, s.value
    from pg_proc p join pg_language l on l.oid = p.prolang, (values
        -- pg_temp last: if it is not named, temporary objects are found first.
        ('search_path', format('%I, pg_temp', current_schema()))
      ) s (name, value)
    where p.pronamespace = quote_ident(current_schema())::regnamespace and starts_with(p.proname, 'servo_')
      and p.proname <> 'servo_run_sql_v1' and (l.lanname <> 'sql' or p.provolatile = 'v' or p.prosecdef)
  loop
    execute format('alter function %s set %s = %s', f.name, f.setting, f.value);
  end loop;
end $$;
revoke all on function servo_pin_settings() from public;
