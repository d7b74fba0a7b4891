-- Jobs with fewer partition rows than total_partitions. There are two causes. An external writer
-- inserts the rows one by one, and is still inserting or was interrupted. Or all rows existed
-- (partitions_made) and an operator deleted some, as the runbooks do to skip a poison partition.
-- Rows that the writer may still insert are not created here: its own insert would fail.

-- The keys that a job was created with: its list, else its range. Raises an error of class 22 if
-- the range is not one of times. The tenant must be set.
create or replace function servo_job_keys_v1(p_tenant text, p_job uuid) returns setof text language plpgsql stable as $$
#variable_conflict use_column
declare
  j record;
begin
  select partition_keys, partition_start, partition_end, asset_id into j from backfill_jobs where id = p_job and tenant_id = p_tenant;
  if jsonb_typeof(j.partition_keys) = 'array' and j.partition_keys <> '[]' then
    return query select distinct k from jsonb_array_elements_text(j.partition_keys) k where k is not null;
  elsif j.partition_start is not null and j.partition_end is not null then
    return query select servo_partition_keys(j.partition_start, j.partition_end,
      servo_granularity((select partition_config from assets where id = j.asset_id and (tenant_id = p_tenant or tenant_id is null)), j.partition_start));
  end if;
end $$;

-- Creates the missing rows of a job from its keys. Returns how many rows the job has afterwards.
create or replace function servo_make_partitions_v1(p_tenant text, p_job uuid) returns integer language plpgsql as $$
#variable_conflict use_column
declare
  v_rows integer;
begin
  begin
    insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key)
      select gen_random_uuid(), p_job, p_tenant, key from servo_job_keys_v1(p_tenant, p_job) key on conflict do nothing;
  exception when data_exception then null; -- Not a range of times: no rows are added.
  end;
  select count(*) into v_rows from backfill_partitions where backfill_job_id = p_job;
  return v_rows;
end $$;

-- Whether an open transaction has inserted partitions of the job: their foreign key then locks the
-- job's row. The caller holds the row `for no key update`, which does not conflict with that lock.
-- If not, the row is locked against such inserts until the transaction ends.
create or replace function servo_is_being_created_v1(p_tenant text, p_job uuid) returns boolean language plpgsql as $$
begin
  perform from backfill_jobs where id = p_job and tenant_id = p_tenant for update skip locked;
  return not found;
end $$;

-- The number of the job's partitions, to which no writer can add until the transaction ends; null
-- while an open transaction has added some. The count is a statement of its own, after the lock: an
-- earlier one may lack a row that was committed before the lock was taken.
create or replace function servo_count_rows_v1(p_tenant text, p_job uuid) returns integer language plpgsql as $$
begin
  if servo_is_being_created_v1(p_tenant, p_job) then
    return null;
  end if;
  return (select count(*) from backfill_partitions where backfill_job_id = p_job);
end $$;

-- Fails a running job whose missing rows cannot be created. The caller has counted its rows under
-- the lock of servo_count_rows_v1 or servo_is_being_created_v1.
create or replace function servo_fail_incomplete_v1(p_tenant text, p_job uuid) returns void language sql as $$
  update backfill_jobs j set state = 'failed', version = j.version + 1, completed_at = clock_timestamp(), needs_finalizing = true, lease_tokens = '{}',
      completed_partitions = r.completed, failed_partitions = r.failed, skipped_partitions = r.skipped,
      error_message = case when r.total > 0 then format('only %s of %s partitions were created', r.total, greatest(j.total_partitions,
          case when jsonb_typeof(j.partition_keys) = 'array' then jsonb_array_length(j.partition_keys) else 0 end))
        when j.partitions_made then 'no partitions left: they were deleted after the job was created'
        else 'no partitions were created' end
    from (select count(*) as total, count(*) filter (where state = 'completed') as completed, count(*) filter (where state = 'failed') as failed,
        count(*) filter (where state = 'skipped') as skipped from backfill_partitions where backfill_job_id = p_job) r
    where j.id = p_job and j.tenant_id = p_tenant;
$$;

-- Whether a partition of the job is unfinished: it runs or will run. The same rule as in
-- servo_end_job_v1. The tenant must be set.
create or replace function servo_has_unfinished_v1(p_job uuid, p_max_attempts integer) returns boolean language plpgsql stable
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_bitmapscan = off as $$
begin
  perform from backfill_partitions where backfill_job_id = p_job and state = 'pending' limit 1;
  if not found then
    perform from backfill_partitions where backfill_job_id = p_job and state = 'running' limit 1;
  end if;
  if not found then
    perform from backfill_partitions where backfill_job_id = p_job and state = 'failed'
      and available_at is null and attempt_count < p_max_attempts limit 1;
  end if;
  return found;
end $$;

-- How many partition rows a job lacks, to explain why it does not end; 0 for most jobs. Counted for
-- a running job without leases that has nothing left to run or is still being created, and for a
-- job without rows that is to be claimed, up to p_grace_ms after its creation. Takes no lock, so
-- the number may be out of date. The tenant must be set.
create or replace function servo_missing_v1(p_tenant text, p_job uuid, p_grace_ms bigint) returns integer language plpgsql stable
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
  j record;
  v_rows integer := 0;
