import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countStarts,
  floorTo,
  granularities,
  parsePeriod,
} from '../../source/domain/partition/period.ts';

const instants = fc.date({
  min: new Date('1000-01-01T00:00:00Z'),
  max: new Date('9000-01-01T00:00:00Z'),
  noInvalidDate: true,
});

describe('parsePeriod', () => {
  test.each([
    ['2024', '2024-01-01T00:00:00.000Z', '2024-12-31T23:59:59.999Z'],
    ['2024-02', '2024-02-01T00:00:00.000Z', '2024-02-29T23:59:59.999Z'],
    ['2024-01-31', '2024-01-31T00:00:00.000Z', '2024-01-31T23:59:59.999Z'],
    ['2024-01-31T05', '2024-01-31T05:00:00.000Z', '2024-01-31T05:59:59.999Z'],
    ['2024-01-31 05:30', '2024-01-31T05:30:00.000Z', '2024-01-31T05:30:59.999Z'],
    ['2024-01-31T05:30:10Z', '2024-01-31T05:30:10.000Z', '2024-01-31T05:30:10.999Z'],
    ['2024-01-31T05:30:10.5Z', '2024-01-31T05:30:10.500Z', '2024-01-31T05:30:10.500Z'],
    ['2024-01-31T05+02:00', '2024-01-31T03:00:00.000Z', '2024-01-31T03:59:59.999Z'],
    ['2024-01-31T23:00-0130', '2024-02-01T00:30:00.000Z', '2024-02-01T00:30:59.999Z'],
    ['0099-03-01', '0099-03-01T00:00:00.000Z', '0099-03-01T23:59:59.999Z'],
  ])('%s is from %s to %s', (text, from, to) => {
    expect(parsePeriod(text)).toMatchObject({ from: new Date(from), to: new Date(to) });
  });

  test.each([
    ['', 'yesterday', '24-01-01', '2024-1-1', '2024-13', '2024-00', '2024-02-30', '2023-02-29'],
    [
      '2024-01-31T24',
      '2024-01-31T05:60',
      '2024-01-31T05:00:61',
      '2024-01-31Z',
      '2024-01-31T05+15:00',
    ],
    ['2024-01-31-05', '2024/01/31', '20240131', '0000-01-01', '2024-01-31T05:00:00.1.2'],
  ])('refuses %j', (...texts) => {
    for (const text of texts) expect(parsePeriod(text), text).toBeNull();
  });

  test('reads back every instant that the calendar has', () => {
    fc.assert(
      fc.property(instants, (at) => {
        expect(parsePeriod(at.toISOString())).toMatchObject({ from: at, to: at });
      }),
    );
  });
});

describe('floorTo', () => {
  test('a floor is not after the instant, is its own floor, and the order is kept', () => {
    fc.assert(
      fc.property(fc.constantFrom(...granularities), instants, instants, (granularity, a, b) => {
        const floor = floorTo(granularity, a);
        expect(floor.getTime()).toBeLessThanOrEqual(a.getTime());
        expect(floorTo(granularity, floor)).toEqual(floor);
        if (a <= b) expect(floor.getTime()).toBeLessThanOrEqual(floorTo(granularity, b).getTime());
      }),
    );
  });

  test('weeks begin on Monday', () => {
    fc.assert(fc.property(instants, (at) => floorTo('week', at).getUTCDay() === 1));
  });
});

test('countStarts counts what stepping from partition to partition counts', () => {
  const steps = {
    hour: (date: Date) => date.setUTCHours(date.getUTCHours() + 1),
    day: (date: Date) => date.setUTCDate(date.getUTCDate() + 1),
    week: (date: Date) => date.setUTCDate(date.getUTCDate() + 7),
    month: (date: Date) => date.setUTCMonth(date.getUTCMonth() + 1),
  };
  fc.assert(
    fc.property(fc.constantFrom(...granularities), instants, fc.nat(200), (granularity, at, n) => {
      const first = floorTo(granularity, at);
      const last = new Date(first);
      for (let step = 0; step < n; step++) steps[granularity](last);
      expect(countStarts(granularity, first, last)).toBe(n + 1);
    }),
  );
});
