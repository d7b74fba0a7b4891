import { atRiskLevels } from '../risk/risk.ts';
import { healthy } from './health.ts';
import type { JobView } from './job.ts';
import { isTerminal, type JobState } from './state.ts';

export type Sort = { column: string; descending: boolean };

export const attention = 'attention';
export const byAttention: Sort = { column: attention, descending: false };

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

/** Nulls sort last in both directions. */
const values: Readonly<Record<string, (job: JobView) => Value>> = {
  state: (job) => job.state,
  asset: (job) => job.asset_name,
  progress: (job) => job.progress,
  done: (job) => job.completed_partitions,
  failed: (job) => job.failed_partitions,
  rate: (job) => job.rate_per_minute,
  eta: (job) => job.eta_seconds,
  // Deadlines of ended jobs do not matter.
  sla: (job) => (isTerminal(job.state) ? null : (job.sla_deadline_at?.getTime() ?? null)),
  priority: (job) => job.priority,
  heartbeat: (job) => job.heartbeat_age_seconds,
  slots: (job) => job.running_slots,
  age: (job) => job.created_at.getTime(),
  id: (job) => job.id,
  checkpoint: (job) => job.checkpoint_partition_key,
  by: (job) => job.created_by,
};

export const sortColumns: readonly string[] = [attention, ...Object.keys(values)];

/**
 * Columns sorted by an index at any number of jobs. The others change with every batch (an index
 * would cost each its HOT update) or are computed: only lists small enough to be read whole are
 * sorted by them.
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

/** What the order by attention depends on. */
export type AttentionFacts = Pick<
  JobView,
  'id' | 'state' | 'urgency' | 'priority' | 'created_at' | 'completed_at'
>;

/** A total order: creation time and id decide between equal jobs. */
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

/** By urgency (health.ts), then active jobs by priority, then ended jobs, the newest first. */
export function compareAttention(a: AttentionFacts, b: AttentionFacts): number {
  const ranks = a.urgency - b.urgency || stateRank(a.state) - stateRank(b.state);
  if (ranks !== 0) return ranks;
  if (!isTerminal(a.state)) return b.priority - a.priority || -compareCreation(a, b);
  const [left, right] = [a.completed_at, b.completed_at];
  if (left === null || right === null) {
    return Number(left === null) - Number(right === null) || -compareCreation(a, b);
  }
  return right.getTime() - left.getTime() || -compareText(a.id, b.id);
}

/** Whether it needs a person: the filter `problems`, and the head of the table. */
export function isProblem(job: Pick<JobView, 'urgency'>): boolean {
  return job.urgency < healthy;
}

/** Unfinished jobs expected to miss their deadline, and those past it. */
export type Lateness = { at_risk: number; breached: number; capped: boolean };

/** @param most the counts stop here */
export function latenessOf(
  jobs: readonly Pick<JobView, 'state' | 'risk_level'>[],
  most = Number.POSITIVE_INFINITY,
): Lateness {
  const unfinished = jobs.filter(({ state }) => !isTerminal(state));
  return {
    capped: jobs.length >= most,
    at_risk: unfinished.filter(({ risk_level }) => atRiskLevels.includes(risk_level)).length,
    breached: unfinished.filter(({ risk_level }) => risk_level === 'breached').length,
  };
}

/** Ended states rank alike, by their time; an unknown state ranks as active. */
export function stateRank(state: string): number {
  if (isTerminal(state)) return stateOrder.length;
  return Math.max(0, (stateOrder as readonly string[]).indexOf(state));
}

function compareCreation(
  a: Pick<JobView, 'id' | 'created_at'>,
  b: Pick<JobView, 'id' | 'created_at'>,
): number {
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
