-- Chooses the partitions that a batch claims, in their order; the second part of
-- servo_report_and_claim_v1, whose caller holds the job's row.
--   p_from     claims go above it: the checkpoint, after this batch's completions
--   p_idle     no lease is left on the job; p_serial: one partition at a time
--   pick       ids, at most p_queues × p_per_queue
--   checkpoint moved past what was adopted from another job (adopt.sql): so many partitions
--   missing    a sequential job waits for this key, which its writer has still to add
--   complete   all rows of a job that was being created are there
--   busy       keys were left out that still run in a cancelled job of the asset
--
-- Why it is written as it is:
-- * `id = any(array(select … limit n))`: a join to the limited select plans a sequential scan (115
--   against 1,016 batches/s).
-- * A variable as the bound, never coalesce() in the where clause: under row-level security only
--   leakproof conditions reach an index.
-- * Claims go above the checkpoint: under a held snapshot dead index entries below it would be read
--   again at each claim.
-- * A sequential job waits for a key that still runs in a cancelled job of its asset, and for its
--   turn behind it: past that key, a job recreated in the middle of a sequential backfill worked on
--   two days at once, and on the earlier one after all the others. Released keys are
--   claimed as before: a sequential job goes on past a partition in back-off.
create or replace function servo_pick_v1(p_tenant text, p_job uuid, p_owner text, p_asset uuid, p_descending boolean, p_made boolean,
  p_total integer, p_from varchar, p_idle boolean, p_serial boolean, p_queues integer, p_per_queue integer, p_max_attempts integer,
  p_stale_ms bigint, p_at timestamptz,
  out pick uuid[], out checkpoint varchar, out adopted integer, out missing varchar, out complete boolean, out busy boolean
) language plpgsql as $$
#variable_conflict use_column
declare
  v_busy text[];
  v_fresh uuid[];
  v_lost boolean;
begin
  checkpoint := p_from;
  adopted := 0;
  complete := false;

  -- Busy keys. An external writer's partitions count until its heartbeat is stale. Only the
  -- index backfill_jobs_needs_finalizing fits, which is mostly empty.
  if exists (select from backfill_jobs where tenant_id = p_tenant and needs_finalizing
      and asset_id || '' = p_asset::text and id <> p_job) then
    select array_agg(p.partition_key) into v_busy from backfill_jobs o join backfill_partitions p on p.backfill_job_id = o.id
      where o.tenant_id = p_tenant and o.needs_finalizing and o.asset_id || '' = p_asset::text and o.id <> p_job
        and p.state = 'running' and (p.lease_expires_at is not null or p.started_at > p_at - p_stale_ms * interval '1 millisecond');
  end if;
  busy := v_busy is not null;

  -- In back-off or released, and due. One that was lost goes alone: a partition that kills its
  -- executor must not take others along.
  if p_descending then
    select array_agg(id), bool_or(crash_count > 0) into pick, v_lost from (
      select id, crash_count from backfill_partitions
      where backfill_job_id = p_job and state = 'pending' and available_at is not null and available_at <= p_at
        and (v_busy is null or partition_key <> all (v_busy))
      order by available_at, partition_key desc limit p_queues * p_per_queue) d;
  else
    select array_agg(id), bool_or(crash_count > 0) into pick, v_lost from (
      select id, crash_count from backfill_partitions
      where backfill_job_id = p_job and state = 'pending' and available_at is not null and available_at <= p_at
        and (v_busy is null or partition_key <> all (v_busy))
      order by available_at, partition_key limit p_queues * p_per_queue) d;
  end if;
  pick := coalesce(pick, '{}');
  if v_lost then
    pick := pick[1:p_queues];
  end if;

  if cardinality(pick) < p_queues then
    -- Fresh ones, in key order.
    if p_descending then
      v_fresh := array(select id from backfill_partitions
        where backfill_job_id = p_job and state = 'pending' and available_at is null
          and (v_busy is null or partition_key <> all (v_busy))
        order by partition_key desc limit (p_queues - cardinality(pick)) * p_per_queue);
    else
      if p_from is not null then
        v_fresh := array(select id from backfill_partitions
          where backfill_job_id = p_job and state = 'pending' and available_at is null and partition_key > p_from
              and (v_busy is null or partition_key <> all (v_busy))
          order by partition_key limit (p_queues - cardinality(pick)) * p_per_queue);
      end if;
      if p_from is null or (cardinality(v_fresh) = 0 and p_idle) then
        v_fresh := array(select id from backfill_partitions
          where backfill_job_id = p_job and state = 'pending' and available_at is null
            and (v_busy is null or partition_key <> all (v_busy))
          order by partition_key limit (p_queues - cardinality(pick)) * p_per_queue);
      end if;
    end if;
    if busy and p_serial then
      v_fresh := array(select f.id from unnest(v_fresh) with ordinality f (id, n) join backfill_partitions p on p.id = f.id
        where not exists (select from unnest(v_busy) k join backfill_partitions b on b.backfill_job_id = p_job and b.partition_key = k
          where b.state || '' = 'pending' and b.available_at is null
            and case when p_descending then b.partition_key > p.partition_key else b.partition_key < p.partition_key end)
        order by f.n);
    end if;
    if not p_made and p_serial and cardinality(v_fresh) > 0 then
      -- A sequential job that is still being created: not past a key that is still to come.
      begin
        select case when p_descending then max(key) filter (where lacks) else min(key) filter (where lacks) end,
            count(*) >= greatest(p_total, 1) and not bool_or(lacks)
          into missing, complete from servo_job_keys_v1(p_tenant, p_job) key, lateral (
            select not exists (select from backfill_partitions where backfill_job_id = p_job and partition_key = key) as lacks) l;
      exception when data_exception then null; -- A range that is not one of times.
      end;
      v_fresh := array(select f.id from unnest(v_fresh) with ordinality f (id, n) join backfill_partitions p on p.id = f.id
        where case when missing is null then true when p_descending then p.partition_key > missing else p.partition_key < missing end
        order by f.n);
    end if;

    -- An external writer leaves partitions that it may retry as failed.
    if cardinality(pick) + cardinality(v_fresh) = 0 and p_idle then
      v_fresh := array(select id from backfill_partitions
        where backfill_job_id = p_job and state = 'failed' and available_at is null and attempt_count < p_max_attempts
          and (v_busy is null or partition_key <> all (v_busy))
        order by partition_key limit p_queues * p_per_queue);
    end if;
    pick := pick || v_fresh;

    -- Failed for good, and set to pending by hand: its failures are reset, as by a retry.
    if cardinality(pick) = 0 then
      v_fresh := array(select id from backfill_partitions
        where backfill_job_id = p_job and state = 'pending' and available_at = 'infinity'
          and (v_busy is null or partition_key <> all (v_busy))
        order by available_at, partition_key limit 500);
      if cardinality(v_fresh) > 0 then
        update backfill_partitions set available_at = p_at, failure_count = 0, crash_count = 0
          where id = any (v_fresh) and tenant_id || '' = p_tenant and state || '' = 'pending';
        pick := v_fresh[1 : p_queues * p_per_queue];
      end if;
    end if;
  end if;

  -- What ended before the look at busy keys is seen here as completed; what ends later was busy,
  -- and is not among these.
  if cardinality(pick) > 0 and exists (select from backfill_partitions
      where (case when follows_id is not null then backfill_job_id end) = p_job and follows_id is not null and state || '' = 'pending') then
    select a.rest, a.adopted, greatest(p_from, a.top) into pick, adopted, checkpoint from servo_adopt_v1(p_tenant, p_job, p_owner, pick) a;
  end if;
end $$;
