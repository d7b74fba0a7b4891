import { expect, test } from 'vitest';
import { type ExecutorRow, viewExecutor } from '../../source/domain/executor/executor.ts';
import {
  type Demand,
  nextTenant,
  owedOf,
  sharesOf,
} from '../../source/domain/executor/fair-share.ts';
import { parseFilter } from '../../source/domain/job/filter.ts';
import { readAssetDefaults } from '../../source/domain/start/asset.ts';
import { nearest } from '../../source/domain/text/nearest.ts';
import { jsonText } from '../../source/domain/text/safe-json.ts';
import { parseDuration, roughDuration, writeDuration } from '../../source/domain/time/duration.ts';
import { now, secondsAgo } from '../support/jobs.ts';

test('slots are shared over tenants first, and what is above a share is owed', () => {
  const demand = (tenant: string, used: number, wanted: number, turn = 0): Demand => ({
    tenant,
    used,
    wanted,
    turn,
  });
  const cases: [slots: number, demands: Demand[], shares: number[], owed: number[]][] = [
    [8, [demand('a', 8, 4)], [8], [0]],
    [8, [demand('a', 8, 4), demand('b', 0, 9)], [4, 4], [4, 0]],
    [8, [demand('a', 8, 0), demand('b', 0, 2)], [6, 2], [2, 0]],
    [8, [demand('a', 3, 0), demand('b', 1, 0)], [3, 1], [0, 0]],
    [8, [demand('a', 8, 0), demand('b', 0, 0)], [8, 0], [0, 0]],
    [9, [demand('a', 9, 9), demand('b', 0, 1), demand('c', 0, 9)], [4, 1, 4], [5, 0, 0]],
    // What cannot be divided goes by turns, and of one turn to who has more already.
    [3, [demand('a', 0, 9, 2), demand('b', 0, 9, 1)], [1, 2], [0, 0]],
    [3, [demand('a', 1, 9, 1), demand('b', 2, 9, 1)], [1, 2], [0, 0]],
    [1, [demand('a', 0, 9, 3), demand('b', 0, 9, 2), demand('c', 0, 9, 1)], [0, 0, 1], [0, 0, 0]],
    [0, [demand('a', 2, 1)], [0], [2]],
  ];
  for (const [slots, demands, shares, owed] of cases) {
    expect([...sharesOf(slots, demands).values()]).toEqual(shares);
    expect([...owedOf(slots, demands).values()]).toEqual(owed);
  }
  expect(nextTenant([demand('a', 2, 1), demand('b', 1, 1, 9), demand('c', 0, 0)])).toBe('b');
  expect(nextTenant([demand('a', 1, 1, 2), demand('b', 1, 1, 1)])).toBe('b');
  expect(nextTenant([demand('a', 1, 0)])).toBeNull();
  expect(nextTenant([])).toBeNull();
});

test('an executor is in the last state that it has come to', () => {
  const row = {
    started_at: secondsAgo(60),
    seen_at: secondsAgo(10),
    hold_reason: null,
    draining_at: null,
    lost_at: null,
    stopped_at: null,
  } as ExecutorRow;
  const cases: [Partial<ExecutorRow>, string, number][] = [
    [{}, 'alive', 60],
    [{ hold_reason: 'lag' }, 'on_hold', 60],
    [{ hold_reason: 'lag', draining_at: secondsAgo(5) }, 'draining', 5],
    [{ seen_at: secondsAgo(10.001), draining_at: secondsAgo(5) }, 'silent', 10.001],
    [{ seen_at: secondsAgo(99), lost_at: secondsAgo(4) }, 'lost', 4],
    [{ lost_at: secondsAgo(4), stopped_at: secondsAgo(3) }, 'stopped', 3],
  ];
  for (const [changes, state, seconds] of cases)
    expect(viewExecutor({ ...row, ...changes }, now)).toMatchObject({
      state,
      state_since: secondsAgo(seconds),
    });
});

