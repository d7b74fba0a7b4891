import { roughDuration } from '../../../domain/time/duration.ts';
import type { Remedy } from '../../../domain/triage/checks.ts';
import { remedy, unfinished } from './remedies.ts';
import { type Check, interval, literal, scope, secondsSince } from './sql.ts';

const causes =
  'Common causes: upstream data source unavailable, schema changes mid-backfill, resource exhaustion (memory, CPU), rate limiting from external systems.';

const options: readonly Remedy[] = [
  remedy('look', 'Identify the failure pattern.', { command: 'servo-tui status JOB' }),
  remedy('pause', 'Pause the job, fix the underlying issue, resume.'),
  remedy('recreate', 'Cancel the job and create a new one with corrected parameters.', {
    states: ['pending', 'running', 'paused', 'resuming'],
  }),
  remedy('retry', 'Retry the failed partitions once the cause is gone.', {
    states: ['pending', 'running', 'paused', 'resuming', 'failed'],
  }),
  remedy('look', 'Increase the partition retry limit, if failures are transient.', {
    command: 'servo-tui set JOB --max-attempts N',
    states: unfinished,
  }),
];

/**
 * Partitions finished since the oldest sample in the window, or since a start within it, as in
 * read-finished.ts.
 */
export const failureRate: Check = {
  name: 'failure-rate',
  title: ({ failure_rate, failure_window }) =>
    `Failure rate > ${Math.round(failure_rate * 1000) / 10} % in ${roughDuration(failure_window)}`,
  section: { runbook: 'backfill-operations', heading: 'Scenario: High Partition Failure Rate' },
  meaning: `Many partitions fail repeatedly. ${causes}`,
  severity: 'warning',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'state', title: 'state', kind: 'state' },
    { name: 'failure_rate', title: 'rate', kind: 'ratio' },
    { name: 'failed', title: 'failed', kind: 'count' },
    { name: 'finished', title: 'of finished', kind: 'count' },
    { name: 'measured_over_secs', title: 'within', kind: 'seconds' },
    { name: 'failed_partitions', title: 'failed in total', kind: 'count' },
  ],
  figure: 'failure_rate',
  remedies: options,
  sql: (context) => {
    const { failure_rate, failure_window, failure_least } = context.thresholds;
    return `SELECT bj.id, bj.asset_name, bj.state,
       recent.failed::numeric / recent.finished as failure_rate, recent.failed, recent.finished,
       ${secondsSince('base.at')} as measured_over_secs,
       bj.failed_partitions, bj.completed_partitions,
       bj.version, base.at as since
FROM backfill_jobs bj
CROSS JOIN LATERAL (
  SELECT s.at, s.completed, s.failed FROM backfill_samples s
  WHERE s.job_id = bj.id AND s.tenant_id = ${literal(context.tenant)} AND s.at >= NOW() - ${interval(failure_window)}
  UNION ALL
  SELECT bj.started_at, 0, 0 WHERE bj.started_at >= NOW() - ${interval(failure_window)}
  ORDER BY at LIMIT 1
) base
CROSS JOIN LATERAL (
  SELECT GREATEST(0, bj.failed_partitions::bigint - base.failed) as failed,
    GREATEST(0, bj.failed_partitions::bigint - base.failed) + GREATEST(0, bj.completed_partitions::bigint - base.completed) as finished
) recent
WHERE bj.state IN ('running', 'paused', 'resuming')
  AND recent.finished >= ${failure_least}
  AND recent.failed > ${failure_rate} * recent.finished
  AND ${scope(context, 'bj')}
ORDER BY failure_rate DESC, recent.failed DESC
LIMIT ${context.limit}`;
  },
  evidence: {
    columns: [
      { name: 'partition_key', title: 'key', kind: 'text' },
      { name: 'attempt_count', title: 'attempts', kind: 'count' },
      { name: 'error_message', title: 'error', kind: 'text' },
    ],
    sql: (context) => `SELECT partition_key, attempt_count, error_message
FROM backfill_partitions
WHERE backfill_job_id = ${literal(context.job)} AND state = 'failed'
  AND tenant_id = ${literal(context.tenant)}
ORDER BY partition_key
LIMIT ${context.limit}`,
  },
};

export const failedPartitions: Check = {
  name: 'failed-partitions',
  title: 'Failed partitions',
  section: { runbook: 'backfill-operations', heading: '3. Check for Failed Partitions' },
  meaning: `Failed partitions of unfinished jobs, and of recently failed jobs whose asset was not started again. ${causes}`,
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
  remedies: options,
  // Of the thousand newest failed jobs, as there may be many. `tenant_id || ''` in `again` keeps
  // the planner off the tenant's index.
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
    SELECT * FROM backfill_jobs bj
    WHERE state = 'failed' AND ${scope(context)}
    ORDER BY created_at DESC LIMIT 1000
  ) ended
  WHERE completed_at > NOW() - ${interval(context.thresholds.failed_recently)} AND failed_partitions > 0
    AND NOT EXISTS (SELECT FROM backfill_jobs again
      WHERE again.asset_id = ended.asset_id AND again.tenant_id || '' = ended.tenant_id
        AND again.state IN ('pending', 'waiting_upstream', 'running', 'paused', 'resuming', 'completed')
        AND again.created_at > ended.completed_at)
) bj
LEFT JOIN LATERAL (
  SELECT partition_key, attempt_count, error_message, completed_at FROM backfill_partitions bp
  WHERE bp.backfill_job_id = bj.id AND bp.state = 'failed'
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
ORDER BY bp.partition_key
LIMIT ${context.limit}`,
  },
};
