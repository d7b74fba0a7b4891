-- births_monthly, one month ('2000-12'): the sum of its days in births_daily.
--
-- It reads the results of another backfill. A month with missing days is early, not wrong:
-- servo_retry('reason', interval) snoozes the partition and counts no failure.

select demo_pace();

select servo_retry(format('%s of the %s days of %s are available', count(d.day), count(*), $1), interval '10 seconds')
from generate_series(($1 || '-01')::date, ($1 || '-01')::date + interval '1 month' - interval '1 day', interval '1 day') month (day)
left join births_daily d on d.day = month.day::date
having count(d.day) < count(*);

-- The sum is computed from scratch, never added to: it is right after any number of runs.
insert into births_monthly (month, days, births)
select $1, count(*), sum(births)
from births_daily
where day >= ($1 || '-01')::date and day < ($1 || '-01')::date + interval '1 month'
on conflict (month) do update set days = excluded.days, births = excluded.births;
