import { type Action, refusalOf } from '../job/state.ts';
import type { Thresholds } from './thresholds.ts';

/** The checks of the runbooks, and of their alerts, in the order in which they are shown. */
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

/** A notice is worth a look, and no reason for a script to end with 10. */
export const severities = ['critical', 'warning', 'notice'] as const;
export type Severity = (typeof severities)[number];

export type Runbook = 'backfill-operations' | 'backfill-sla-at-risk';
/** Where the runbooks say so: the file's name without `.md`, and the heading. */
export type Section = { runbook: Runbook; heading: string };

/** How a column is shown: `seconds` and `milliseconds` are durations, `ratio` is 0..1 for per cent. */
export type ColumnKind = 'text' | 'state' | 'count' | 'seconds' | 'milliseconds' | 'ratio' | 'time';
export type CheckColumn = { name: string; title: string; kind: ColumnKind };

/** What an operator can do; those of job-state.ts, the other writing commands, and what is done elsewhere. */
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
  /** The runbook's advice. */
  text: string;
  /** States of a job in which it can be done; null: in any, or it is not done to the job. */
  states: readonly string[] | null;
  /** The command line, where there is one; `JOB` stands for the job's id. */
  command: string | null;
  /** The runbook's statement for all rows at once, where it has one: to be read and copied, never run by this program. */
  sql: string | null;
};

/** What a check's statement is made of. */
export type CheckContext = {
  tenant: string;
  thresholds: Thresholds;
  /** Only this job; null: all of the tenant. */
  job: string | null;
  /** Rows at most. */
  limit: number;
};

/** One check: the same for `triage`, `alerts`, `explain` and the console. */
export type CheckDefinition = {
  name: CheckName;
  title: string;
  section: Section;
  /** What the runbook says it means. */
  meaning: string;
  severity: Severity;
  columns: readonly CheckColumn[];
  /** The column that says how bad a row is; the row with the greatest is the worst. */
  figure: string;
  remedies: readonly Remedy[];
};

export type Cell = string | number | boolean | Date | null;

export type FoundRow = {
  /** Null where an asset or the tenant is found, not a job. */
  job_id: string | null;
  asset_name: string;
  /** As they were seen, for a compare-and-set; null without a job. */
  state: string | null;
  version: number | null;
  /** Since when it is so, as far as can be known. */
  since: Date | null;
  cells: Readonly<Record<string, Cell>>;
};

/** The rows of one check, and the very statement that found them. */
export type Finding = {
  as_of: Date;
  tenant_id: string;
  check: CheckDefinition;
  /** Of one job where the runbook asks of one: its own columns and rows. */
  job_id: string | null;
  columns: readonly CheckColumn[];
  sql: string;
  rows: readonly FoundRow[];
  /** More were found than are here. */
  truncated: boolean;
};

export type Worst = Pick<FoundRow, 'job_id' | 'asset_name' | 'since'> & {
  /** The figure, to be shown as the column says. */
  value: Cell;
  column: CheckColumn;
};

/** One line of the triage screen. */
export type CheckSummary = {
  check: CheckDefinition;
  /** Rows, at most as many as are read; `truncated` where there are more. */
  found: number;
  truncated: boolean;
  worst: Worst | null;
  sql: string;
};

/** The worst of the rows: the one with the greatest figure, the first of equals. */
export function worstOf(check: CheckDefinition, rows: readonly FoundRow[]): Worst | null {
  const column = check.columns.find(({ name }) => name === check.figure);
  if (column === undefined || rows.length === 0) return null;
  const weight = (row: FoundRow) => Number(row.cells[check.figure] ?? Number.NEGATIVE_INFINITY);
  const worst = rows.reduce((most, row) => (weight(row) > weight(most) ? row : most));
  const { job_id, asset_name, since } = worst;
  return { job_id, asset_name, since, value: worst.cells[check.figure] ?? null, column };
}

/** What is found comes first, the gravest before the rest; else in the order of the table. */
export function foundFirst(checks: readonly CheckSummary[]): CheckSummary[] {
  const rank = ({ check, found }: CheckSummary) =>
    found > 0 ? severities.indexOf(check.severity) : severities.length;
  return checks.toSorted((a, b) => rank(a) - rank(b));
}

/** What makes a monitor look: anything found but what is a notice. */
export function isTrouble({ check, found }: Pick<CheckSummary, 'check' | 'found'>): boolean {
  return found > 0 && check.severity !== 'notice';
}

/** Why a remedy is not possible on a row, as a sentence; null where it is. */
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
