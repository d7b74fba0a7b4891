import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countedOf,
  firstOf,
  holdsAll,
  isAnswered,
  isNearEdge,
  isPaged,
  isSameView,
  jobsQuestion,
  possibleSort,
  slide,
} from '../../source/console/model/paging.ts';
import type { JobsScreen, State } from '../../source/console/model/state.ts';
import { parseFilter } from '../../source/domain/job/filter.ts';
import { byAttention, type Sort } from '../../source/domain/job/order.ts';
import type { Page } from '../../source/domain/job/page.ts';
import { Session } from '../sessions/session.ts';
import { aJob, aList } from '../support/jobs.ts';

const jobs = Array.from({ length: 60 }, (_, index) => aJob({ number: index + 1 }));
const ids = jobs.map(({ id }) => id);
const byAge: Sort = { column: 'age', descending: false };
const byProgress: Sort = { column: 'progress', descending: false };

const page = (from: number, to: number, overrides: Partial<Page> = {}) =>
  aList(jobs.slice(from, to), { page: { whole: false, ...overrides } });

/** The job table as it is with these things changed. */
function tableWith(changes: Partial<JobsScreen>): State {
  const { state } = Session.showing(jobs);
  return { ...state, jobs: { ...state.jobs, ...changes } };
}

describe('what is held, and whether it is what is asked for', () => {
  const whole = aList(jobs);
  const filter = parseFilter('state:running');
  const filtered = aList(jobs, { page: { filter: filter.text } });
  const part = page(0, 60, { after: true });
  const partFiltered = page(0, 60, { filter: filter.text });
  type Row = [string, Partial<JobsScreen>, { all: boolean; paged: boolean; answered: boolean }];
  const rows: Row[] = [
    ['nothing yet', { list: null }, { all: false, paged: false, answered: true }],
    ['all jobs', { list: whole }, { all: true, paged: false, answered: true }],
    [
      'all, to be filtered here',
      { list: whole, filter },
      { all: true, paged: false, answered: true },
    ],
    ['all of a filter', { list: filtered, filter }, { all: false, paged: false, answered: true }],
    ['all of another filter', { list: filtered }, { all: false, paged: false, answered: false }],
    ['a page', { list: part }, { all: false, paged: true, answered: true }],
    [
      'a page of another filter',
      { list: part, filter },
      { all: false, paged: true, answered: false },
    ],
    [
      'a page of the filter',
      { list: partFiltered, filter },
      { all: false, paged: true, answered: true },
    ],
    [
      'a page in another order',
      { list: part, sort: byAge },
      { all: false, paged: true, answered: false },
    ],
    [
      'a page, from the wrong end',
      { list: part, goal: 'last' },
      { all: false, paged: true, answered: false },
    ],
    [
      'a page in an order that no page has',
      { list: part, sort: byProgress },
      { all: false, paged: true, answered: true },
    ],
  ];
  test.each(rows)('%s', (_, changes, expected) => {
    const table = tableWith(changes).jobs;
    const found = { all: holdsAll(table), paged: isPaged(table), answered: isAnswered(table) };
    expect(found).toEqual(expected);
  });

  test('an order that pages cannot have is that of attention there, and itself elsewhere', () => {
    const sortOf = (changes: Partial<JobsScreen>) => possibleSort(tableWith(changes).jobs);
    expect(sortOf({ list: part, sort: byProgress })).toEqual(byAttention);
    expect(sortOf({ list: part, sort: byAge })).toEqual(byAge);
    expect(sortOf({ list: whole, sort: byProgress })).toEqual(byProgress);
  });

  test('two pages are one view by filter, order and whether they are all', () => {
    const others: Partial<Page>[] = [
      { filter: 'x' },
      { whole: true },
      { sort: byAge },
      { sort: { ...byAttention, descending: !byAttention.descending } },
    ];
    for (const other of others) expect(isSameView(page(0, 9), page(0, 9, other))).toBe(false);
    expect(isSameView(page(0, 9, { sort: { ...byAttention } }), page(5, 9))).toBe(true);
  });
});

describe('the question', () => {
  const asked = (changes: Partial<JobsScreen>) => jobsQuestion(tableWith(changes));
  const filter = parseFilter('orders');
  const first = jobs[0]!;
  const far = aJob({ number: 999 });
  const kept = page(0, 9, { kept: [far] });

  test('asks for all before anything is there, and for the filter where it does not hold all', () => {
    expect(asked({ list: null, filter })).toMatchObject({
      filter: '',
      around: 'first',
      whole: 1000,
    });
    expect(asked({ filter })).toMatchObject({ filter: '', around: first });
    expect(asked({ list: page(0, 9), filter })).toMatchObject({
      filter: 'orders',
      around: 'first',
      whole: 1000,
    });
  });

  test('is about the cursor: held, kept, gone, or nowhere; a goal comes before it', () => {
    const around = (changes: Partial<JobsScreen>) => asked({ list: page(0, 9), ...changes }).around;
    expect(around({ cursor: first.id })).toBe(first);
    expect(around({ list: kept, cursor: far.id })).toBe(far);
    expect(around({ cursor: far.id, gone: { [far.id]: far } })).toBe(far);
    expect(around({ cursor: far.id })).toBe('first');
    expect(around({ cursor: null })).toBe('first');
    expect(around({ cursor: first.id, goal: 'last' })).toBe('last');
    expect([asked({ cursor: null }).keep, asked({ cursor: far.id }).keep]).toEqual([[], [far.id]]);
  });

  test('counts every ten seconds, and then looks whether few are left to be read whole', () => {
    const counted = (count: number, age: number, of = '') => {
      const state = tableWith({ list: page(0, 9, { after: true }) });
      const total = { count, capped: false };
      const known = { at: state.at - age, filter: of, total };
      const { total: recount, whole } = jobsQuestion({
        ...state,
        jobs: { ...state.jobs, counted: known },
      });
      return [recount, whole];
    };
    expect(counted(5000, 9999)).toEqual([false, 0]);
    expect(counted(5000, 10_000)).toEqual([true, 0]);
    expect(counted(1000, 10_000)).toEqual([true, 1000]);
    expect(counted(1001, 10_000)).toEqual([true, 0]);
    expect(counted(1000, 9999)).toEqual([false, 0]);
    expect(counted(5000, 0, 'other')).toEqual([true, 1000]);
  });

  test('a page holds 200 rows, or six screens where these are more', () => {
    const limit = (rows: number) =>
      jobsQuestion(Session.showing(jobs, { size: { columns: 120, rows } }).state).limit;
    expect(limit(30)).toBe(200);
    expect(limit(100) % 6).toBe(0);
    expect(limit(100)).toBeGreaterThan(500);
  });
});

