-- An older base knows fewer states: its two checks are widened to the contract's, the only change
-- to a base object there is. What such a check allows beyond ours is kept. Not valid at first, so
-- that a live table is not locked while it is read; the old check held for every row it has.
do $$
declare
  c record;
  allowed text[];
begin
  for c in select * from (values
      ('backfill_jobs', 'valid_backfill_state',
        '{pending,waiting_upstream,running,paused,resuming,completed,failed,cancelled}'::text[]),
      ('backfill_partitions', 'valid_partition_state',
        '{pending,running,completed,failed,skipped}'::text[])) t (table_name, constraint_name, states)
  loop
    select array_agg(distinct m[1]) into allowed
      from pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid), '''([^'']+)''', 'g') m
      where k.conrelid = c.table_name::regclass and k.conname = c.constraint_name;
    continue when allowed @> c.states;
    execute format('alter table %I drop constraint if exists %I', c.table_name, c.constraint_name);
    execute format('alter table %I add constraint %I check (state = any (%L::text[])) not valid',
      c.table_name, c.constraint_name,
      (select array_agg(distinct s) from unnest(coalesce(allowed, '{}') || c.states) s));
    execute format('alter table %I validate constraint %I', c.table_name, c.constraint_name);
  end loop;
  -- Added only where no row breaks it: a base writer must be able to go on with the rows it has.
  if not exists (select from pg_constraint where conrelid = 'backfill_jobs'::regclass
        and contype = 'c' and pg_get_constraintdef(oid) like '%completed_upstream_jobs%')
      and not exists (select from backfill_jobs
        where completed_upstream_jobs < 0 or completed_upstream_jobs > upstream_job_count) then
    alter table backfill_jobs add constraint valid_upstream_counts
      check (0 <= completed_upstream_jobs and completed_upstream_jobs <= upstream_job_count) not valid;
    alter table backfill_jobs validate constraint valid_upstream_counts;
  end if;
end $$;
