-- births_daily, one day: the births of the day from two official series, that of the Social Security
-- Administration where it has one, else that of the CDC.
--
-- What every handler written in SQL can build on:
--
--  * $1 is the partition's key, as text. Here a day: '2000-12-02'.
--    More is in settings: current_setting('servo.asset'), servo.job_id, servo.attempt, servo.tenant_id …
--  * All statements of the file, and the completion of the partition, are one transaction. A day is never
--    written without being counted, nor counted without being written, whatever dies in the middle.
--  * An error undoes everything and the partition is tried again later, with growing pauses, three times in all.
--    servo_fail('why') fails it for good at once: for what trying again cannot mend.

select demo_pace(); -- Before anything is written, so that no row stays locked meanwhile. Your handlers need none.

select servo_fail(format('neither SSA nor CDC has a figure for %s', $1))
where not exists (select from births_ssa where day = $1::date)
  and not exists (select from births_cdc where day = $1::date);

-- An upsert, because a day can be backfilled again: when a source was corrected, or a job was started twice.
-- Running it once more leaves what running it once leaves. A plain INSERT would fail the second time, and
-- "births = births + …" would count twice.
insert into births_daily (day, births, source)
select $1::date, coalesce(ssa.births, cdc.births), case when ssa.births is null then 'cdc' else 'ssa' end
from (values ($1::date)) asked (day)
left join births_ssa ssa using (day)
left join births_cdc cdc using (day)
on conflict (day) do update set births = excluded.births, source = excluded.source;
