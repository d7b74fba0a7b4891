import { remedy } from './remedies.ts';
import { type Check, interval, literal, scope } from './sql.ts';

export const failedPartitions: Check = {
  name: 'failed-partitions',
  title: 'Failed partitions',
  section: { runbook: 'backfill-operations', heading: '3. Check for Failed Partitions' },
  meaning:
    'Partitions that failed for good, in jobs that live, or that failed lately and whose asset nobody has started again since. Common causes: upstream data source unavailable, schema changes mid-backfill, resource exhaustion, rate limiting from external systems.',
  severity: 'warning',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'state', title: 'state', kind: 'state' },
    { name: 'failed_partitions', title: 'failed', kind: 'count' },
    { name: 'total_partitions', title: 'of', kind: 'count' },
    { name: 'partition_key', title: 'first key', kind: 'text' },
    { name: 'attempt_count', title: 'attempts', kind: 'count' },
    { name: 'error_message', title: 'its error', kind: 'text' },
  ],
  figure: 'failed_partitions',
  remedies: [
    remedy('look', 'Identify the failure pattern, and fix the underlying issue.', {
      command: 'servo-tui logs JOB',
    }),
    remedy('pause', 'Pause the job, fix the underlying issue, resume.'),
    remedy('retry', 'Try the failed partitions again once the cause is gone.', {
      states: ['pending', 'running', 'paused', 'resuming', 'failed'],
    }),
    remedy('recreate', 'Cancel the job and create a new one with corrected parameters.', {
      states: ['pending', 'running', 'paused', 'resuming'],
    }),
  ],
  // The newest thousand that failed, by the index of jobs by state: all that ever failed may be many.
  sql: (
    context,
  ) => `SELECT bj.id, bj.asset_name, bj.state, bj.failed_partitions, bj.total_partitions,
       bp.partition_key, bp.attempt_count, bp.error_message, bp.completed_at,
       bj.version, COALESCE(bp.completed_at, bj.completed_at) as since
FROM (
  SELECT * FROM backfill_jobs bj
  WHERE state IN ('running', 'paused', 'resuming') AND failed_partitions > 0
    AND ${scope(context)}
  UNION ALL
  SELECT * FROM (
    SELECT * FROM backfill_jobs
    WHERE state = 'failed' AND ${scope(context)}
    ORDER BY created_at DESC LIMIT 1000
  ) ended
  WHERE completed_at > NOW() - ${interval(context.thresholds.failed_recently)} AND failed_partitions > 0
    AND NOT EXISTS (SELECT FROM backfill_jobs again
      WHERE again.asset_id = ended.asset_id AND again.tenant_id = ended.tenant_id
        AND again.state IN ('pending', 'waiting_upstream', 'running', 'paused', 'resuming', 'completed')
        AND again.created_at > ended.completed_at)
) bj
LEFT JOIN LATERAL (
  SELECT partition_key, attempt_count, error_message, completed_at FROM backfill_partitions bp
  WHERE bp.backfill_job_id = bj.id AND bp.state = 'failed' AND bp.tenant_id = ${literal(context.tenant)}
  ORDER BY bp.partition_key LIMIT 1
) bp ON true
ORDER BY bj.failed_partitions DESC
LIMIT ${context.limit}`,
  evidence: {
    columns: [
      { name: 'partition_key', title: 'key', kind: 'text' },
      { name: 'attempt_count', title: 'attempts', kind: 'count' },
      { name: 'error_message', title: 'error', kind: 'text' },
      { name: 'completed_at', title: 'failed', kind: 'time' },
    ],
    sql: (context) => `SELECT bp.partition_key, bp.attempt_count, bp.error_message, bp.completed_at
FROM backfill_partitions bp
JOIN backfill_jobs bj ON bp.backfill_job_id = bj.id
WHERE ${scope(context, 'bj')}
  AND bp.state = 'failed'
  AND bp.tenant_id = ${literal(context.tenant)}
ORDER BY bp.partition_key
LIMIT ${context.limit}`,
  },
};
