const page = 10;

/** Where a key moves the cursor of a list of `length` rows; null if it does not. */
export function movedCursor(cursor: number, key: string, length: number): number | null {
  const last = Math.max(0, length - 1);
  const moves: Readonly<Record<string, number>> = {
    down: cursor + 1,
    up: cursor - 1,
    'page-down': cursor + page,
    'page-up': cursor - page,
    home: 0,
    end: last,
  };
  const next = moves[key];
  return next === undefined ? null : Math.min(Math.max(0, next), last);
}
