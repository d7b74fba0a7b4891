import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  keyOf,
  maxPartitions,
  parseKeyFile,
  parseRange,
  problemOfKey,
} from '../../source/domain/partition/key.ts';
import { granularities, parsePeriod, startAfter } from '../../source/domain/partition/period.ts';

const instants = fc.date({
  min: new Date('1000-01-01T00:00:00Z'),
  max: new Date('9000-01-01T00:00:00Z'),
  noInvalidDate: true,
});

describe('keyOf', () => {
  test.each([
    ['hour', '2024-01-31T05'],
    ['day', '2024-01-31'],
    ['week', '2024-01-29'],
    ['month', '2024-01'],
  ] as const)('%s', (granularity, key) => {
    expect(keyOf(granularity, new Date('2024-01-31T05:59:59Z'))).toBe(key);
  });

  test('the order of text is the order of time', () => {
    fc.assert(
      fc.property(fc.constantFrom(...granularities), instants, instants, (granularity, a, b) => {
        const [first, second] = a <= b ? [a, b] : [b, a];
        expect(keyOf(granularity, first) <= keyOf(granularity, second)).toBe(true);
      }),
    );
  });

  test('a key has no problem under its own granularity', () => {
    fc.assert(
      fc.property(fc.constantFrom(...granularities), instants, (granularity, at) => {
        expect(problemOfKey(keyOf(granularity, at), granularity)).toBeNull();
      }),
    );
  });
});

describe('parseRange', () => {
  const rangeOf = (...args: Parameters<typeof parseRange>) => {
    const result = parseRange(...args);
    if ('problems' in result) throw new Error(result.problems.join('; '));
    return [result.range.first, result.range.last, result.range.count];
  };
  const problemsOf = (...args: Parameters<typeof parseRange>) => {
    const result = parseRange(...args);
    return 'problems' in result ? result.problems : [];
  };

  test.each([
    ['day', '2024-01-01', '2024-12-31', ['2024-01-01', '2024-12-31', 366]],
    ['day', '2024-02', '2024-02', ['2024-02-01', '2024-02-29', 29]],
    ['day', '1994-01-01', '2014-12-31', ['1994-01-01', '2014-12-31', 7670]],
    ['hour', '2024-01-01', '2024-01-01', ['2024-01-01T00', '2024-01-01T23', 24]],
    ['hour', '2024-01-01T22', '2024-01-02T01', ['2024-01-01T22', '2024-01-02T01', 4]],
    ['week', '2024-01-01', '2024-01-15', ['2024-01-01', '2024-01-15', 3]],
    ['month', '1994', '2014', ['1994-01', '2014-12', 252]],
    ['month', '2024-01', '2024-03', ['2024-01', '2024-03', 3]],
  ] as const)('%s from %s to %s', (granularity, start, end, expected) => {
    expect(rangeOf(granularity, start, end)).toEqual(expected);
  });

  test.each([
    [
      'day',
      '2024-01-01T08',
      '2024-01-02',
      '--start "2024-01-01T08": finer than the step of the range, a day',
    ],
    [
      'day',
      '2024-01-01',
      '2024-01-31T00:00:00Z',
      '--end "2024-01-31T00:00:00Z": finer than the step of the range, a day',
    ],
    [
      'month',
      '2024-01-01',
      '2024-02',
      '--start "2024-01-01": finer than the step of the range, a month',
    ],
    [
      'hour',
      '2024-01-01T08:30',
      '2024-01-02',
      '--start "2024-01-01T08:30": finer than the step of the range, an hour',
    ],
    [
      'week',
      '2024-01-03',
      '2024-01-15',
      '--start "2024-01-03": not the start of a week in UTC, "2024-01-01" is',
    ],
    [
      'hour',
      '2024-01-01T08+05:30',
      '2024-01-02',
      '--start "2024-01-01T08+05:30": not the start of an hour in UTC, "2024-01-01T02" is',
    ],
  ] as const)(
    'C5: a bound within a partition is refused: %s from %s to %s',
    (granularity, start, end, told) => {
      expect(problemsOf(granularity, start, end)).toEqual([expect.stringContaining(told)]);
    },
  );

  test('C5: a range is no wider than its bounds', () => {
    const bound = fc
      .tuple(instants, fc.constantFrom(4, 7, 10, 13, 16))
      .map(([at, length]) => at.toISOString().slice(0, length));
    fc.assert(
      fc.property(
        fc.constantFrom('hour', 'day', 'month'),
        bound,
        bound,
        (granularity, start, end) => {
          const result = parseRange(granularity, start, end);
          if (!('range' in result)) return;
          expect(result.range.from).toEqual(parsePeriod(start)!.from);
          expect(startAfter(granularity, result.range.to).getTime() - 1).toBe(
            parsePeriod(end)!.to.getTime(),
          );
        },
      ),
    );
  });

  test('names every bad date, and an end before the start', () => {
    expect(problemsOf('day', '2024-02-30', 'soon')).toEqual([
      'invalid --start "2024-02-30": not a date',
      'invalid --end "soon": not a date',
    ]);
    expect(problemsOf('day', '2024-02-02', '2024-02-01')).toEqual([
      'the range ends (2024-02-01) before it starts (2024-02-02)',
    ]);
  });

  test('refuses a range of more partitions than a job may have', () => {
    const [problem] = problemsOf('hour', '0001', '9999');
    expect(problem).toContain('too many partitions for one job');
    expect(problem).toContain(maxPartitions.toLocaleString('en'));
  });
});

describe('problemOfKey', () => {
  test.each([
    ['', 'day', 'empty'],
    ['  ', null, 'empty'],
    ['x'.repeat(256), null, 'longer than 255'],
    ['a\nb', null, 'control character'],
    ['2024-02-30', null, 'not a calendar date'],
    ['2024-13', 'month', 'not a calendar date'],
    ['2024-01', 'day', 'expected "2024-01-01"'],
    ['2024-01-03', 'week', 'expected "2024-01-01"'],
    ['2024-01-03', 'hour', 'an hour'],
  ] as const)('%j under %s', (key, granularity, words) => {
    expect(problemOfKey(key, granularity)).toContain(words);
  });

  test.each([
    'x'.repeat(255),
    '😀'.repeat(255),
    'customer=7/region=eu',
    '2024-01-31-05',
    '20240230',
  ])('takes a key that only looks like nothing of ours: %j', (key) => {
    expect(problemOfKey(key, null)).toBeNull();
    expect(problemOfKey(key, 'day', true)).toBeNull();
    expect(problemOfKey(key, 'day')).toContain('is not a day');
  });
});

describe('parseKeyFile', () => {
  test('one key a line; blank lines, comments, carriage returns and a byte order mark are no keys', () => {
    expect(parseKeyFile('\uFEFF2024-01-01\r\n\n# a note\n  b c \n')).toEqual({
      keys: ['2024-01-01', 'b c'],
      problems: [],
    });
  });

  test('names the lines of a key that stands there twice', () => {
    expect(parseKeyFile('a\nb\na\n').problems).toEqual(['duplicate key "a" on lines 1 and 3']);
  });

  test('names at most five of them', () => {
    const { problems } = parseKeyFile('a\n'.repeat(9));
    expect(problems).toHaveLength(6);
    expect(problems.at(-1)).toBe('and 3 more like these');
  });
});
