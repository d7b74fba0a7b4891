-- Reads execution_strategy, which external writers write too: a value that is not an integer of at
-- least 1 counts as its default. The same rules as in source/domain/job/strategy.ts.
create or replace function servo_integer(value jsonb, fallback integer) returns integer
  language sql immutable parallel safe as $$
  select coalesce(case when jsonb_typeof(value) = 'number' and value::text ~ '^[1-9][0-9]{0,8}(\.0+)?$' then value::text::numeric::integer end, fallback)
$$;

create or replace function servo_max_parallel(strategy jsonb) returns integer
  language sql immutable parallel safe as $$
  select case when strategy ->> 'type' = 'parallel' then servo_integer(strategy -> 'max_parallel', 1) else 1 end
$$;

-- The start of a key's partition in UTC. Raises an error of class 22 unless the key is an hour
-- (2024-01-31T05), day (2024-01-31), week (its Monday) or month (2024-01). A cast alone would also
-- accept "tomorrow".
create or replace function servo_key_start(key text, every text) returns timestamp language plpgsql stable as $$
declare
  t timestamp;
begin
  if coalesce(key !~ case every when 'hour' then '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])$'
      when 'month' then '^[0-9]{4}-[0-9]{2}$' when 'day' then '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'
      when 'week' then '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' end, true) then
    raise exception using errcode = 'invalid_datetime_format', message = format('%L is not the key of a partition by %s', key, every);
  end if;
  t := key || case every when 'hour' then ':00' when 'month' then '-01' else '' end;
  if every = 'week' and extract(isodow from t) <> 1 then
    raise exception using errcode = 'invalid_datetime_format', message = format('%L is not a Monday', key);
  end if;
  return t;
end $$;

-- The partition keys from first to last, inclusive; `every` is hour, day, week or month. Sorted as
-- text they are in order of time. Raises as servo_key_start. The same keys as in
-- source/domain/partition/key.ts.
create or replace function servo_partition_keys(first text, last text, every text) returns setof text
  language sql stable as $$
  select to_char(t, case every when 'hour' then 'YYYY-MM-DD"T"HH24' when 'month' then 'YYYY-MM' else 'YYYY-MM-DD' end)
  from generate_series(servo_key_start(first, every), servo_key_start(last, every), ('1 ' || every)::interval) t
$$;

-- The granularity of an asset's partition_config, else that of the key's format, else null. The key
-- of a week has the format of a day. The same words as in source/domain/start/asset.ts.
create or replace function servo_granularity(partition_config jsonb, key text) returns text
  language sql immutable as $$
  select case lower(partition_config #>> '{partition_type,Time,granularity}')
    when 'hour' then 'hour' when 'hourly' then 'hour' when 'day' then 'day' when 'daily' then 'day'
    when 'week' then 'week' when 'weekly' then 'week' when 'month' then 'month' when 'monthly' then 'month'
    else case when key ~ '^[0-9]{4}-[0-9]{2}$' then 'month' when key ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then 'day'
      when key ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}$' then 'hour' end end
$$;
