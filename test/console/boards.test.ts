import { describe, expect, test } from 'vitest';
import {
  type Board,
  type BoardName,
  boardInterval,
  boardNames,
  cursorBound,
  emptyBoards,
  isBoard,
  isNewestFirst,
  listed,
  orderOf,
  underCursor,
} from '../../source/console/model/boards.ts';
import { boardData, clicks, orders } from '../support/board-data.ts';

const boardOf = <N extends BoardName>(name: N, changes: Partial<Board<N>> = {}): Board<N> =>
  ({ ...emptyBoards[name], data: boardData[name], ...changes }) as Board<N>;
const keys = (name: BoardName, filter: string) =>
  listed(name, boardOf(name, { filter })).map(({ key }) => key);

/** Of each board: its rows in order as [key, the job that it is about], and what words leave of them. */
const boards: Record<
  Exclude<BoardName, 'risk'>,
  { rows: [string, string | undefined][]; words: Record<string, number[]> }
> = {
  triage: {
    rows: [
      ['stuck', 'orders'],
      ['calm', undefined],
    ],
    words: { stuck: [0], 'title CALM': [1], 'heading !stuck': [1], orders: [0], '!': [0, 1] },
  },
  check: {
    rows: [
      [`${orders.id} orders p1`, 'orders'],
      [`${orders.id} orders p2`, 'orders'],
      [`${clicks.id} clicks `, 'clicks'],
      ['  ', undefined],
    ],
    words: { refused: [0], 'p2 timeout': [1], '00000002': [2], clicks: [2], w9: [3], '!0000': [3] },
  },
  executors: {
    rows: [
      ['w1', 'orders'],
      ['w2', undefined],
    ],
    words: { w2: [1], alive: [0], handler_w2: [1], clicks: [0], 'w1 silent': [] },
  },
  alerts: {
    rows: [
      ['Stuck', 'clicks'],
      ['Slow', undefined],
    ],
    words: { firing: [0], ok: [1], critical: [0], warning: [1], 'about slow': [1], clicks: [0] },
  },
  events: {
    rows: [
      ['2', 'clicks'],
      ['1', 'orders'],
    ],
    words: {
      orders: [1],
      '00000002': [0],
      retry: [0],
      p7: [0],
      running: [1],
      paused: [1],
      joe: [0],
      joes: [0],
      app: [1],
      mainten: [1],
    },
  },
};

describe.each(Object.keys(boards) as (keyof typeof boards)[])('the board %s', (name) => {
  const { rows, words } = boards[name];
  test('has its rows in their order, each about its job', () => {
    const shown = listed(name, boardOf(name)).map(({ key, job }) => [key, job?.asset_name]);
    expect(shown).toEqual(rows);
    expect(orderOf(name, boardOf(name))).toEqual(rows.map(([key]) => key));
    expect(listed(name, emptyBoards[name] as Board<typeof name>)).toEqual([]);
    expect(orderOf(name, emptyBoards[name] as Board<typeof name>)).toEqual([]);
  });

  test.each(Object.entries(words))('is filtered by "%s"', (filter, left) => {
    expect(keys(name, filter)).toEqual(left.map((index) => rows[index]![0]));
  });

  test('keeps an order that is held, new rows after it', () => {
    const held = rows.map(([key]) => key).reverse();
    expect(orderOf(name, boardOf(name, { order: held }))).toEqual(held);
    const last = held.slice(0, 1);
    expect(orderOf(name, boardOf(name, { order: last }))[0]).toBe(last[0]);
  });

  test('binds its cursor: to its row, to what took its place, or to nothing yet', () => {
    const [first, second] = rows.map(([key]) => key);
    const bound = (cursor: string | null, before: Partial<Board> = {}) =>
      cursorBound(
        name,
        boardOf(name, { cursor }),
        boardOf(name, { cursor, ...before } as Partial<Board<typeof name>>),
      );
    expect(bound(second!)).toBe(second);
    expect(bound(null)).toBe(isNewestFirst(name) ? null : first);
    // Before, the second row was filtered away with the one that is gone now.
    expect(bound('gone', { filter: 'nothing has this' })).toBe(first);
    expect(underCursor(name, boardOf(name, { cursor: second! }))?.key).toBe(second);
    expect(underCursor(name, boardOf(name, { cursor: 'gone' }))?.key).toBe(first);
    expect(underCursor(name, boardOf(name, { filter: 'nothing has this' }))).toBeNull();
  });
});

test('the calculator is filtered by id, asset, state, level and tier', () => {
  const ids = (filter: string) => keys('risk', filter);
  expect(ids('').toSorted()).toEqual([orders.id, clicks.id]);
  expect([ids('orders'), ids('00000002'), ids('paused')]).toEqual([
    [orders.id],
    [clicks.id],
    [clicks.id],
  ]);
  const [row] = listed('risk', boardOf('risk', { filter: 'orders' }));
  expect(row!.job).toBe(orders);
  for (const word of [row!.row.risk_level, row!.row.sla_tier ?? ''])
    expect(ids(`orders ${word}`)).toEqual([orders.id]);
});

test('a cursor whose row is gone goes to the row that has its place, or to the last', () => {
  const before = boardOf('check', { cursor: `${clicks.id} clicks ` });
  const after = (count: number) =>
    boardOf('check', {
      cursor: before.cursor,
      data: {
        ...boardData.check,
        rows: boardData.check.rows.filter(({ job_id }) => job_id !== clicks.id).slice(0, count),
      },
    });
  expect(cursorBound('check', after(3), before)).toBe('  ');
  expect(cursorBound('check', after(1), before)).toBe(`${orders.id} orders p1`);
  expect(cursorBound('check', after(0), before)).toBe(before.cursor);
});

test('what costs more is read less often, and never more often than is wanted', () => {
  const every = (interval: number) => boardNames.map((name) => boardInterval(name, interval));
  expect(every(1000)).toEqual([5000, 2000, 1000, 1000, 5000, 1000]);
  expect(every(60_000)).toEqual(boardNames.map(() => 60_000));
  expect(boardNames.filter(isNewestFirst)).toEqual(['events']);
  expect([...boardNames, 'jobs', 'job', ''].filter(isBoard)).toEqual(boardNames);
});
