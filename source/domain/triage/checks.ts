import { type Action, refusalOf } from '../job/state.ts';
import type { Thresholds } from './thresholds.ts';

export const checkNames = [
  'stuck',
  'no-progress',
  'resuming',
  'unclaimed',
  'no-executor',
  'failure-rate',
  'failed-partitions',
  'checkpoint',
  'eta',
  'eta-missing',
  'wont-resume',
  'breached',
  'at-risk',
  'waiting-upstream',
  'long-running',
  'queue-depth',
  'bulk-reclaim',
  'bulk-cancel',
] as const;
export type CheckName = (typeof checkNames)[number];

/** A notice does not end a command with exit code 10. */
export const severities = ['critical', 'warning', 'notice'] as const;
export type Severity = (typeof severities)[number];

export type Runbook = 'backfill-operations' | 'backfill-sla-at-risk';
/** A runbook's file name without `.md`, and a heading. */
export type Section = { runbook: Runbook; heading: string };

/** seconds: an age, in steps below a minute; duration: seconds told exactly, as a lateness. */
type ColumnKind =
  | 'text'
  | 'state'
  | 'count'
  | 'seconds'
  | 'duration'
  | 'milliseconds'
  | 'ratio'
  | 'time';

/** Kinds whose cells are numbers. */
export const figureKinds: readonly ColumnKind[] = [
  'count',
  'seconds',
  'duration',
  'milliseconds',
  'ratio',
];
export type CheckColumn = { name: string; title: string; kind: ColumnKind };

export type RemedyAction =
  | Action
  | 'reclaim'
  | 'retry'
  | 'recreate'
  | 'set-deadline'
  | 'set-priority'
  | 'set-parallel'
  | 'start-executor'
  | 'look'
  | 'wait';

export type Remedy = {
  action: RemedyAction;
  text: string;
  /** Job states in which it is possible; null: any, or not an action on the job. */
  states: readonly string[] | null;
  /** `JOB` stands for the job's id. */
  command: string | null;
  /** The runbook's statement for all rows, to read and to copy; this program never runs it. */
  sql: string | null;
};

export type CheckContext = {
  tenant: string;
  thresholds: Thresholds;
  /** Null: all jobs of the tenant. */
  job: string | null;
  limit: number;
};

/** Shared by `triage`, `alerts`, `explain` and the console. */
export type CheckDefinition = {
  name: CheckName;
  title: string;
  section: Section;
  meaning: string;
  severity: Severity;
  columns: readonly CheckColumn[];
  /** The column that ranks rows; the greatest value is the worst. */
  figure: string;
  remedies: readonly Remedy[];
};

export type Cell = string | number | boolean | Date | null;

export type FoundRow = {
  /** Null: the row is about an asset or the tenant. */
  job_id: string | null;
  asset_name: string;
  /** For compare-and-set; null without a job. */
  state: string | null;
  version: number | null;
  /** Null: unknown. */
  since: Date | null;
  cells: Readonly<Record<string, Cell>>;
};

export type Finding = {
  as_of: Date;
  tenant_id: string;
  check: CheckDefinition;
  /** Set if the runbook has a query for one job, with its own columns. */
  job_id: string | null;
  columns: readonly CheckColumn[];
  sql: string;
  rows: readonly FoundRow[];
  truncated: boolean;
};

export type Worst = Pick<FoundRow, 'job_id' | 'asset_name' | 'since'> & {
  /** To be shown as `column` says. */
  value: Cell;
  column: CheckColumn;
};

export type CheckSummary = {
  check: CheckDefinition;
  /** At most as many rows as are read; `truncated`: there are more. */
  found: number;
  truncated: boolean;
  worst: Worst | null;
  sql: string;
};

export function worstOf(check: CheckDefinition, rows: readonly FoundRow[]): Worst | null {
  const column = check.columns.find(({ name }) => name === check.figure);
  if (column === undefined || rows.length === 0) return null;
  const weight = (row: FoundRow) => Number(row.cells[check.figure] ?? Number.NEGATIVE_INFINITY);
  const worst = rows.reduce((most, row) => (weight(row) > weight(most) ? row : most));
  const { job_id, asset_name, since } = worst;
  return { job_id, asset_name, since, value: worst.cells[check.figure] ?? null, column };
}

/** Checks with rows first, by severity; else in table order. */
export function foundFirst(checks: readonly CheckSummary[]): CheckSummary[] {
  const rank = ({ check, found }: CheckSummary) =>
    found > 0 ? severities.indexOf(check.severity) : severities.length;
  return checks.toSorted((a, b) => rank(a) - rank(b));
}

export function needsAttention({ check, found }: Pick<CheckSummary, 'check' | 'found'>): boolean {
  return found > 0 && check.severity !== 'notice';
}

/** Why a remedy is impossible on a row; null if it is possible. */
export function remedyRefusal(remedy: Remedy, row: FoundRow): string | null {
  const { action, states } = remedy;
  if (states === null) return null;
  if (row.state === null) return 'this is not a job';
  if (states.includes(row.state)) return null;
  if (action === 'pause' || action === 'resume' || action === 'cancel') {
    return refusalOf(action, row.state);
  }
  return `only of a job that is ${states.join(' or ')}; this one is ${row.state}`.replaceAll(
    '_',
    ' ',
  );
}
