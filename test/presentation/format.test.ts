import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatAge,
  formatClock,
  formatClockShort,
  formatCount,
  formatDuration,
  formatFullCount,
  formatLeft,
  formatMilliseconds,
  formatPercent,
  formatRate,
  plural,
} from '../../source/presentation/text/format.ts';

const table = <I>(format: (input: I) => string, rows: [I, string][]) =>
  test.each(rows)(`${format.name}(%s) is %s`, (input, text) => expect(format(input)).toBe(text));

describe('figures', () => {
  table(formatAge, [
    [0, '<30s'],
    [29.9, '<30s'],
    [30, '30s'],
    [60, '1m'],
    [3599, '59m'],
    [3600, '1h'],
    [86_399, '23h'],
    [86_400, '1d'],
  ]);
  table(formatDuration, [
    [0, '0s'],
    [0.2, '1s'],
    [59, '59s'],
    [59.5, '1m'],
    [61, '1m'],
    [3570, '1h00m'],
    [4320, '1h12m'],
    [86_400, '1d00h'],
    [277_200, '3d05h'],
  ]);
  table(formatLeft, [
    [0, '10s'],
    [31, '40s'],
    [50, '50s'],
    [51, '1m'],
    [119, '2m'],
  ]);
  table(formatMilliseconds, [
    [850, '850 ms'],
    [1400, '1.4 s'],
    [59_990, '1m00s'],
    [130_000, '2m10s'],
    [3_600_000, '1h00m'],
  ]);
  table(formatCount, [
    [0, '0'],
    [7670, '7670'],
    [12_399, '12.3k'],
    [123_999, '123k'],
    [999_999, '999k'],
    [1_000_000, '1.0M'],
    [85_712_738, '85.7M'],
  ]);
  table(formatFullCount, [
    [999, '999'],
    [7670, '7,670'],
    [85_712_738, '85,712,738'],
  ]);
  table(formatRate, [
    [0, '0.0'],
    [55.94, '55.9'],
    [99.96, '100'],
    [12_345, '12.3k'],
  ]);
  table(formatPercent, [
    [0, '0%'],
    [0.0001, '1%'],
    [0.5, '50%'],
    [0.29, '29%'],
    [0.99999, '99%'],
    [1, '100%'],
  ]);

  test('a noun in the plural', () => {
    expect([plural(0, 'partition'), plural(1, 'partition'), plural(1200, 'job')]).toEqual([
      '0 partitions',
      '1 partition',
      '1,200 jobs',
    ]);
  });

  test('a count never takes more than five columns', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (count) => {
        expect(formatCount(count).length).toBeLessThanOrEqual(5);
      }),
    );
  });
});

describe('times of day', () => {
  const noon = new Date('2024-05-14T12:00:00Z');
  test.each([
    ['2024-05-14T14:18:30Z', '14:18'],
    ['2024-05-16T04:05:00Z', '16 May 04:05'],
    ['2025-01-02T04:05:00Z', '2025-01-02'],
  ])('%s is %s', (at, text) => expect(formatClock(new Date(at), noon, 'utc')).toBe(text));

  // Was cut to `1 De…` in a cell of five columns.
  test.each([
    ['2024-05-14T23:59:00Z', '23:59'],
    ['2024-05-15T00:05:00Z', '00:05+1'],
    ['2024-05-20T12:00:00Z', '12:00+6'],
    ['2024-05-21T00:00:00Z', '21 May'],
    ['2024-05-13T23:59:00Z', '13 May'],
    ['2025-01-02T00:00:00Z', '25-01-02'],
  ])('%s in a short cell is %s', (at, text) =>
    expect(formatClockShort(new Date(at), noon, 'utc')).toBe(text),
  );
});

describe('ages are quantised', () => {
  test('a healthy heartbeat reads the same from one second to the next', () => {
    const shown = new Set(Array.from({ length: 30 }, (_, second) => formatAge(second)));
    expect(shown.size).toBe(1);
  });
});
