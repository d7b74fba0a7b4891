-- Validates the widened checks under a lock that allows reads and writes. A check that existing
-- rows violate stays not valid, as it was.
do $$
declare
  c record;
begin
  for c in
    select k.conrelid::regclass as table_name, k.conname
    from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
    where k.conrelid in ('backfill_jobs'::regclass, 'backfill_partitions'::regclass)
      and k.contype = 'c' and a.attname = 'state' and not k.convalidated
  loop
    begin
      execute format('alter table %s validate constraint %I', c.table_name, c.conname);
    exception when check_violation then null;
    end;
  end loop;
end $$;
