import { keepOrderMs, rowsOf } from './arrange.ts';
import { withOrderKept } from './board-order.ts';
import { type BoardName, cursorIndex, isBoard, listed } from './boards.ts';
import { boardLayout, jobsLayout, pageRows, readerLines, readerRows } from './layout.ts';
import { withRange } from './marks.ts';
import { isPaged } from './paging.ts';
import { panelItems, selectedIndex } from './panels.ts';
import type { JobScreen, State } from './state.ts';

export type Motion = 'up' | 'down' | 'page-up' | 'page-down' | 'first' | 'last';

export function move(state: State, motion: Motion): State {
  if (state.overlay?.type === 'reader') {
    const { overlay } = state;
    const last = Math.max(0, readerLines(overlay, state.size).length - readerRows(state.size));
    const top = target(motion, overlay.top, last + 1, state);
    // At its end a growing text is followed; scrolled up, it stays.
    return { ...state, overlay: { ...overlay, top, follow: top === last } };
  }
  if (isBoard(state.screen)) return movedBoard(state, state.screen, motion);
  return state.screen === 'job' && state.job !== null
    ? { ...state, job: movedPanel(state, state.job, motion) }
    : movedTable(state, motion);
}

function movedTable(state: State, motion: Motion): State {
  const end = state.jobs.list?.page;
  const beyond =
    (motion === 'first' && end?.before) || (motion === 'last' && end?.after) ? motion : null;
  if (beyond !== null && isPaged(state.jobs) && state.frozen_at === null) {
    return { ...state, jobs: { ...state.jobs, goal: beyond } };
  }
  const rows = rowsOf(state.jobs);
  const index = rows.findIndex(({ job }) => job.id === state.jobs.cursor);
  const next = rows[target(motion, index, rows.length, state)];
  if (next === undefined) return state;
  return withRange({
    ...state,
    jobs: {
      ...state.jobs,
      cursor: next.job.id,
      goal: null,
      keep_order_until: state.at + keepOrderMs,
    },
  });
}

function movedBoard(state: State, name: BoardName, motion: Motion): State {
  const board = state.boards[name];
  const rows = listed(name, board);
  const next = rows[target(motion, cursorIndex(rows, board.cursor), rows.length, state)];
  if (next === undefined) return state;
  return {
    ...state,
    boards: { ...state.boards, [name]: withOrderKept({ ...board, cursor: next.key }, state.at) },
  };
}

function movedPanel(state: State, job: JobScreen, motion: Motion): JobScreen {
  const items = panelItems(job, job.panel);
  const next = items[target(motion, selectedIndex(job, items, job.panel), items.length, state)];
  if (next === undefined) return job;
  return { ...job, selected: { ...job.selected, [job.panel]: next.key } };
}

function target(motion: Motion, index: number, length: number, state: State): number {
  const page = Math.max(1, pageRows(state) - 1);
  const steps: Record<Motion, number> = {
    up: index - 1,
    down: index + 1,
    'page-up': index - page,
    'page-down': index + page,
    first: 0,
    last: length - 1,
  };
  return Math.min(Math.max(0, steps[motion]), Math.max(0, length - 1));
}

/** Keeps the cursor inside the window, moving the window as little as possible. */
export function withWindow(state: State): State {
  const { order, cursor } = state.jobs;
  const index = cursor === null ? 0 : Math.max(0, order.indexOf(cursor));
  const top = windowTop(state.jobs.top, index, jobsLayout(state).rows, order.length);
  const kept = top === state.jobs.top ? state : { ...state, jobs: { ...state.jobs, top } };
  return isBoard(state.screen) ? withBoardWindow(kept, state.screen) : kept;
}

function withBoardWindow(state: State, name: BoardName): State {
  const board = state.boards[name];
  const rows = listed(name, board);
  const index = cursorIndex(rows, board.cursor);
  const top = windowTop(board.top, index, boardLayout(state).rows, rows.length);
  if (top === board.top) return state;
  return { ...state, boards: { ...state.boards, [name]: { ...board, top } } };
}

function windowTop(top: number, index: number, rows: number, length: number): number {
  const lowest = Math.max(0, length - rows);
  return Math.max(0, Math.min(lowest, Math.max(index - rows + 1, Math.min(top, index))));
}
