import {
  type Board,
  type BoardData,
  type BoardName,
  cursorBound,
  cursorIndex,
  isNewestFirst,
  listed,
  orderOf,
} from './boards.ts';
import { keepOrderMs } from './job-rows.ts';
import type { State } from './state.ts';

export function withOrderKept<N extends BoardName>(board: Board<N>, at: number): Board<N> {
  return { ...board, keep_order_until: at + keepOrderMs };
}

/**
 * While the order is kept, rows stay in place, new ones are appended, and the cursor's row keeps
 * its line.
 */
export function withBoardData<N extends BoardName>(
  { at, overlay, screen }: State,
  name: N,
  before: Board<N>,
  data: BoardData[N],
  more: Partial<Pick<Board<N>, 'what'>> = {},
): Board<N> {
  const held = before.data !== null && (at < before.keep_order_until || overlay?.type === 'card');
  const order = held && !isNewestFirst(name) ? orderOf(name, before) : null;
  const board: Board<N> = { ...before, ...more, data, order, received_at: at };
  // A board that is not shown and has no cursor opens at its first row.
  const unseen = screen !== name && before.cursor === null;
  const cursor = unseen ? null : cursorBound(name, board, before);
  const bound = { ...board, cursor };
  if (!held || cursor === null) return bound;
  const row = cursorIndex(listed(name, before), before.cursor) - before.top;
  return { ...bound, top: Math.max(0, cursorIndex(listed(name, bound), cursor) - row) };
}
