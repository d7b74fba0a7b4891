-- Completes those of the picked partitions whose earlier attempt, in the job that this one replaced
-- (follows_id), has completed since. In claim order, so that the checkpoint stays correct. The
-- caller holds the job's row and adds them to its counters; the other job's row is not locked.
--   rest     the ids left to be claimed, in their order
--   adopted  how many were completed so; top: the highest of their keys
create or replace function servo_adopt_v1(p_tenant text, p_job uuid, p_actor text, p_pick uuid[],
  out rest uuid[], out adopted integer, out top varchar) language plpgsql
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_ids uuid[];
begin
  with done as (
    update backfill_partitions p set state = 'completed', available_at = null, error_message = null,
      started_at = o.started_at, completed_at = o.completed_at, duration_ms = o.duration_ms
    from backfill_partitions o
    where (case when p.follows_id is not null then p.backfill_job_id end) = p_job and p.follows_id is not null
      and p.id = any (p_pick) and p.state || '' in ('pending', 'failed') and p.tenant_id || '' = p_tenant
      and o.id = p.follows_id and o.state || '' = 'completed' and o.tenant_id || '' = p_tenant
    returning p.id, p.partition_key, o.backfill_job_id as job, o.lease_owner as owner
  ), journalled as (
    insert into backfill_events (tenant_id, job_id, partition_key, kind, actor, reason)
      select p_tenant, p_job, partition_key, 'adopted', p_actor,
        'completed by job ' || left(job::text, 8) || coalesce(' on ' || owner, '') || ', not run again'
      from done
  )
  select coalesce(array_agg(d.id), '{}'), count(*), max(d.partition_key) into v_ids, adopted, top from done d;
  rest := array(select x from unnest(p_pick) with ordinality u (x, n) where x <> all (v_ids) order by n);
end $$;
