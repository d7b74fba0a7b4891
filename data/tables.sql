-- The two published series, and the results of the demonstration's backfills.

create table births_cdc (day date primary key, births integer not null);
create table births_ssa (day date primary key, births integer not null);

create table births_daily (
  day date primary key,
  births integer not null,
  source text not null check (source in ('ssa', 'cdc'))
);

create table births_agreement (
  day date primary key,
  ssa integer not null,
  cdc integer not null,
  difference numeric not null
);

create table births_monthly (
  month text primary key,
  days integer not null,
  births integer not null
);

-- Slows the demonstration down at a terminal, so that it can be watched.
create function demo_pace() returns void language sql as $$
  select pg_sleep(coalesce(nullif(current_setting('demo.pace_seconds', true), ''), '0')::double precision)
$$;

-- The handlers run as servo_app: they read the sources and write the results.
grant select on births_cdc, births_ssa to servo_app;
grant select, insert, update on births_daily, births_agreement, births_monthly to servo_app;
