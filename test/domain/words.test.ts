import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWholeId, parseJobReference } from '../../source/domain/job/reference.ts';
import { readGranularity } from '../../source/domain/start/asset.ts';
import { nearest } from '../../source/domain/text/nearest.ts';
import { momentAt, parseMoment } from '../../source/domain/time/deadline.ts';
import { parseDuration, writeDuration } from '../../source/domain/time/duration.ts';

describe('durations', () => {
  test.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
    ['0s', 0],
    ['36525d', 3_155_760_000_000],
  ])('%s', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));

  test.each(['', '5', 'm', '-5m', '5 m', '5min', '1e3s', '5m!', `${'9'.repeat(30)}w`, '36526d'])(
    'refuses %j',
    (text) => expect(parseDuration(text)).toBeNull(),
  );

  test('what is written is read back', () => {
    fc.assert(fc.property(fc.nat(10 ** 12), (ms) => parseDuration(writeDuration(ms)) === ms));
  });
});

describe('moments', () => {
  const now = new Date('2024-01-16T22:00:00Z');
  test.each([
    ['2024-01-17T00:00:00Z', '2024-01-17T00:00:00.000Z'],
    ['2024-01-17', '2024-01-17T00:00:00.000Z'],
    ['2024-01-17T09:30+02:00', '2024-01-17T07:30:00.000Z'],
    ['2024-01-17T09:30', '2024-01-17T09:30:00.000Z'],
    ['+2h', '2024-01-17T00:00:00.000Z'],
    ['+1h30m', '2024-01-16T23:30:00.000Z'],
  ])('%s', (text, expected) => {
    const moment = parseMoment(text);
    expect(moment && momentAt(moment, now).toISOString()).toBe(expected);
  });

  // The last one was a date that could not be written: an error of ours, exit 1.
  test.each(['', '+', '+2', '2h', 'tomorrow', '2024-02-30', '+100000000d'])('refuses %j', (text) =>
    expect(parseMoment(text)).toBeNull(),
  );
});

describe('nearest', () => {
  const commands = ['list', 'status', 'start', 'pause', 'resume', 'cancel', 'migrate'];
  test.each([
    ['paues', 'pause'],
    ['PAUSE', 'pause'],
    ['stat', 'start'],
    ['migrations', 'migrate'],
    ['lst', 'list'],
  ])('%s means %s', (word, meant) => expect(nearest(word, commands)).toBe(meant));

  test.each(['xyzzy', 'q', ''])('%j is near nothing', (word) =>
    expect(nearest(word, commands)).toBeNull(),
  );

  test('a word is nearest to itself', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), fc.nat(), (words, n) => {
        const word = words[n % words.length]!;
        expect(nearest(word, words)?.toLowerCase()).toBe(word.toLowerCase());
      }),
    );
  });
});

describe('job references', () => {
  test('a UUID is a range of one', () => {
    const id = '3f2a9c1e-0000-4000-8000-00000000abcd';
    expect(parseJobReference(id.toUpperCase())).toEqual({ from: id, to: id });
    expect(isWholeId(id)).toBe(true);
  });

  test.each([
    ['3f2a', '3f2a0000-0000-0000-0000-000000000000', '3f2affff-ffff-ffff-ffff-ffffffffffff'],
    ['3f2a9c1e-0', '3f2a9c1e-0000-0000-0000-000000000000', '3f2a9c1e-0fff-ffff-ffff-ffffffffffff'],
  ])('%s is a range of ids', (prefix, from, to) => {
    expect(parseJobReference(prefix)).toEqual({ from, to });
    expect(isWholeId(prefix)).toBe(false);
  });

  test.each([
    ['3f2', 'too short'],
    ['', 'not a job id'],
    ['orders', 'not a job id'],
    ["3f2a' or true", 'not a job id'],
    ['3f2a9c1e-0000-4000-8000-00000000abcdef', 'not a job id'],
  ])('%j: %s', (reference, words) => {
    expect(parseJobReference(reference)).toEqual({ problem: expect.stringContaining(words) });
  });

  test('every UUID lies in the range of each of its prefixes', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 4, max: 32 }), (id, length) => {
        const range = parseJobReference(id.replaceAll('-', '').slice(0, length));
        expect('from' in range && range.from <= id && id <= range.to).toBe(true);
      }),
    );
  });
});

test.each([
  [{ partition_type: { Time: { granularity: 'day' } }, partition_key: 'day' }, 'day'],
  [{ partition_type: { Time: { granularity: 'Hourly' } } }, 'hour'],
  [{ partition_type: { Time: { granularity: 'quarter' } } }, null],
  [{ partition_type: 'Static' }, null],
  [{ partition_type: { Time: { granularity: 'constructor' } } }, null],
  [null, null],
  ['day', null],
])('the granularity in %j is %s', (column, granularity) => {
  expect(readGranularity(column)).toBe(granularity);
});
