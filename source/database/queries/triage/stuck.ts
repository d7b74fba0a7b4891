import { roughDuration } from '../../../domain/time/duration.ts';
import type { CheckContext, CheckDefinition } from '../../../domain/triage/checks.ts';
import { remedy } from './remedies.ts';
import { type Check, interval, literal, scope, secondsSince } from './sql.ts';

const columns: CheckDefinition['columns'] = [
  { name: 'asset_name', title: 'asset', kind: 'text' },
  { name: 'state', title: 'state', kind: 'state' },
  { name: 'progress', title: 'progress', kind: 'text' },
  { name: 'heartbeat_age_secs', title: 'heartbeat', kind: 'seconds' },
  { name: 'checkpoint_partition_key', title: 'checkpoint', kind: 'text' },
  { name: 'claimed_by', title: 'claimed by', kind: 'text' },
];

// A running job without a heartbeat is stale too, as for claims (find-work.ts).
const stale = (context: CheckContext, age: number) => `SELECT id, asset_name, state,
       completed_partitions || '/' || total_partitions as progress,
       ${secondsSince('heartbeat_at')} as heartbeat_age_secs,
       checkpoint_partition_key, claimed_by,
       version, COALESCE(heartbeat_at, started_at, created_at) as since
FROM backfill_jobs
WHERE state = 'running'
  AND (heartbeat_at IS NULL OR heartbeat_at < NOW() - ${interval(age)})
  AND ${scope(context)}
ORDER BY heartbeat_at NULLS FIRST
LIMIT ${context.limit}`;

const start = remedy(
  'start-executor',
  'If no executor is alive, start one: it claims the job, and partitions retry from the checkpoint.',
);

export const stuck: Check = {
  name: 'stuck',
  title: ({ heartbeat_stale }) => `Stuck: heartbeat stale > ${roughDuration(heartbeat_stale)}`,
  section: { runbook: 'backfill-operations', heading: 'Scenario: Job Stuck with Stale Heartbeat' },
  meaning: 'The executor crashed, was terminated or was cut off, or an operator reclaimed the job.',
  severity: 'critical',
  columns,
  figure: 'heartbeat_age_secs',
  remedies: [
    remedy(
      'wait',
      'Another executor claims the job automatically once its heartbeat is stale; partitions retry from the checkpoint.',
    ),
    start,
    remedy('reclaim', 'Force reclaim if needed (emergency): resets the heartbeat.'),
    remedy('cancel', 'Cancel it if it is no longer needed.'),
  ],
  sql: (context) => stale(context, context.thresholds.heartbeat_stale),
};

export const bulkReclaim: Check = {
  name: 'bulk-reclaim',
  title: ({ heartbeat_bulk }) => `Bulk recovery: no heartbeat > ${roughDuration(heartbeat_bulk)}`,
  section: { runbook: 'backfill-operations', heading: 'Bulk Recovery' },
  meaning: 'Stuck running jobs (not heartbeating), which the bulk recovery resets together.',
  severity: 'critical',
  columns,
  figure: 'heartbeat_age_secs',
  remedies: ({ tenant, thresholds }) => [
    remedy('reclaim', 'Reset all stuck running jobs (not heartbeating).', {
      sql: `UPDATE backfill_jobs
SET heartbeat_at = NOW() - INTERVAL '5 minutes'
WHERE state = 'running'
  AND heartbeat_at < NOW() - ${interval(thresholds.heartbeat_bulk)}
  AND tenant_id = ${literal(tenant)}
RETURNING id, asset_name`,
    }),
    start,
  ],
  sql: (context) => stale(context, context.thresholds.heartbeat_bulk),
};
