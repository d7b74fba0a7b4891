import type { ExecutorCounts } from '../executor/executor.ts';
import { later } from '../time/time.ts';
import type { CheckColumn, CheckName, FoundRow, Section, Severity } from './checks.ts';
import type { Thresholds } from './thresholds.ts';

/** The runbooks' alerts by name, plus two that they lack: SLA breach and no executor. */
export const alertNames = [
  'ServoBackfillJobStuck',
  'ServoBackfillNoExecutor',
  'ServoBackfillHighFailureRate',
  'ServoBackfillLongRunning',
  'ServoBackfillQueueDepth',
  'ServoBackfillSLAAtRisk',
  'ServoBackfillSLABreach',
] as const;
export type AlertName = (typeof alertNames)[number];

export type Figure = { value: number; kind: CheckColumn['kind'] };

type AlertRow = {
  severity: Exclude<Severity, 'notice'>;
  description: string;
  section: Section;
  check: CheckName;
  threshold: (thresholds: Thresholds) => Figure;
  /** Thresholds of the check that the alert overrides. */
  adjust?: (thresholds: Thresholds) => Thresholds;
  /** The column compared with the threshold; absent: the number of rows. */
  figure?: string;
  /** Milliseconds above the threshold before it fires; absent: 0. */
  lasting?: (thresholds: Thresholds) => number;
  /** Start of the condition, as far as the rows show. */
  since: (rows: readonly FoundRow[], thresholds: Thresholds) => Date | null;
};

const operations = (heading = 'Related Alerts'): Section => ({
  runbook: 'backfill-operations',
  heading,
});
const sla: Section = { runbook: 'backfill-sla-at-risk', heading: 'Related Alerts' };

const earliest = (rows: readonly FoundRow[], after = 0): Date | null => {
  const times = rows.flatMap(({ since }) => (since === null ? [] : [since.getTime()]));
  return times.length === 0 ? null : later(new Date(Math.min(...times)), after);
};

const jobs = (): Figure => ({ value: 0, kind: 'count' });

/** backfill-operations and backfill-sla-at-risk, "Related Alerts". */
export const alertTable: Readonly<Record<AlertName, AlertRow>> = {
  ServoBackfillJobStuck: {
    severity: 'critical',
    description: 'Job not making progress',
    section: operations(),
    check: 'stuck',
    adjust: (thresholds) => ({ ...thresholds, heartbeat_stale: thresholds.heartbeat_alert }),
    threshold: ({ heartbeat_alert }) => ({ value: heartbeat_alert / 1000, kind: 'seconds' }),
    figure: 'heartbeat_age_secs',
    since: (rows, { heartbeat_alert }) => earliest(rows, heartbeat_alert),
  },
  ServoBackfillNoExecutor: {
    severity: 'critical',
    description: 'Jobs wait, and no live executor has a handler for them',
    section: operations('Scenario: Job Stuck in "Resuming" State'),
    check: 'no-executor',
    threshold: jobs,
    lasting: ({ no_executor }) => no_executor,
    since: (rows) =>
      earliest(
        rows.map((row) => {
          const seen = row.cells.last_seen_at;
          const since = seen instanceof Date && row.since !== null && seen > row.since;
          return since ? { ...row, since: seen } : row;
        }),
      ),
  },
  ServoBackfillHighFailureRate: {
    severity: 'warning',
    description: 'High failure rate',
    section: operations(),
    check: 'failure-rate',
    threshold: ({ failure_rate }) => ({ value: failure_rate, kind: 'ratio' }),
    figure: 'failure_rate',
    // The rows have the start of the window, not of the excess.
    since: () => null,
  },
  ServoBackfillLongRunning: {
    severity: 'warning',
    description: 'Unusually long backfill',
    section: operations(),
    check: 'long-running',
    threshold: ({ long_running }) => ({ value: long_running / 1000, kind: 'seconds' }),
    figure: 'running_secs',
    since: (rows) => earliest(rows),
  },
  ServoBackfillQueueDepth: {
    severity: 'warning',
    description: 'Jobs queued waiting',
    section: operations(),
    check: 'queue-depth',
    threshold: ({ queue_depth }) => ({ value: queue_depth, kind: 'count' }),
    // Oldest first: the row after the threshold passed it, at the latest.
    since: (rows, { queue_depth }) => rows[queue_depth]?.since ?? null,
  },
  ServoBackfillSLAAtRisk: {
    severity: 'warning',
    description: 'Jobs projected to miss their SLA deadline',
    section: sla,
    check: 'at-risk',
    threshold: jobs,
    since: (rows) => earliest(rows),
  },
  ServoBackfillSLABreach: {
    severity: 'critical',
    description: 'Jobs past their SLA deadline',
    section: sla,
    check: 'breached',
    threshold: jobs,
    since: (rows) => earliest(rows),
  },
};

type AlertJob = Pick<FoundRow, 'job_id' | 'asset_name' | 'state' | 'since'> & {
  value: number | null;
};

export type Alert = {
  name: AlertName;
  severity: AlertRow['severity'];
  description: string;
  section: Section;
  check: CheckName;
  firing: boolean;
  threshold: Figure;
  /** Seconds above the threshold before it fires; 0: none. */
  lasting_seconds: number;
  /** Compared with the threshold: the worst figure, or a count; null if nothing is found. */
  figure: (Figure & { /** A count that was cut off. */ at_least?: boolean }) | null;
  column: CheckColumn;
  /** Null: unknown. */
  since: Date | null;
  /** Jobs (assets for NoExecutor), at most as many as are read. */
  found: number;
  truncated: boolean;
  /** The worst 20. */
  jobs: readonly AlertJob[];
};

export type AlertReport = {
  as_of: Date;
  tenant_id: string;
  alerts: readonly Alert[];
  executors: ExecutorCounts;
};

/** Firing ones first, critical before warning; the rest in table order. */
export function firingFirst(alerts: readonly Alert[]): Alert[] {
  const rank = ({ firing, severity }: Alert) => (firing ? (severity === 'critical' ? 0 : 1) : 2);
  return alerts.toSorted((a, b) => rank(a) - rank(b));
}
