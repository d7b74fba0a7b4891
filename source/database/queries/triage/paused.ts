import { roughDuration } from '../../../domain/time/duration.ts';
import { remedy } from './remedies.ts';
import { type Check, interval, literal, scope, secondsSince } from './sql.ts';

export const wontResume: Check = {
  name: 'wont-resume',
  title: ({ paused_long }) => `Paused > ${roughDuration(paused_long)}, or by itself`,
  section: { runbook: 'backfill-operations', heading: "Scenario: Job Paused But Won't Resume" },
  meaning:
    "Must be in 'paused' state to resume: if it is not, check if the job completed or was cancelled. A job that paused itself does so again until its cause is gone.",
  severity: 'warning',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'state', title: 'state', kind: 'state' },
    { name: 'paused_at', title: 'paused', kind: 'time' },
    { name: 'paused_secs', title: 'for', kind: 'seconds' },
    { name: 'paused_by', title: 'by', kind: 'text' },
    { name: 'reason', title: 'reason', kind: 'text' },
    { name: 'checkpoint_partition_key', title: 'checkpoint', kind: 'text' },
    { name: 'error_message', title: 'error', kind: 'text' },
  ],
  figure: 'paused_secs',
  remedies: [
    remedy('resume', 'Resume it, if what it was paused for is over.'),
    remedy('look', 'Check that the version number is consistent, and who changed it.', {
      command: 'servo-tui events JOB',
    }),
    remedy('cancel', 'Cancel it, if it is not needed any more.'),
  ],
  sql: (
    context,
  ) => `SELECT bj.id, bj.state, bj.paused_at, bj.checkpoint_partition_key, bj.error_message,
       bj.asset_name, ${secondsSince('came.since')} as paused_secs, came.paused_by, came.reason,
       bj.version, came.since
FROM backfill_jobs bj
LEFT JOIN LATERAL (
  SELECT e.at, e.actor, e.reason FROM backfill_events e
  WHERE e.job_id = bj.id AND e.tenant_id = ${literal(context.tenant)} AND e.kind = 'state' AND e.to_state = 'paused'
  ORDER BY e.id DESC LIMIT 1
) event ON true
CROSS JOIN LATERAL (
  SELECT COALESCE(bj.paused_at, event.at, bj.created_at) as since, event.actor as paused_by, event.reason
) came
WHERE bj.state = 'paused'
  AND (came.since < NOW() - ${interval(context.thresholds.paused_long)} OR starts_with(came.reason, 'auto-paused'))
  AND ${scope(context, 'bj')}
ORDER BY came.since
LIMIT ${context.limit}`,
  evidence: {
    columns: [
      { name: 'state', title: 'state', kind: 'state' },
      { name: 'paused_at', title: 'paused', kind: 'time' },
      { name: 'checkpoint_partition_key', title: 'checkpoint', kind: 'text' },
      { name: 'error_message', title: 'error', kind: 'text' },
      { name: 'version', title: 'version', kind: 'count' },
    ],
    sql: (context) => `SELECT id, state, paused_at, checkpoint_partition_key, error_message, version
FROM backfill_jobs WHERE ${scope(context)}
LIMIT ${context.limit}`,
  },
};
