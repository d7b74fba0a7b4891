-- Ends a running job that has no leases and nothing left to run, and recounts its partitions. The
-- last part of servo_report_and_claim_v1; the caller holds the job's row.
--   job_state   completed or failed; null if the job continues
--   incomplete  rows are missing: a writer may still add them, or an operator has deleted them.
--               servo_recount_v1 resolves this after a grace period.
-- If skipped partitions must first return to pending, sets needs_finalizing for servo_finalize_v1.
create or replace function servo_end_job_v1(p_tenant text, p_job uuid, p_total integer, p_made boolean, p_max_attempts integer,
  p_average bigint, p_at timestamptz, out job_state text, out incomplete boolean
) language plpgsql as $$
#variable_conflict use_column
declare
  r record;
begin
  incomplete := false;
  if exists (select from backfill_partitions where backfill_job_id = p_job and state = 'pending')
      or exists (select from backfill_partitions where backfill_job_id = p_job and state = 'running')
      or exists (select from backfill_partitions where backfill_job_id = p_job and state = 'failed'
        and available_at is null and attempt_count < p_max_attempts) then
    return;
  end if;
  select count(*) as total, count(*) filter (where state = 'completed') as completed, count(*) filter (where state = 'failed') as failed,
      count(*) filter (where state = 'skipped') as skipped, max(partition_key) filter (where state = 'completed') as top,
      count(*) filter (where state = 'skipped' and available_at = 'infinity') as undone,
      count(*) filter (where state in ('pending', 'running') or (state = 'failed' and available_at is null and attempt_count < p_max_attempts)) as open,
      min(failure_count) filter (where state = 'failed') as least_failures, max(failure_count) filter (where state = 'failed') as most_failures
    into r from backfill_partitions where backfill_job_id = p_job;
  -- A writer may have added a partition since the check above; this count is one snapshot.
  if r.open > 0 then
    return;
  elsif r.undone > 0 then
    update backfill_jobs set needs_finalizing = true where id = p_job and tenant_id = p_tenant;
  elsif r.total >= greatest(p_total, 1) and (p_made or p_total > 0) then
    job_state := case when r.failed > 0 then 'failed' else 'completed' end;
    update backfill_jobs set state = job_state, version = version + 1, completed_at = p_at, heartbeat_at = greatest(heartbeat_at, p_at), lease_tokens = '{}',
        total_partitions = r.total, completed_partitions = r.completed, failed_partitions = r.failed,
        skipped_partitions = r.skipped, checkpoint_partition_key = r.top, avg_partition_duration_ms = p_average,
        error_message = case when r.failed > 0 then format('%s of %s partitions failed%s', r.failed, r.total,
          case when r.least_failures = r.most_failures and r.most_failures > 1
            then format(' after %s attempts each', r.most_failures) else '' end) else error_message end
      where id = p_job and tenant_id = p_tenant;
  else
    incomplete := true;
  end if;
end $$;
