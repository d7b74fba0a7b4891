import { policy } from '../../../domain/policy.ts';
import { roughDuration } from '../../../domain/time/duration.ts';
import type { CheckContext } from '../../../domain/triage/checks.ts';
import { laterBy, partitionsLeft, secondsBetween } from '../sql-time.ts';
import { remedy } from './remedies.ts';
import { type Check, interval, literal, scope, secondsSince } from './sql.ts';

/**
 * Joins the ETA of `bj`: the stored forecast; without a fresh one, and for a paused job, remaining
 * ÷ slots × average (source/domain/forecast/eta.ts). None while the heartbeat is stale.
 */
export const etaOf = ({ tenant, thresholds }: CheckContext) => `LEFT JOIN LATERAL (
  SELECT GREATEST(f.finish_at, NOW()) as finish_at FROM backfill_forecasts f JOIN backfill_forecast_rounds r ON r.tenant_id = f.tenant_id
  WHERE f.job_id = bj.id AND f.tenant_id = ${literal(tenant)} AND f.finish_at IS NOT NULL AND bj.state <> 'paused'
    AND r.computed_at >= NOW() - ${interval(policy.forecast_fresh_ms)}
) forecast ON true
CROSS JOIN LATERAL (
  SELECT bj.state = 'running' AND (bj.heartbeat_at IS NULL OR bj.heartbeat_at < NOW() - ${interval(thresholds.heartbeat_stale)}) as stale
) heartbeat
CROSS JOIN LATERAL (
  SELECT CASE WHEN bj.avg_partition_duration_ms < 0 OR heartbeat.stale THEN NULL
    ELSE CEIL(${partitionsLeft('bj')}::numeric
      / GREATEST(1, CASE WHEN bj.state = 'running' AND cardinality(bj.lease_tokens) > 0 THEN cardinality(bj.lease_tokens)
          ELSE servo_max_parallel(bj.execution_strategy) END))::float8
      * bj.avg_partition_duration_ms END as ms
) need
CROSS JOIN LATERAL (
  SELECT CASE WHEN heartbeat.stale THEN NULL ELSE COALESCE(forecast.finish_at, ${laterBy('NOW()', 'need.ms')}) END as at
) eta`;

export const eta: Check = {
  name: 'eta',
  title: ({ eta_slip, eta_window }) =>
    `ETA stale, or slipped > ${roughDuration(eta_slip)} in ${roughDuration(eta_window)}`,
  section: { runbook: 'backfill-operations', heading: '2. Check Job ETA Progress' },
  meaning:
    'The ETA is increasing or stale: partitions take longer than they did, or nothing finishes.',
  severity: 'warning',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'completed_partitions', title: 'done', kind: 'count' },
    { name: 'total_partitions', title: 'of', kind: 'count' },
    { name: 'avg_partition_duration_ms', title: 'average', kind: 'milliseconds' },
    { name: 'estimated_completion_at', title: 'ETA', kind: 'time' },
    { name: 'eta_remaining', title: 'remaining', kind: 'seconds' },
    { name: 'eta_slipped_secs', title: 'slipped', kind: 'seconds' },
    { name: 'measured_over_secs', title: 'within', kind: 'seconds' },
    { name: 'late_secs', title: 'worse by', kind: 'seconds' },
  ],
  figure: 'late_secs',
  remedies: [
    remedy('look', 'Check external service health, and data anomalies in slow partitions.', {
      command: 'servo-tui status JOB',
    }),
    remedy('set-parallel', 'Give it more slots if executors have free ones.'),
    remedy('pause', 'Pause jobs that compete with it.', {
      states: null,
      command: 'servo-tui pause OTHER',
    }),
  ],
  // The row's ETA is written when partitions finish, at most every 5 s, and passes if none does.
  // The present ETA is computed, and compared only with one that is at least a third of the window
  // old.
  sql: (context) => `SELECT bj.id, bj.asset_name, bj.completed_partitions, bj.total_partitions,
       bj.avg_partition_duration_ms,
       bj.estimated_completion_at,
       ${secondsBetween('NOW()', 'bj.estimated_completion_at')} as eta_remaining,
       ${secondsBetween('before.eta', 'eta.at')} as eta_slipped_secs,
       ${secondsSince('before.at')} as measured_over_secs,
       GREATEST(${secondsBetween('before.eta', 'eta.at')}, ${secondsSince('bj.estimated_completion_at')}) as late_secs,
       bj.state, bj.version, COALESCE(before.at, bj.estimated_completion_at) as since
FROM backfill_jobs bj
LEFT JOIN LATERAL (
  SELECT s.at, s.estimated_completion_at as eta FROM backfill_samples s
  WHERE s.job_id = bj.id AND s.tenant_id = ${literal(context.tenant)} AND s.estimated_completion_at IS NOT NULL
    AND s.at >= NOW() - ${interval(context.thresholds.eta_window)}
  ORDER BY s.at LIMIT 1
) before ON before.at <= NOW() - ${interval(context.thresholds.eta_window / 3)}
${etaOf(context)}
WHERE bj.state = 'running'
  AND (bj.estimated_completion_at < NOW() - ${interval(context.thresholds.eta_overdue)}
    OR ${secondsBetween('before.eta', 'eta.at')} * 1000 > ${context.thresholds.eta_slip})
  AND ${scope(context, 'bj')}
ORDER BY bj.estimated_completion_at
LIMIT ${context.limit}`,
};

export const etaMissing: Check = {
  name: 'eta-missing',
  title: ({ no_progress }) => `ETA not updating: none after ${roughDuration(no_progress)}`,
  section: { runbook: 'backfill-operations', heading: 'Scenario: ETA Not Updating' },
  meaning:
    'ETA requires at least 1 completed partition. If avg_partition_duration_ms is NULL, no partitions have completed yet.',
  severity: 'notice',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'completed_partitions', title: 'done', kind: 'count' },
    { name: 'total_partitions', title: 'of', kind: 'count' },
    { name: 'avg_partition_duration_ms', title: 'average', kind: 'milliseconds' },
    { name: 'running_secs', title: 'running', kind: 'seconds' },
  ],
  figure: 'running_secs',
  remedies: [
    remedy('wait', 'Wait for the first partition to complete.'),
    remedy('look', 'Verify that the executor is updating progress.', {
      command: 'servo-tui logs JOB',
    }),
  ],
  sql: (context) => `SELECT id, asset_name, completed_partitions, avg_partition_duration_ms,
       total_partitions, ${secondsSince('started_at')} as running_secs,
       state, version, started_at as since
FROM backfill_jobs
WHERE state = 'running'
  AND (avg_partition_duration_ms IS NULL OR estimated_completion_at IS NULL)
  AND started_at < NOW() - ${interval(context.thresholds.no_progress)}
  AND heartbeat_at >= NOW() - ${interval(context.thresholds.heartbeat_stale)}
  AND ${scope(context)}
ORDER BY started_at
LIMIT ${context.limit}`,
};
