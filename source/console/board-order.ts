import { keepOrderMs } from './arrange.ts';
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
import type { State } from './state.ts';

/** A board that the operator moves on: its order is held for a while. */
export function withOrderKept<N extends BoardName>(board: Board<N>, at: number): Board<N> {
  return { ...board, keep_order_until: at + keepOrderMs };
}

/**
 * A board with what has been read anew: its rows in their old places while the order is held, new ones after them, and the row under the
 * cursor where it was on the screen; else in the board's order. A journal has but one order: there, what is new pushes nothing.
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
  // What nobody looks at has nothing under its cursor yet: it opens at what is first then.
  const unseen = screen !== name && before.cursor === null;
  const cursor = unseen ? null : cursorBound(name, board, before);
  const bound = { ...board, cursor };
  if (!held || cursor === null) return bound;
  const row = cursorIndex(listed(name, before), before.cursor) - before.top;
  return { ...bound, top: Math.max(0, cursorIndex(listed(name, bound), cursor) - row) };
}
