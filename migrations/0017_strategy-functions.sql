-- Reading execution_strategy, which other programs write too: what is not a whole number from 1 up
-- counts as its default. The same rules stand in source/domain/strategy.ts.
create or replace function servo_whole(value jsonb, fallback integer) returns integer
  language sql immutable parallel safe as $$
  select coalesce(case when jsonb_typeof(value) = 'number' and value::text ~ '^[1-9][0-9]{0,8}$' then value::text::integer end, fallback)
$$;

create or replace function servo_max_parallel(strategy jsonb) returns integer
  language sql immutable parallel safe as $$
  select case when strategy ->> 'type' = 'parallel' then servo_whole(strategy -> 'max_parallel', 1) else 1 end
$$;

-- The partition keys from first to last, both included, in UTC; `every` is hour, day, week or month. Raises on a
-- key that is not of that form. Order of text is order of time.
create or replace function servo_partition_keys(first text, last text, every text) returns setof text
  language sql stable as $$
  select to_char(t, case every when 'hour' then 'YYYY-MM-DD"T"HH24' when 'month' then 'YYYY-MM' else 'YYYY-MM-DD' end)
  from generate_series(
    (case every when 'hour' then first || ':00' when 'month' then first || '-01' else first end)::timestamp,
    (case every when 'hour' then last || ':00' when 'month' then last || '-01' else last end)::timestamp,
    ('1 ' || every)::interval) t
$$;

-- The granularity that a key is written in, or null.
create or replace function servo_key_granularity(key text) returns text
  language sql immutable as $$
  select case when key ~ '^\d{4}-\d\d$' then 'month' when key ~ '^\d{4}-\d\d-\d\d$' then 'day'
    when key ~ '^\d{4}-\d\d-\d\dT\d\d$' then 'hour' end
$$;
