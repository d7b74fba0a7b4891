-- births_agreement, one day that both series have: do they agree?
--
-- A check as a backfill. A day on which they differ by more than 3 % fails without a retry, since
-- another attempt would find the same figures. The message, shown in the list of failed partitions,
-- says what was found and what was allowed.
--
-- Twelve days fail and stay visible as failed partitions, so the job ends `failed`. All other days
-- have completed.

select demo_pace();

select servo_fail(format('%s has no figure for %s', case when ssa.births is null then 'SSA' else 'CDC' end, $1))
from (values ($1::date)) asked (day)
left join births_ssa ssa using (day)
left join births_cdc cdc using (day)
where ssa.births is null or cdc.births is null;

select servo_fail(format('SSA counts %s births, CDC %s: they differ by %s %%, the limit is 3 %%',
  to_char(ssa.births, 'FM999,999'), to_char(cdc.births, 'FM999,999'),
  round(100.0 * abs(ssa.births - cdc.births) / cdc.births, 2)))
from births_ssa ssa join births_cdc cdc using (day)
where day = $1::date
  and abs(ssa.births - cdc.births) > 0.03 * cdc.births;

insert into births_agreement (day, ssa, cdc, difference)
select day, ssa.births, cdc.births, abs(ssa.births - cdc.births)::numeric / cdc.births
from births_ssa ssa join births_cdc cdc using (day)
where day = $1::date
on conflict (day) do update set ssa = excluded.ssa, cdc = excluded.cdc, difference = excluded.difference;
