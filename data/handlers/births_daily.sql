-- births_daily, one day: births from the series of the Social Security Administration, or from that
-- of the CDC if it has none.
--
-- What every SQL handler can rely on:
--
--  * $1 is the partition key as text. Here a day: '2000-12-02'. More is in settings:
--    current_setting('servo.asset'), servo.job_id, servo.attempt, servo.tenant_id …
--  * All statements of the file and the completion of the partition are one transaction: a day is
--    never written without being counted, nor counted without being written.
--  * An error rolls everything back and the partition is retried with back-off, up to three attempts.
--    servo_fail('reason') fails it without a retry.

select demo_pace(); -- Before any write, so that no row stays locked. Your handlers do not need it.

select servo_fail(format('neither SSA nor CDC has a figure for %s', $1))
where not exists (select from births_ssa where day = $1::date)
  and not exists (select from births_cdc where day = $1::date);

-- An upsert, because a day can be backfilled again, for example after a correction of a source. A
-- plain INSERT would fail the second time, and "births = births + …" would count twice.
insert into births_daily (day, births, source)
select $1::date, coalesce(ssa.births, cdc.births), case when ssa.births is null then 'cdc' else 'ssa' end
from (values ($1::date)) asked (day)
left join births_ssa ssa using (day)
left join births_cdc cdc using (day)
on conflict (day) do update set births = excluded.births, source = excluded.source;
