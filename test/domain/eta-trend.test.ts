import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { etaDrift, etaRange, etaSeconds, isDrifting } from '../../source/domain/forecast/eta.ts';
import { now, secondsAgo } from '../support/jobs.ts';

const average = fc.integer({ min: 1, max: 10_000_000 });
const trend = (least: number, most: number) => ({
  base: null,
  least_average_ms: least,
  most_average_ms: most,
});

describe('the range of an ETA', () => {
  test('is around the ETA itself, whatever the samples say', () => {
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.integer({ min: 1, max: 100 }),
        average,
        average,
        average,
        (...all) => {
          const [left, slots, present, one, other] = all;
          const range = etaRange(
            left,
            slots,
            present,
            trend(Math.min(one, other), Math.max(one, other)),
          )!;
          const eta = etaSeconds(left, slots, present)!;
          expect(range.low).toBeLessThanOrEqual(eta);
          expect(range.high).toBeGreaterThanOrEqual(eta);
        },
      ),
    );
  });

  test('is a point where every average was the same, and is not known without samples or an average', () => {
    expect(etaRange(10, 2, 1000, trend(1000, 1000))).toEqual({ low: 5, high: 5 });
    expect(etaRange(10, 2, 1000, null)).toBeNull();
    expect(etaRange(10, 2, null, trend(1, 2))).toBeNull();
  });
});

describe('the drift of an ETA', () => {
  const since = (seconds: number, eta: Date) => ({
    ...trend(1, 1),
    base: { at: secondsAgo(seconds), eta },
  });

  test('is how much later it has become', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), (slip) => {
        const expected = secondsAgo(-1000);
        const later = new Date(expected.getTime() + slip * 1000);
        expect(etaDrift(later, since(900, expected), now)).toBe(slip);
      }),
    );
  });

  test('is not known before it has been watched for five minutes', () => {
    expect(etaDrift(now, since(299, now), now)).toBeNull();
    expect(etaDrift(now, since(300, now), now)).toBe(0);
    expect(etaDrift(null, since(900, now), now)).toBeNull();
    expect(etaDrift(now, trend(1, 1), now)).toBeNull();
  });

  test.each([
    [119, 600, false],
    [120, 600, true],
    [-120, 600, true],
    [1000, 100_000, false],
    [2000, 100_000, true],
    [null, 600, false],
  ])('%s s of an ETA in %s s is worth a word: %s', (drift, eta, worth) =>
    expect(isDrifting(drift, eta)).toBe(worth),
  );
});
