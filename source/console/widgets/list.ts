export type Motion = 'up' | 'down' | 'page-up' | 'page-down' | 'first' | 'last';

/** Where a motion leads from row `index` of `length`; a page has `page` rows, one stays in view. */
export function movedIndex(motion: Motion, index: number, length: number, page: number): number {
  const jump = Math.max(1, page - 1);
  const steps: Record<Motion, number> = {
    up: index - 1,
    down: index + 1,
    'page-up': index - jump,
    'page-down': index + jump,
    first: 0,
    last: length - 1,
  };
  return Math.min(Math.max(0, steps[motion]), Math.max(0, length - 1));
}

/** The first row shown so that row `index` is in view, moving the window as little as possible. */
export function windowTop(top: number, index: number, rows: number, length: number): number {
  const lowest = Math.max(0, length - rows);
  return Math.max(0, Math.min(lowest, Math.max(index - rows + 1, Math.min(top, index))));
}

const keys: Readonly<Record<string, Motion>> = {
  up: 'up',
  down: 'down',
  'page-up': 'page-up',
  'page-down': 'page-down',
  home: 'first',
  end: 'last',
};

export function motionOf(key: string): Motion | undefined {
  return keys[key];
}
