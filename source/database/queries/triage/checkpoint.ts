import { remedy } from './remedies.ts';
import { type Check, scope } from './sql.ts';

const lookAhead = 100;

export const checkpoint: Check = {
  name: 'checkpoint',
  title: 'Checkpoint does not match',
  section: { runbook: 'backfill-operations', heading: '5. Verify Checkpoint Integrity' },
  meaning:
    'The checkpoint is not the last completed partition: if resumed incorrectly, the job would run partitions twice or leave some out. Data integrity concern: escalate.',
  severity: 'critical',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'state', title: 'state', kind: 'state' },
    { name: 'job_checkpoint', title: 'checkpoint', kind: 'text' },
    { name: 'checkpoint_state', title: 'its partition', kind: 'state' },
    { name: 'last_completed_partition', title: 'completed beyond', kind: 'text' },
    { name: 'completed_partitions', title: 'done', kind: 'count' },
  ],
  figure: 'completed_partitions',
  remedies: [
    remedy('look', "Compare with the partitions' states, and with the written data.", {
      command: 'servo-tui doctor --invariants',
    }),
    remedy(
      'pause',
      'Pause the job until the cause is understood: partitions may run twice or not at all.',
    ),
    remedy('recreate', 'Cancel the job and create a new one of the unfinished keys.', {
      states: ['pending', 'running', 'paused', 'resuming'],
    }),
  ],
  // A bound must be a plain column to reach an index under row-level security.
  sql: (context) => `WITH bj AS MATERIALIZED (
  SELECT id, asset_name, state, checkpoint_partition_key, COALESCE(checkpoint_partition_key, '') as checkpoint,
    completed_partitions, version, created_at
  FROM backfill_jobs
  WHERE state IN ('running', 'paused', 'resuming')
    AND ${scope(context)}
)
SELECT bj.id, bj.asset_name, bj.state,
       bj.checkpoint_partition_key as job_checkpoint, cp.state as checkpoint_state,
       ahead.partition_key as last_completed_partition, bj.completed_partitions,
       bj.version
FROM bj
LEFT JOIN backfill_partitions cp ON cp.backfill_job_id = bj.id AND cp.partition_key = bj.checkpoint_partition_key
CROSS JOIN LATERAL (
  SELECT MAX(next.partition_key) FILTER (WHERE next.state = 'completed') as partition_key FROM (
    SELECT bp.partition_key, bp.state FROM backfill_partitions bp
    WHERE bp.backfill_job_id = bj.id AND bp.partition_key > bj.checkpoint
    ORDER BY bp.partition_key LIMIT ${lookAhead}) next
) ahead
WHERE ahead.partition_key IS NOT NULL
   OR (bj.checkpoint_partition_key IS NOT NULL AND cp.state IS DISTINCT FROM 'completed')
ORDER BY bj.created_at DESC
LIMIT ${context.limit}`,
  evidence: {
    columns: [
      { name: 'job_checkpoint', title: 'checkpoint', kind: 'text' },
      { name: 'last_completed_partition', title: 'last completed', kind: 'text' },
      { name: 'pending_partitions', title: 'pending', kind: 'count' },
      { name: 'completed_partitions', title: 'completed', kind: 'count' },
    ],
    sql: (context) => `SELECT
  bj.checkpoint_partition_key as job_checkpoint,
  MAX(bp.partition_key) FILTER (WHERE bp.state = 'completed') as last_completed_partition,
  COUNT(*) FILTER (WHERE bp.state = 'pending') as pending_partitions,
  COUNT(*) FILTER (WHERE bp.state = 'completed') as completed_partitions
FROM backfill_jobs bj
JOIN backfill_partitions bp ON bp.backfill_job_id = bj.id
WHERE ${scope(context, 'bj')}
GROUP BY bj.checkpoint_partition_key
LIMIT ${context.limit}`,
  },
};
