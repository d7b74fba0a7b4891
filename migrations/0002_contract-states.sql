-- Widens the checks on `state` of an older base schema to the states of the contract. This is the
-- only change to an object of another program. Additional states stay allowed, and no check is
-- added where there was none. The new check is not valid at first, because validation under this
-- lock would block a live table; the next migration validates it.
do $$
declare
  c record;
begin
  for c in
    select k.conrelid::regclass as table_name, k.conname, array_agg(distinct word) as allowed, s.states
    from (values
        ('backfill_jobs'::regclass, '{pending,waiting_upstream,running,paused,resuming,completed,failed,cancelled}'::text[]),
        ('backfill_partitions'::regclass, '{pending,running,completed,failed,skipped}'::text[])) s (table_id, states)
      join pg_attribute a on a.attrelid = s.table_id and a.attname = 'state'
      join pg_constraint k on k.conrelid = s.table_id and k.contype = 'c' and k.conkey = array[a.attnum],
      -- Postgres prints either a list, ARRAY['one', 'other'], or a literal, '{one,other}'.
      regexp_matches(pg_get_constraintdef(k.oid), '''([^'']+)''', 'g') m,
      unnest(string_to_array(translate(m[1], '{}"', ''), ',')) word
    where pg_get_constraintdef(k.oid) ~ '= ANY \(' and pg_get_constraintdef(k.oid) !~ ' (AND|OR) '
    group by k.oid, k.conrelid, k.conname, s.states
  loop
    continue when c.allowed @> c.states;
    execute format('alter table %s drop constraint %I', c.table_name, c.conname);
    execute format('alter table %s add constraint %I check (state in (%s)) not valid',
      c.table_name, c.conname, (select string_agg(distinct quote_literal(s), ', ') from unnest(c.allowed || c.states) s));
  end loop;
end $$;
