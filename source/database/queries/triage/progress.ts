import { roughDuration } from '../../../domain/time/duration.ts';
import { remedy } from './remedies.ts';
import { boundedInterval, type Check, interval, literal, scope, secondsSince } from './sql.ts';

/** Partitions up to this many times slower than the average are slow, not stalled. */
const slow = 3;

/**
 * Nothing has finished since the oldest sample with the present counts; if they have changed since
 * the last sample, or there are no samples, since the newest attempt began: a slot takes the next
 * one when it has finished one. Never before the job began to run.
 */
export const noProgress: Check = {
  name: 'no-progress',
  title: ({ no_progress }) => `Running without progress > ${roughDuration(no_progress)}`,
  section: { runbook: 'backfill-operations', heading: 'Symptoms' },
  meaning:
    'The job is running with a fresh heartbeat, but no partition finishes. A partition may hang, be far slower than usual, or fail again and again.',
  severity: 'warning',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'progress', title: 'progress', kind: 'text' },
    { name: 'idle_secs', title: 'idle for', kind: 'seconds' },
    { name: 'heartbeat_age_secs', title: 'heartbeat', kind: 'seconds' },
    { name: 'avg_partition_duration_ms', title: 'average', kind: 'milliseconds' },
    { name: 'running_partitions', title: 'running', kind: 'count' },
  ],
  figure: 'idle_secs',
  remedies: [
    remedy(
      'look',
      'Check the logs of running partitions, and external service health (APIs, databases).',
      {
        command: 'servo-tui logs JOB',
      },
    ),
    remedy('reclaim', 'Force reclaim if running partitions hang: they will run again.'),
    remedy('pause', 'Pause the job, fix the underlying issue, resume.'),
  ],
  sql: (context) => {
    const tenant = literal(context.tenant);
    const { heartbeat_stale, no_progress } = context.thresholds;
    return `SELECT bj.id, bj.asset_name, bj.state,
       bj.completed_partitions || '/' || bj.total_partitions as progress,
       ${secondsSince('idle.since')} as idle_secs,
       ${secondsSince('bj.heartbeat_at')} as heartbeat_age_secs,
       bj.avg_partition_duration_ms, at_work.running_partitions,
       bj.version, idle.since
FROM backfill_jobs bj
CROSS JOIN LATERAL (
  SELECT count(*) as running_partitions, MAX(bp.started_at) as started_at FROM backfill_partitions bp
  WHERE bp.backfill_job_id = bj.id AND bp.state = 'running'
) at_work
CROSS JOIN LATERAL (
  SELECT MIN(s.at) as at FROM backfill_samples s
  WHERE s.job_id = bj.id AND s.tenant_id = ${tenant} AND s.at > COALESCE((
    SELECT d.at FROM backfill_samples d
    WHERE d.job_id = bj.id AND d.tenant_id = ${tenant} AND d.at > NOW() - INTERVAL '1 day'
      AND (d.completed, d.failed) IS DISTINCT FROM (bj.completed_partitions, bj.failed_partitions)
    ORDER BY d.at DESC LIMIT 1), NOW() - INTERVAL '1 day')
) same
CROSS JOIN LATERAL (
  SELECT GREATEST(bj.started_at, COALESCE(same.at, at_work.started_at), (
    SELECT e.at FROM backfill_events e
    WHERE e.job_id = bj.id AND e.tenant_id = ${tenant} AND e.kind = 'state' AND e.to_state = 'running'
    ORDER BY e.id DESC LIMIT 1)) as since
) idle
WHERE bj.state = 'running'
  AND bj.heartbeat_at >= NOW() - ${interval(heartbeat_stale)}
  AND idle.since < NOW() - GREATEST(${interval(no_progress)}, ${slow} * ${boundedInterval('bj.avg_partition_duration_ms')})
  AND ${scope(context, 'bj')}
ORDER BY idle.since
LIMIT ${context.limit}`;
  },
};

export const longRunning: Check = {
  name: 'long-running',
  title: ({ long_running }) => `Long running > ${roughDuration(long_running)}`,
  section: { runbook: 'backfill-operations', heading: 'Related Alerts' },
  meaning: 'An unusually long backfill.',
  severity: 'warning',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'progress', title: 'progress', kind: 'text' },
    { name: 'running_secs', title: 'running', kind: 'seconds' },
    { name: 'estimated_completion_at', title: 'ETA', kind: 'time' },
    { name: 'priority', title: 'pri', kind: 'count' },
  ],
  figure: 'running_secs',
  remedies: [
    remedy('wait', 'Let it run if its ETA is getting closer and no one waits for it.'),
    remedy('set-parallel', 'Give it more slots if executors have free ones.'),
    remedy('pause', 'Pause it to reduce load.'),
  ],
  sql: (context) => `SELECT id, asset_name, state,
       completed_partitions || '/' || total_partitions as progress,
       ${secondsSince('started_at')} as running_secs,
       estimated_completion_at, priority,
       version, started_at + ${interval(context.thresholds.long_running)} as since
FROM backfill_jobs
WHERE state = 'running'
  AND started_at < NOW() - ${interval(context.thresholds.long_running)}
  AND ${scope(context)}
ORDER BY started_at
LIMIT ${context.limit}`,
};