test('the cursor is near an edge only within a screen and a half of one that has more behind it', () => {
  const near = (index: number, more: Partial<Page>) =>
    isNearEdge(tableWith({ list: page(0, 60, more), order: ids, cursor: ids[index]! }));
  const edges = (more: Partial<Page>) =>
    ids.flatMap((_, index) => (near(index, more) ? [index] : []));
  const rows = edges({ before: true }).length;
  expect(rows).toBeGreaterThan(20);
  expect(edges({})).toEqual([]);
  expect(edges({ before: true })).toEqual([...ids.keys()].slice(0, rows));
  expect(edges({ after: true })).toEqual([...ids.keys()].slice(-rows));
  expect(isNearEdge(tableWith({ list: page(0, 60, { before: true }), cursor: null }))).toBe(false);
  const whole = tableWith({ list: aList(jobs, { page: { before: true } }), order: ids });
  expect(isNearEdge({ ...whole, jobs: { ...whole.jobs, cursor: ids[0]! } })).toBe(false);
});

test('where a page begins: by its ends, by the count, or by what it shares with the page before', () => {
  const before = tableWith({ list: page(10, 30, { before: true, after: true }), first: 10 }).jobs;
  const middle = { before: true, after: true };
  const total = { count: 500, capped: false };
  const counted = { at: 0, filter: '', total };
  const cases: [ReturnType<typeof page>, JobsScreen, number | null][] = [
    [aList(jobs), before, 0],
    [page(0, 20, { after: true }), before, 0],
    [page(20, 40, { before: true, total: { count: 60, capped: false } }), before, 40],
    [page(20, 40, { before: true, total: { count: 60, capped: true } }), before, 20],
    [
      page(20, 40, { before: true }),
      { ...before, counted: { ...counted, total: { count: 5000, capped: false } } },
      4980,
    ],
    [page(15, 35, middle), before, 15],
    [page(10, 30, middle), before, 10],
    [page(5, 25, middle), before, 5],
    [page(5, 25, middle), { ...before, first: 3 }, 1],
    [page(40, 60, middle), before, null],
    [page(15, 35, { ...middle, filter: 'x' }), before, null],
    [page(15, 35, middle), { ...before, first: null }, null],
    [page(15, 35, middle), { ...before, list: null }, null],
  ];
  for (const [next, old, expected] of cases) expect(firstOf(next, old)).toBe(expected);
});

test('a count stays until a page contradicts it', () => {
  const known = (count: number, filter = '') => ({
    at: 5,
    filter,
    total: { count, capped: false },
  });
  const withCount = (counted: JobsScreen['counted']) => tableWith({ counted }).jobs;
  const uncounted = { ...known(0), total: null };
  const counted = page(0, 9, { total: { count: 3, capped: false } });
  const cases: [ReturnType<typeof page>, JobsScreen['counted'], JobsScreen['counted']][] = [
    [counted, null, { at: 9, filter: '', total: { count: 3, capped: false } }],
    [aList(jobs), known(5000), { at: 9, filter: '', total: null }],
    [page(0, 9), known(5000), known(5000)],
    [page(0, 9), known(1001), known(1001)],
    [page(0, 9), known(1000), null],
    [page(0, 9), known(5000, 'x'), null],
    [page(0, 9), uncounted, uncounted],
    [page(0, 9), null, null],
  ];
  for (const [list, before, expected] of cases)
    expect(countedOf(list, withCount(before), 9)).toEqual(expected);
});

describe('sliding', () => {
  const slid = (shown: string, next: string) => slide([...shown], [...next]).join('');
  test.each([
    ['abcd', 'abcd', 'abcd'],
    ['abcd', 'xyz', 'xyz'],
    ['', 'ab', 'ab'],
    ['abcd', 'bcde', 'bcde'],
    ['abcd', 'xabc', 'xabc'],
    ['abcd', 'cbad', 'abcd'],
    ['abcd', 'axbycd', 'axbycd'],
    ['abcd', 'dxab', 'abcdx'],
    ['abcd', 'ad', 'abcd'],
    ['abcd', 'xyb', 'xyb'],
  ])('%s, and then %s: %s', (shown, next, expected) => {
    expect(slid(shown, next)).toBe(expected);
  });

  test('nothing that comes is lost, nothing stands twice, and what stays keeps its order', () => {
    const order = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { maxLength: 8 });
    fc.assert(
      fc.property(order, order, (shown, next) => {
        const result = slide(shown, next);
        expect(new Set(result).size).toBe(result.length);
        expect(result).toEqual(expect.arrayContaining(next));
        const stay = shown.filter((id) => result.includes(id));
        expect(result.filter((id) => shown.includes(id))).toEqual(
          next.some((id) => shown.includes(id)) ? stay : [],
        );
      }),
    );
  });
});
