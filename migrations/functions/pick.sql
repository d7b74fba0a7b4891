-- The second part of servo_report_and_claim_v1: chooses the partitions that the batch claims. The
-- caller holds the job's row.
--   p_from      the checkpoint after this batch's completions: claims start above it
--   p_idle      the job has no leases
--   p_serial    the job runs one partition at a time
--   pick        ids in claim order, at most p_queues × p_per_queue
--   checkpoint  p_from, or the highest key adopted from another job (adopt.sql)
--   adopted     how many partitions were adopted
--   missing     the key that a sequential job waits for, because its writer has not added it yet
--   complete    all rows of a job that was being created exist
--   busy        keys were left out because they still run in a cancelled job of the asset
--
-- Reasons for the form of the statements:
-- * `id = any(array(select … limit n))`: a join with the limited select plans a sequential scan
--   (115 instead of 1,016 batches/s).
-- * Bounds are variables, never coalesce() in the where clause: under row-level security only
--   leakproof conditions reach an index.
-- * Claims start above the checkpoint: while a snapshot is held, each claim would read the dead
--   index entries below it again.
-- * A sequential job waits for a key that still runs in a cancelled job of its asset. Without this,
--   a job recreated in the middle of a sequential backfill ran two days at the same time, and the
--   earlier day last. It does not wait for partitions in back-off.
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

  -- Busy keys. An external writer's partitions count until they are stale. The conditions leave
  -- only the index backfill_jobs_needs_finalizing, which is mostly empty.
  if exists (select from backfill_jobs where tenant_id = p_tenant and needs_finalizing
      and asset_id || '' = p_asset::text and id <> p_job) then
    select array_agg(p.partition_key) into v_busy from backfill_jobs o join backfill_partitions p on p.backfill_job_id = o.id
      where o.tenant_id = p_tenant and o.needs_finalizing and o.asset_id || '' = p_asset::text and o.id <> p_job
        and p.state = 'running' and (p.lease_expires_at is not null or p.started_at > p_at - p_stale_ms * interval '1 millisecond');
  end if;
  busy := v_busy is not null;

  -- Due partitions: retried, released, snoozed or rescued. If one has lost a lease, each queue gets
  -- one partition: a partition that crashes its executor must not take others with it.
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
    if not p_made and p_serial then
      -- A sequential job that is still being created does not go past a missing key. Read before
      -- the partitions: a key that is added between the two is then only claimed later, while in
      -- the other order the partition after it would run first.
      begin
        select case when p_descending then max(key) filter (where lacks) else min(key) filter (where lacks) end,
            count(*) >= greatest(p_total, 1) and not bool_or(lacks)
          into missing, complete from servo_job_keys_v1(p_tenant, p_job) key, lateral (
            select not exists (select from backfill_partitions where backfill_job_id = p_job and partition_key = key) as lacks) l;
      exception when data_exception then null; -- Not a range of times.
      end;
    end if;
    -- Partitions that were never claimed, in key order.
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
    if cardinality(v_fresh) = 0 then
      missing := null;
    elsif missing is not null then
      v_fresh := array(select f.id from unnest(v_fresh) with ordinality f (id, n) join backfill_partitions p on p.id = f.id
        where case when p_descending then p.partition_key > missing else p.partition_key < missing end
        order by f.n);
    end if;

    -- External writers leave partitions in `failed` that may be retried.
    if cardinality(pick) + cardinality(v_fresh) = 0 and p_idle then
      v_fresh := array(select id from backfill_partitions
        where backfill_job_id = p_job and state = 'failed' and available_at is null and attempt_count < p_max_attempts
          and (v_busy is null or partition_key <> all (v_busy))
        order by partition_key limit p_queues * p_per_queue);
    end if;
    pick := pick || v_fresh;

    -- Failed permanently and set to pending by hand: reset the failures, as a retry does.
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

  -- An attempt that ended before the busy keys were read is seen as completed here; one that ends
  -- later was busy, so its key is not among the picked ones.
  if cardinality(pick) > 0 and exists (select from backfill_partitions
      where (case when follows_id is not null then backfill_job_id end) = p_job and follows_id is not null and state || '' = 'pending') then
    select a.rest, a.adopted, greatest(p_from, a.top) into pick, adopted, checkpoint from servo_adopt_v1(p_tenant, p_job, p_owner, pick) a;
  end if;
end $$;