test('an asset’s defaults: only what is there and usable', () => {
  const read = (servo: unknown) => readAssetDefaults({ servo });
  expect(read({ max_attempts: 5, timeout_ms: 600_000, max_parallel: 4 })).toEqual({
    max_attempts: 5,
    timeout_ms: 600_000,
    max_parallel: 4,
  });
  expect(read({ max_attempts: 3 })).toEqual({ max_attempts: 3 });
  for (const nothing of [
    undefined,
    null,
    'x',
    [],
    {},
    { max_attempts: 0, timeout_ms: 'x', max_parallel: 1.5 },
  ])
    expect(read(nothing)).toEqual({});
  for (const column of [null, undefined, 'x', {}]) expect(readAssetDefaults(column)).toEqual({});
});

test('filters that cannot be read say so, and leave nothing of themselves', () => {
  const bad = [
    'priority:x',
    'priority:5x',
    'priority:x5',
    'priority:>',
    'priority:>>5',
    'risk:none5',
    'sla:soon',
    'sla:later-than:',
    'sla:later-than:xyz1',
    'sla:later-than:12',
    'colour:red',
  ];
  for (const text of bad) {
    const { problems, terms } = parseFilter(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(text.split(':')[0]);
    expect(terms).toEqual([]);
    expect(parseFilter(`${text} paused`).terms).toHaveLength(1);
  }
  expect(parseFilter('sla:later-than:ABCD12').terms[0]!.any).toEqual([
    { kind: 'deadline_later_than', job: 'abcd12' },
  ]);
  expect(parseFilter('priority:-5').terms[0]!.any).toEqual([
    { kind: 'priority', comparison: '=', value: -5 },
  ]);
});

test('a text from anywhere is shown as what it is', () => {
  const cases: [unknown, string][] = [
    ['plain\n', '"plain\\n"'],
    ['é', '"é"'],
    ['a\u202eb', '"a\\u202eb"'],
    ['\u{e0041}', '"\\udb40\\udc41"'],
    [{ a: ['\u200b'] }, '{"a":["\\u200b"]}'],
  ];
  for (const [value, text] of cases) {
    expect(jsonText(value)).toBe(text);
    expect(JSON.parse(jsonText(value))).toEqual(value);
  }
  expect(jsonText({ a: 1 }, 2)).toBe('{\n  "a": 1\n}');
});

test('durations at their bounds', () => {
  const century = 36_525 * 86_400_000;
  expect([parseDuration('36525d'), parseDuration('36526d')]).toEqual([century, null]);
  expect(
    ['1.5h', '1h30m', '250ms', ' 2w ', '1h 30m', '1', 'h', '1hx', 'x1h', '.5h'].map(parseDuration),
  ).toEqual([5_400_000, 5_400_000, 250, 1_209_600_000, null, null, null, null, null, null]);
  expect([0, 999, 1000, 90_061_001, 3_600_000].map(writeDuration)).toEqual([
    '0s',
    '999ms',
    '1s',
    '1d1h1m1s1ms',
    '1h',
  ]);
  expect(
    [-5, 0, 999, 59_999, 60_000, 3_600_000, 86_400_000, century * 10, century * 10 + 1].map(
      roughDuration,
    ),
  ).toEqual(['0s', '0s', '0s', '59s', '1m', '1h', '1d', '365250d', '>999y']);
});

test('the nearest word is one that begins alike, has the same letters, or differs in little', () => {
  const near = (word: string, ...known: string[]) => nearest(word, known);
  expect([
    near('stat', 'status', 'start'),
    near('st', 'status'),
    near('sta', 'status'),
    near('status-quo', 'status'),
  ]).toEqual(['start', null, 'status', 'status']);
  expect([
    near('tsil', 'list'),
    near('lists', 'list'),
    near('LIST', 'list'),
    near('ab', 'ac'),
    near('abc', 'abd'),
  ]).toEqual(['list', 'list', 'list', null, 'abd']);
  expect([
    near('abcdefghij', 'abcdefwxyz'),
    near('abcdefghij', 'abcdevwxyz'),
    near('x'),
    near('pause', 'pausd', 'pause'),
  ]).toEqual(['abcdefwxyz', null, null, 'pause']);
});
