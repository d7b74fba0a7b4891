import type { JobView } from '../domain/job.ts';
import { isTerminal } from '../domain/job-state.ts';
import { jobColumns } from '../presentation/job-columns.ts';
import { stateOrder } from '../presentation/state-words.ts';
import { attention, type Sort } from './state.ts';

type Compare = (a: JobView, b: JobView) => number;

/** The columns that the table can be sorted by, in the order that `<` and `>` go through them. */
export const sortColumns: readonly string[] = [
  attention,
  ...jobColumns.map(({ name }) => name).filter((name) => name !== 'percent'),
];

/** Compares jobs for the table; equal ones are told apart by id, so that the order is total. */
export function compareBy({ column, descending }: Sort): Compare {
  const compare = column === attention ? byAttention : byColumn(column, descending);
  const direction = column === attention && descending ? -1 : 1;
  return (a, b) => direction * compare(a, b) || compareText(a.id, b.id);
}

/** What needs a person first: see the table. Then what moves, then what is newest. */
function byAttention(a: JobView, b: JobView): number {
  return (
    rankOf(a) - rankOf(b) ||
    stateRank(a) - stateRank(b) ||
    b.priority - a.priority ||
    recency(b) - recency(a)
  );
}

const ranks: readonly ((job: JobView) => boolean)[] = [
  (job) => !isTerminal(job.state) && job.risk_level === 'breached',
  (job) => job.heartbeat_stale,
  (job) => job.risk_level === 'high',
  (job) => job.state === 'resuming' && (job.heartbeat_age_seconds ?? 0) > 60,
  (job) => !isTerminal(job.state) && job.risk_level === 'unknown',
  (job) => job.risk_level === 'medium',
  (job) => job.risk_level === 'low',
  (job) => !isTerminal(job.state),
];

function rankOf(job: JobView): number {
  const rank = ranks.findIndex((applies) => applies(job));
  return rank === -1 ? ranks.length : rank;
}

function stateRank(job: JobView): number {
  // Ended jobs are in the order in which they ended, whatever became of them.
  if (isTerminal(job.state)) return stateOrder.length;
  const rank = (stateOrder as readonly string[]).indexOf(job.state);
  return rank === -1 ? 0 : rank;
}

function recency(job: JobView): number {
  return (job.completed_at ?? job.created_at).getTime();
}

/** What is absent comes last in either direction. */
function byColumn(name: string, descending: boolean): Compare {
  const value = jobColumns.find((column) => column.name === name)?.value ?? (() => null);
  const direction = descending ? -1 : 1;
  return (a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    const order =
      typeof left === 'number' && typeof right === 'number'
        ? left - right
        : compareText(String(left), String(right));
    return direction * order;
  };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
