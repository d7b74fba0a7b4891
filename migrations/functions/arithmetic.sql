-- Arithmetic on columns that external writers may have set to any value (infinity, 2^63). None of
-- these functions raises an error, so one such row cannot stop an executor. The same rules as in
-- source/database/queries/sql-time.ts.

-- Seconds between two times: infinite if one of them is, NaN if both are.
create or replace function servo_seconds_v1(earlier timestamptz, later timestamptz) returns double precision
  language sql stable as $$
  select (extract(epoch from later) - extract(epoch from earlier))::double precision
$$;

-- A time plus milliseconds: infinite beyond 30,000 years.
create or replace function servo_time_after_v1(at timestamptz, milliseconds double precision) returns timestamptz
  language sql immutable as $$
  select case when milliseconds >= 1e15 then 'infinity' when milliseconds <= -1e15 then '-infinity' else at + milliseconds * interval '1 millisecond' end
$$;

-- The sum of two counters, limited to the range of integer.
create or replace function servo_sum_v1(counter integer, more bigint) returns integer
  language sql immutable as $$
  -- LEAST and GREATEST ignore a null.
  select case when counter + more is not null then least(greatest(counter + more, -2147483648), 2147483647)::integer end
$$;
