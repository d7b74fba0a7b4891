import { atRiskLevels } from '../risk/risk.ts';
import { healthy } from './health.ts';
import type { JobView } from './job.ts';
import { isTerminal, type JobState } from './state.ts';

export type Sort = { column: string; descending: boolean };

export const attention = 'attention';
export const byAttention: Sort = { column: attention, descending: false };

/** What moves first, what has ended last. */
export const stateOrder: readonly JobState[] = [
  'running',
  'resuming',
  'paused',
  'waiting_upstream',
  'pending',
  'failed',
  'completed',
  'cancelled',
];

type Value = number | string | null;

/** What each column sorts by; null comes last either way. */
const values: Readonly<Record<string, (job: JobView) => Value>> = {
  state: (job) => job.state,
  asset: (job) => job.asset_name,
  progress: (job) => job.progress,
  done: (job) => job.completed_partitions,
  failed: (job) => job.failed_partitions,
  rate: (job) => job.rate_per_minute,
  eta: (job) => job.eta_seconds,
  // A deadline that was met or missed long ago stands in nobody's way.
  sla: (job) => (isTerminal(job.state) ? null : (job.sla_deadline_at?.getTime() ?? null)),
  priority: (job) => job.priority,
  heartbeat: (job) => job.heartbeat_age_seconds,
  slots: (job) => job.running_slots,
  age: (job) => job.created_at.getTime(),
  id: (job) => job.id,
  checkpoint: (job) => job.checkpoint_partition_key,
  by: (job) => job.created_by,
};

/** The columns that jobs can be sorted by, in the table's order. */
export const sortColumns: readonly string[] = [attention, ...Object.keys(values)];

/**
 * Those that an index leads through however many jobs there are. The others are figures that change with every step (an
 * index on them would cost each step its HOT update), or that are computed: they order what is small enough to be read whole.
 */
export const walkedColumns: readonly string[] = [
  attention,
  'state',
  'sla',
  'priority',
  'age',
  'id',
];

type Compare = (a: JobView, b: JobView) => number;

/** A total order. Equal jobs follow their creation and their id, in the direction of the sort. */
export function compareBy({ column, descending }: Sort): Compare {
  const direction = descending ? -1 : 1;
  if (column === attention) return (a, b) => direction * compareAttention(a, b);
  const value = values[column] ?? (() => null);
  return (a, b) => {
    const [left, right] = [value(a), value(b)];
    const absent = Number(left === null) - Number(right === null);
    return absent || direction * (compareValues(left, right) || compareCreation(a, b));
  };
}

/** What needs a person first, by its urgency (health.ts). Then what moves, the higher priority first, then what ended last. */
function compareAttention(a: JobView, b: JobView): number {
  const ranks = a.urgency - b.urgency || stateRank(a.state) - stateRank(b.state);
  if (ranks !== 0) return ranks;
  if (!isTerminal(a.state)) return b.priority - a.priority || -compareCreation(a, b);
  const [left, right] = [a.completed_at, b.completed_at];
  if (left === null || right === null) {
    return Number(left === null) - Number(right === null) || -compareCreation(a, b);
  }
  return right.getTime() - left.getTime() || -compareText(a.id, b.id);
}

/** Something about it needs a person: what the filter `problems` shows, and what comes before all others in the table. */
export function isProblem(job: JobView): boolean {
  return job.urgency < healthy;
}

/** Living jobs that are expected to miss their deadline, and those that have: apart, as alerts and metrics tell them. */
export type Lateness = { at_risk: number; breached: number; capped: boolean };

/** `most`: as many jobs have been looked for at most; there may be more than are counted. */
export function latenessOf(jobs: readonly JobView[], most = Number.POSITIVE_INFINITY): Lateness {
  const living = jobs.filter(({ state }) => !isTerminal(state));
  return {
    capped: jobs.length >= most,
    at_risk: living.filter(({ risk_level }) => atRiskLevels.includes(risk_level)).length,
    breached: living.filter(({ risk_level }) => risk_level === 'breached').length,
  };
}

/** Ended jobs are in the order in which they ended, whatever became of them; an unknown state is with what moves. */
export function stateRank(state: string): number {
  if (isTerminal(state)) return stateOrder.length;
  return Math.max(0, (stateOrder as readonly string[]).indexOf(state));
}

function compareCreation(a: JobView, b: JobView): number {
  return a.created_at.getTime() - b.created_at.getTime() || compareText(a.id, b.id);
}

function compareValues(left: Value, right: Value): number {
  return typeof left === 'number' && typeof right === 'number'
    ? left - right
    : compareText(String(left), String(right));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
