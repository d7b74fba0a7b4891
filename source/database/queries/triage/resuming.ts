import { roughDuration } from '../../../domain/time/duration.ts';
import type { CheckContext, CheckDefinition } from '../../../domain/triage/checks.ts';
import { remedy } from './remedies.ts';
import { type Check, interval, literal, scope, secondsSince } from './sql.ts';

const columns: CheckDefinition['columns'] = [
  { name: 'asset_name', title: 'asset', kind: 'text' },
  { name: 'state', title: 'state', kind: 'state' },
  { name: 'heartbeat_at', title: 'resumed', kind: 'time' },
  { name: 'waiting_secs', title: 'waiting', kind: 'seconds' },
  { name: 'progress', title: 'progress', kind: 'text' },
];

// Resume sets heartbeat_at; an external writer's resume may not.
const unclaimedFor = (
  context: CheckContext,
  age: number,
) => `SELECT id, asset_name, state, heartbeat_at,
       ${secondsSince('COALESCE(heartbeat_at, paused_at, created_at)')} as waiting_secs,
       completed_partitions || '/' || total_partitions as progress,
       version, COALESCE(heartbeat_at, paused_at, created_at) as since
FROM backfill_jobs
WHERE state = 'resuming'
  AND (heartbeat_at IS NULL OR heartbeat_at < NOW() - ${interval(age)})
  AND ${scope(context)}
ORDER BY heartbeat_at NULLS FIRST
LIMIT ${context.limit}`;

export const resuming: Check = {
  name: 'resuming',
  title: ({ heartbeat_stale }) => `Stuck in resuming > ${roughDuration(heartbeat_stale)}`,
  section: { runbook: 'backfill-operations', heading: 'Scenario: Job Stuck in "Resuming" State' },
  meaning: 'The job was resumed, but no executor picked it up.',
  severity: 'critical',
  columns,
  figure: 'waiting_secs',
  remedies: [
    remedy('look', 'Check for available executors, and their logs for errors.', {
      command: 'servo-tui executors',
    }),
    remedy('look', 'Verify that the tenant context is correct.', { command: 'servo-tui doctor' }),
    remedy('start-executor', 'Start or restart an executor if necessary.'),
    remedy('cancel', 'Cancel it if it is no longer needed.'),
  ],
  sql: (context) => unclaimedFor(context, context.thresholds.heartbeat_stale),
};

export const bulkCancel: Check = {
  name: 'bulk-cancel',
  title: ({ heartbeat_bulk }) => `Bulk recovery: resuming > ${roughDuration(heartbeat_bulk)}`,
  section: { runbook: 'backfill-operations', heading: 'Bulk Recovery' },
  meaning: 'Stuck resuming jobs, which the bulk recovery cancels together.',
  severity: 'critical',
  columns,
  figure: 'waiting_secs',
  remedies: ({ tenant, thresholds }) => [
    remedy('cancel', 'Cancel all stuck resuming jobs.', {
      sql: `UPDATE backfill_jobs
SET state = 'cancelled',
    error_message = 'Bulk cancelled: stuck in resuming state',
    completed_at = NOW(),
    version = version + 1
WHERE state = 'resuming'
  AND heartbeat_at < NOW() - ${interval(thresholds.heartbeat_bulk)}
  AND tenant_id = ${literal(tenant)}
RETURNING id, asset_name`,
    }),
    remedy('start-executor', 'Or start an executor, which claims them.'),
  ],
  sql: (context) => unclaimedFor(context, context.thresholds.heartbeat_bulk),
};
