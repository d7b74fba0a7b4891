-- Pins the settings that our functions rely on, whatever their caller's session has: called
-- whenever functions were applied, since `create or replace` takes such settings away. A clause in
-- each file would have to know the schema's name.
--
-- Not on what is inlined into its caller's statement, which a clause prevents; nor on
-- servo_run_sql_v1, in which handlers run.
create or replace function servo_pin_settings() returns void language plpgsql as $$
declare
  f record;
begin
  for f in
    select p.oid::regprocedure as name, s.name as setting, s.value
    from pg_proc p join pg_language l on l.oid = p.prolang, (values
        -- Temporary objects last: where pg_temp is not named, they come first.
        ('search_path', format('%I, pg_temp', current_schema()))
      ) s (name, value)
    where p.pronamespace = quote_ident(current_schema())::regnamespace and starts_with(p.proname, 'servo_')
      and p.proname <> 'servo_run_sql_v1' and (l.lanname <> 'sql' or p.provolatile = 'v' or p.prosecdef)
  loop
    execute format('alter function %s set %s = %s', f.name, f.setting, f.value);
  end loop;
end $$;
revoke all on function servo_pin_settings() from public;
