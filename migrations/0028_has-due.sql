-- Whether a job has a partition that may be claimed now: a fresh one, or one handed back that is due. Planned by the two indexes
-- that were made for it: without statistics another one looks as good, and leads through all that is completed (110,000 rows
-- of 200,000 for one look at the queue). The tenant must be set.
create function servo_has_due_v1(p_job uuid) returns boolean language plpgsql stable
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_sort = off set enable_bitmapscan = off as $$
begin
  perform from backfill_partitions
    where backfill_job_id = p_job and state = 'pending' and available_at is null order by partition_key limit 1;
  if not found then
    perform from backfill_partitions
      where backfill_job_id = p_job and state = 'pending' and available_at is not null and available_at <= clock_timestamp()
      order by available_at limit 1;
  end if;
  return found;
end $$;
