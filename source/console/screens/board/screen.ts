import { ask } from '../../model/asking.ts';
import { withOrderKept } from '../../model/board-order.ts';
import { type BoardName, boardInterval, cursorIndex, listed } from '../../model/boards.ts';
import { boardLayout } from '../../model/layout.ts';
import type { State } from '../../model/state.ts';
import { type Motion, movedIndex, windowTop } from '../../widgets/list.ts';
import type { Screen } from '../contract.ts';

export function boardScreen(name: BoardName): Screen {
  return {
    ask: (state) => ask(state, 'board', { type: 'load-board', board: name, check: state.check }),
    unread: ({ boards }) => boards[name].data === null,
    interval: ({ interval_ms }) => boardInterval(name, interval_ms),
    move: (state, motion) => moved(state, name, motion),
    windowed: (state) => windowed(state, name),
  };
}

function moved(state: State, name: BoardName, motion: Motion): State {
  const board = state.boards[name];
  const rows = listed(name, board);
  const from = cursorIndex(rows, board.cursor);
  const next = rows[movedIndex(motion, from, rows.length, boardLayout(state).rows)];
  if (next === undefined) return state;
  return {
    ...state,
    boards: { ...state.boards, [name]: withOrderKept({ ...board, cursor: next.key }, state.at) },
  };
}

function windowed(state: State, name: BoardName): State {
  const board = state.boards[name];
  const rows = listed(name, board);
  const index = cursorIndex(rows, board.cursor);
  const top = windowTop(board.top, index, boardLayout(state).rows, rows.length);
  if (top === board.top) return state;
  return { ...state, boards: { ...state.boards, [name]: { ...board, top } } };
}