begin
  select state, lease_tokens, execution_strategy, total_partitions as total, created_at, partitions_made as made,
      case when jsonb_typeof(partition_keys) = 'array' and not partitions_made then jsonb_array_length(partition_keys) end as keys
    into j from backfill_jobs where id = p_job and tenant_id = p_tenant;
  if j.state in ('pending', 'resuming') and not j.made and j.created_at between clock_timestamp() - p_grace_ms * interval '1 millisecond' and clock_timestamp() then
    perform from backfill_partitions where backfill_job_id = p_job limit 1;
    if found then
      return 0;
    end if;
  elsif j.state = 'running' and cardinality(j.lease_tokens) = 0
      and not (j.made and servo_has_unfinished_v1(p_job, servo_integer(j.execution_strategy -> 'max_attempts', 3))) then
    select count(*) into v_rows from backfill_partitions where backfill_job_id = p_job;
  else
    return 0;
  end if;
  return greatest(0, greatest(j.total, j.keys, 1) - v_rows);
end $$;

-- Resolves a running job without leases that has fewer rows than total_partitions, once the number
-- of its rows has not changed for p_grace_ms. A job that had all its rows must also have nothing
-- left to run. Rows that never existed are created from the job's keys; if that is impossible, the
-- job fails. Deleted rows are not created again: total_partitions becomes the number of existing
-- rows, and the journal names the missing keys.
--   returns  null: nothing to resolve; waiting; made or recounted: the next batch continues or ends
--            the job; failed
create or replace function servo_recount_v1(p_tenant text, p_job uuid, p_actor text, p_grace_ms bigint) returns text language plpgsql
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set lock_timeout = '2s' as $$
#variable_conflict use_column
declare
  j record;
  t timestamptz;
  v_rows integer;
  v_due boolean;
  v_total integer;
  v_keys text;
begin
  perform set_config('app.current_tenant', p_tenant, true), set_config('servo.actor', p_actor, true), set_config('servo.reason', '', true);
  select state, version, claimed_version, execution_strategy, lease_tokens, total_partitions as total, partitions_made as made, rows_seen, rows_seen_at
    into j from backfill_jobs where id = p_job and tenant_id = p_tenant for no key update;
  if not found or j.state <> 'running' or j.claimed_version is distinct from j.version or cardinality(j.lease_tokens) > 0
      or (j.made and servo_has_unfinished_v1(p_job, servo_integer(j.execution_strategy -> 'max_attempts', 3))) then
    return null;
  end if;
  t := clock_timestamp();
  select count(*) into v_rows from backfill_partitions where backfill_job_id = p_job;
  v_due := coalesce(v_rows = j.rows_seen and j.rows_seen_at <= t - p_grace_ms * interval '1 millisecond', false);
  if v_due then
    v_rows := servo_count_rows_v1(p_tenant, p_job);
    if v_rows is null then
      return 'waiting';
    end if;
  end if;
  if v_rows >= greatest(j.total, 1) and (j.made or j.total > 0) then
    update backfill_jobs set partitions_made = true where id = p_job and tenant_id = p_tenant and not partitions_made;
    return null;
  end if;
  if v_rows is distinct from j.rows_seen then
    update backfill_jobs set rows_seen = v_rows, rows_seen_at = t where id = p_job and tenant_id = p_tenant;
    return 'waiting';
  end if;
  if not v_due then
    return 'waiting';
  end if;
  v_total := j.total;
  if not j.made then
    v_rows := servo_make_partitions_v1(p_tenant, p_job);
    v_total := greatest(v_total, (select case when jsonb_typeof(partition_keys) = 'array' then jsonb_array_length(partition_keys) else 0 end
      from backfill_jobs where id = p_job and tenant_id = p_tenant));
  end if;
  if v_rows = 0 or (not j.made and v_rows < v_total) then
    if servo_has_unfinished_v1(p_job, servo_integer(j.execution_strategy -> 'max_attempts', 3)) then
      return 'waiting';
    end if;
    perform servo_fail_incomplete_v1(p_tenant, p_job);
    return 'failed';
  end if;
  if j.made then
    begin
      select string_agg(key, ', ' order by key) into v_keys from (
        select key from servo_job_keys_v1(p_tenant, p_job) key
        where not exists (select from backfill_partitions where backfill_job_id = p_job and partition_key = key) order by key limit 5) k;
    exception when data_exception then null;
    end;
    insert into backfill_events (tenant_id, job_id, kind, actor, reason) values (p_tenant, p_job, 'recounted', p_actor,
      format('%s of %s partitions are missing%s: counted as skipped on purpose; the job now has %s',
        v_total - v_rows, v_total, ' (' || v_keys || case when v_total - v_rows > 5 then ' …' else '' end || ')', v_rows));
  end if;
  update backfill_jobs set total_partitions = v_rows, partitions_made = true, rows_seen = null, rows_seen_at = null where id = p_job and tenant_id = p_tenant;
  return case when j.made then 'recounted' else 'made' end;
end $$;
