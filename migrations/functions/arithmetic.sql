-- Arithmetic on what other writers may have set to anything: a deadline of infinity, an average of 2^63, a counter of 2^31 - 1. None of
-- these ever raises: one such row must not keep an executor from the others. The same rules as source/database/queries/sql-time.ts.

-- Seconds between two times: infinite, or NaN between two infinities.
create or replace function servo_seconds_v1(earlier timestamptz, later timestamptz) returns double precision
  language sql stable as $$
  select (extract(epoch from later) - extract(epoch from earlier))::double precision
$$;

-- A time and so many milliseconds: infinite beyond 30,000 years.
create or replace function servo_time_after_v1(at timestamptz, milliseconds double precision) returns timestamptz
  language sql immutable as $$
  select case when milliseconds >= 1e15 then 'infinity' when milliseconds <= -1e15 then '-infinity' else at + milliseconds * interval '1 millisecond' end
$$;

-- The sum of two counters, at most what a counter can hold.
create or replace function servo_sum_v1(counter integer, more bigint) returns integer
  language sql immutable as $$
  -- LEAST and GREATEST leave a null out.
  select case when counter + more is not null then least(greatest(counter + more, -2147483648), 2147483647)::integer end
$$;
