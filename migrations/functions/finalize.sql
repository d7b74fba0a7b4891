-- Finalizes one batch of an ended job: skips pending partitions and cancels its child jobs. Running
-- attempts may finish. Batches, because a million rows in one transaction held the job's row for
-- 15 s. If the job was set back to work by hand, partitions skipped by finalize return to pending;
-- those skipped by a person (available_at is not infinity) stay skipped. Returns the number of
-- changed partitions, and whether more are left (needs_finalizing).
create or replace function servo_finalize_v1(p_tenant text, p_job uuid, p_actor text, p_batch integer,
  out skipped integer, out needs_finalizing boolean
) language plpgsql
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set lock_timeout = '2s' as $$
#variable_conflict use_column
declare
  j record;
begin
  perform set_config('app.current_tenant', p_tenant, true), set_config('servo.actor', p_actor, true), set_config('servo.reason', 'its parent ended', true);
  skipped := 0;
  select b.state, b.needs_finalizing into j from backfill_jobs b where b.id = p_job and b.tenant_id = p_tenant for no key update;
  if not found or not j.needs_finalizing then
    needs_finalizing := false;
    return;
  end if;
  if j.state not in ('cancelled', 'failed', 'completed') then
    with revive as (
      update backfill_partitions set state = 'pending', completed_at = null, available_at = null
        where id = any (array(select id from backfill_partitions
            where backfill_job_id = p_job and state = 'skipped' and available_at = 'infinity' limit p_batch))
          and tenant_id || '' = p_tenant and state || '' = 'skipped'
        returning 1
    ) select count(*) into skipped from revive;
    -- Not by the number of changed rows: a row that a person has edited meanwhile is not changed.
    needs_finalizing := exists (select from backfill_partitions
      where backfill_job_id = p_job and state = 'skipped' and available_at = 'infinity');
    if not needs_finalizing then
      update backfill_jobs b set completed_partitions = r.completed, failed_partitions = r.failed, skipped_partitions = r.skipped,
          completed_at = null, error_message = null, needs_finalizing = false
        from (select count(*) filter (where state = 'completed') as completed, count(*) filter (where state = 'failed') as failed,
          count(*) filter (where state = 'skipped') as skipped from backfill_partitions where backfill_job_id = p_job) r
        where b.id = p_job and b.tenant_id = p_tenant;
    end if;
    return;
  end if;
  with skip as (
    update backfill_partitions set state = 'skipped', completed_at = clock_timestamp(), available_at = 'infinity'
      where id = any (array(select id from backfill_partitions where backfill_job_id = p_job and state = 'pending' limit p_batch))
        and tenant_id || '' = p_tenant and state || '' = 'pending'
      returning 1
  ) select count(*) into skipped from skip;
  -- A child job that another unfinished job waits for continues.
  update backfill_jobs b set state = 'cancelled', version = b.version + 1, completed_at = clock_timestamp(),
      error_message = format('the job it belongs to is %s', j.state)
    where b.tenant_id = p_tenant and b.state in ('pending', 'waiting_upstream', 'running', 'paused', 'resuming')
      and b.id in (select c.id from backfill_jobs c where c.parent_job_id = p_job
        union select u.upstream_job_id from backfill_upstreams u join backfill_jobs c on c.id = u.upstream_job_id
          where u.job_id = p_job and c.parent_job_id is not null)
      and not exists (select from backfill_upstreams u join backfill_jobs o on o.id = u.job_id
        where u.upstream_job_id = b.id and u.job_id <> p_job
          and o.state in ('pending', 'waiting_upstream', 'running', 'paused', 'resuming'));
  needs_finalizing := exists (select from backfill_partitions where backfill_job_id = p_job and state in ('pending', 'running'));
  update backfill_jobs b set skipped_partitions = b.skipped_partitions + batch.n, needs_finalizing = batch.open
    from (values (skipped, needs_finalizing)) batch (n, open) where b.id = p_job and b.tenant_id = p_tenant;
end $$;
