import { attention, type Sort, sortColumns } from '../../domain/job/order.ts';
import { jobColumns, pinnedColumns } from '../../presentation/job/columns.ts';
import type { Effect } from '../model/effects.ts';
import { rearrange } from '../model/job-rows.ts';
import { keyFor } from '../model/key-hints.ts';
import { noticed } from '../model/notice.ts';
import type { State, Step } from '../model/state.ts';
import { refresh } from './loading.ts';

const intervals = [500, 1000, 2000, 5000, 10_000, 30_000, 60_000];
export const shortestInterval = 250;
export const longestInterval = 600_000;

export function turnSort(state: State, by: 1 | -1): Step {
  const index = sortColumns.indexOf(state.jobs.sort.column) + by + sortColumns.length;
  return sortBy(state, { column: sortColumns[index % sortColumns.length]!, descending: false });
}

export function invertSort(state: State): Step {
  const { column, descending } = state.jobs.sort;
  return sortBy(state, { column, descending: !descending });
}

export function sortBy(state: State, sort: Sort): Step {
  return noticed(
    { ...state, jobs: rearrange({ ...state.jobs, sort }) },
    `sorted by ${sortName(sort)}`,
  );
}

export function sortName({ column, descending }: Sort): string {
  const title = jobColumns.find(({ name }) => name === column)?.title;
  const name = column === attention ? 'attention' : (title ?? column);
  return descending ? `${name}, inverted` : name;
}

export function turnWide(state: State): Step {
  const wide = state.wide === null ? 0 : null;
  return noticed(
    { ...state, wide },
    wide === null
      ? 'as many columns as fit'
      : `all columns: ${keyFor(state, 'left')} ${keyFor(state, 'right')} scroll, ${keyFor(state, 'wide')} fits them again`,
  );
}

export function scrollColumns(state: State, by: 1 | -1): Step {
  const most = jobColumns.length - pinnedColumns - 1;
  return [{ ...state, wide: Math.min(most, Math.max(0, (state.wide ?? 0) + by)) }, []];
}

export function notWide(state: State): string | null {
  if (state.wide !== null) return null;
  return `all columns are visible: ${keyFor(state, 'wide')} shows them at full width`;
}

export function turnFreeze(state: State): Step {
  if (state.frozen_at !== null) return refresh({ ...state, frozen_at: null });
  return [
    { ...state, frozen_at: state.at },
    [
      { type: 'stop-timer', name: 'refresh' },
      { type: 'timer', name: 'clock', after_ms: 1000 },
    ],
  ];
}

export function turnInterval(state: State, by: 1 | -1): Step {
  const others = intervals.filter((ms) => Math.sign(ms - state.interval_ms) === by);
  const interval_ms = (by === 1 ? others[0] : others.at(-1)) ?? state.interval_ms;
  return setInterval(state, interval_ms);
}

export function setInterval(state: State, interval_ms: number): Step {
  const text = `refresh every ${interval_ms / 1000} s`;
  const [next, effects] = noticed({ ...state, interval_ms }, text);
  const timer: Effect = { type: 'timer', name: 'refresh', after_ms: interval_ms };
  return [next, state.frozen_at === null ? [...effects, timer] : effects];
}
