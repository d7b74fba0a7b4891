import { roughDuration } from '../../../domain/time/duration.ts';
import { secondsBetween } from '../sql-time.ts';
import { etaOf } from './eta.ts';
import { remedy } from './remedies.ts';
import { type Check, interval, literal, scope, secondsSince } from './sql.ts';

const unfinished = `state IN ('pending', 'waiting_upstream', 'running', 'paused', 'resuming')`;

export const atRisk: Check = {
  name: 'at-risk',
  title: ({ early_warning }) =>
    early_warning === 0
      ? 'SLA at risk: ETA > deadline'
      : `SLA at risk: ETA > deadline - ${roughDuration(early_warning)}`,
  section: { runbook: 'backfill-sla-at-risk', heading: '1. Identify At-Risk Jobs' },
  meaning:
    'The estimated completion time exceeds the deadline. Severity = (ETA - deadline) / (deadline - now): below 20 % low, to 50 % medium, above high.',
  severity: 'warning',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'state', title: 'state', kind: 'state' },
    { name: 'priority', title: 'pri', kind: 'count' },
    { name: 'progress', title: 'progress', kind: 'text' },
    { name: 'risk_level', title: 'risk', kind: 'text' },
    { name: 'risk_severity', title: 'severity', kind: 'ratio' },
    { name: 'eta_at', title: 'ETA', kind: 'time' },
    { name: 'sla_deadline_at', title: 'deadline', kind: 'time' },
    { name: 'over_secs', title: 'late by', kind: 'duration' },
  ],
  figure: 'over_secs',
  remedies: [
    remedy('look', 'Low risk: monitor closely, every 15-30 minutes.', {
      command: 'servo-tui status JOB --watch',
    }),
    remedy('resume', 'Resume it if the reason for the pause is gone.'),
    remedy(
      'set-parallel',
      'Medium risk or more: optimise partition execution; give it more slots.',
    ),
    remedy('pause', 'Medium risk: pause jobs without SLA or with later deadlines.', {
      states: null,
      command: 'servo-tui pause OTHER',
    }),
    remedy('set-deadline', 'Medium risk: extend the deadline, if stakeholders agree.'),
    remedy('recreate', 'High risk: cancel and recreate with maximum priority.', {
      states: ['pending', 'running', 'paused', 'resuming'],
    }),
    remedy('start-executor', 'High risk: scale executor instances (platform team).'),
  ],
  // Pending jobs that never ran are many: only those with a late forecast are read. The others
  // have an index (0013); without the limit, the planner does not expect them to be few and reads
  // all pending jobs.
  sql: (context) => {
    const buffer = context.thresholds.early_warning;
    const limit = buffer === 0 ? 'bj.sla_deadline_at' : `bj.sla_deadline_at - ${interval(buffer)}`;
    return `SELECT bj.id, bj.asset_name, bj.state, bj.priority,
       bj.completed_partitions || '/' || bj.total_partitions as progress,
       CASE WHEN risk.over * 5 < risk.left THEN 'low' WHEN risk.over * 2 <= risk.left THEN 'medium' ELSE 'high' END as risk_level,
       risk.over / risk.left as risk_severity,
       eta.at as eta_at, bj.sla_deadline_at, risk.over as over_secs,
       bj.version, since.at as since
FROM (
  SELECT * FROM backfill_jobs bj
  WHERE state IN ('waiting_upstream', 'running', 'paused', 'resuming') AND sla_deadline_at > NOW()
    AND ${scope(context)}
  UNION ALL
  (SELECT * FROM backfill_jobs bj
  WHERE state = 'pending' AND started_at IS NOT NULL AND sla_deadline_at > NOW()
    AND ${scope(context)}
  ORDER BY sla_deadline_at LIMIT 1000)
  UNION ALL
  SELECT bj.* FROM backfill_forecasts f JOIN backfill_jobs bj ON bj.id = f.job_id
  WHERE f.tenant_id = ${literal(context.tenant)} AND bj.state || '' = 'pending' AND bj.started_at IS NULL
    AND bj.sla_deadline_at > NOW() AND f.finish_at > ${limit} AND ${scope(context, 'bj')}
) bj
${etaOf(context)}
CROSS JOIN LATERAL (
  SELECT ${secondsBetween('bj.sla_deadline_at', 'eta.at')} as over, ${secondsBetween('NOW()', 'bj.sla_deadline_at')} as left
) risk
CROSS JOIN LATERAL (
  SELECT MIN(s.at) as at FROM backfill_samples s
  WHERE s.job_id = bj.id AND s.tenant_id = ${literal(context.tenant)} AND s.at > COALESCE((
    SELECT d.at FROM backfill_samples d
    WHERE d.job_id = bj.id AND d.tenant_id = ${literal(context.tenant)} AND d.at > NOW() - INTERVAL '1 day'
      AND d.estimated_completion_at <= ${limit}
    ORDER BY d.at DESC LIMIT 1), NOW() - INTERVAL '1 day')
) since
WHERE eta.at > ${limit}
ORDER BY risk_severity DESC
LIMIT ${context.limit}`;
  },
};

export const breached: Check = {
  name: 'breached',
  title: 'SLA breached',
  section: { runbook: 'backfill-sla-at-risk', heading: 'Overview' },
  meaning: 'The deadline has passed, and the job is not done.',
  severity: 'critical',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'state', title: 'state', kind: 'state' },
    { name: 'priority', title: 'pri', kind: 'count' },
    { name: 'progress', title: 'progress', kind: 'text' },
    { name: 'sla_deadline_at', title: 'deadline', kind: 'time' },
    { name: 'late_secs', title: 'late', kind: 'seconds' },
    { name: 'eta_at', title: 'ETA', kind: 'time' },
  ],
  figure: 'late_secs',
  remedies: [
    remedy('look', 'Calculate the expected completion time, and notify stakeholders immediately.', {
      command: 'servo-tui status JOB',
    }),
    remedy('resume', 'Resume it if the reason for the pause is gone.'),
    remedy('set-deadline', 'Set a new deadline with the stakeholders.'),
    remedy('set-priority', 'Raise its priority.'),
    remedy('set-parallel', 'Give it more slots if executors have free ones.'),
  ],
  sql: (context) => `SELECT bj.id, bj.asset_name, bj.state, bj.priority,
       bj.completed_partitions || '/' || bj.total_partitions as progress,
       bj.sla_deadline_at, ${secondsSince('bj.sla_deadline_at')} as late_secs, eta.at as eta_at,
       bj.version, bj.sla_deadline_at as since
FROM backfill_jobs bj
${etaOf(context)}
WHERE bj.${unfinished}
  AND bj.sla_deadline_at <= NOW()
  AND ${scope(context, 'bj')}
ORDER BY bj.sla_deadline_at
LIMIT ${context.limit}`,
};
