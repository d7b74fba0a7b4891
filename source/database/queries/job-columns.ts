import type { Job, JobActivity } from '../../domain/job.ts';

const names = [
  'id',
  'tenant_id',
  'asset_id',
  'asset_name',
  'idempotency_key',
  'state',
  'execution_strategy',
  'partition_start',
  'partition_end',
  'total_partitions',
  'completed_partitions',
  'failed_partitions',
  'skipped_partitions',
  'include_upstream',
  'error_message',
  'created_by',
  'created_at',
  'started_at',
  'completed_at',
  'heartbeat_at',
  'paused_at',
  'version',
  'checkpoint_partition_key',
  'estimated_completion_at',
  'avg_partition_duration_ms',
  'parent_job_id',
  'max_upstream_depth',
  'upstream_job_count',
  'completed_upstream_jobs',
  'execution_order',
  'sla_deadline_at',
  'priority',
] as const satisfies readonly (keyof Job)[];

/** The columns of a job, one by one: an adopted table has others, and in another order. */
export const jobColumns = names.map((name) => `j.${name}`).join(', ');

/** What is read with a job: its live lanes, and where its rate is counted from. */
export const activityColumns = `cardinality(j.lease_tokens) as lanes, base.at as rate_at, base.completed as rate_completed`;

/**
 * The sample that a running job's rate is counted from: the newest that is 1 to 10 minutes old, else
 * its start if that was in the last 10 minutes. $1 is the tenant.
 */
export const rateBase = `left join lateral (
  select s.at, s.completed from backfill_samples s
  where j.state = 'running' and s.job_id = j.id and s.tenant_id = $1
    and s.at between clock_timestamp() - interval '10 minutes' and clock_timestamp() - interval '1 minute'
  union all
  select j.started_at, 0 where j.state = 'running' and j.started_at > clock_timestamp() - interval '10 minutes'
  order by at desc limit 1
) base on true`;

export type JobRow = Job & { lanes: number; rate_at: Date | null; rate_completed: number | null };

export function jobOf(row: JobRow): Job & JobActivity {
  const { rate_at, rate_completed, ...job } = row;
  const base = rate_at === null ? null : { at: rate_at, completed: rate_completed ?? 0 };
  return { ...job, rate_base: base };
}
