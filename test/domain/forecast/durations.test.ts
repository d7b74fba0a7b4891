import { describe, expect, it } from 'vitest';
import { partitionMs, relativeError, restMs } from '../../../source/domain/forecast/durations.ts';
import { durationsOf } from '../../../source/domain/forecast/job-durations.ts';
import { every } from './snapshots.ts';

/** The expected rest of a log-normal duration after `elapsed`, integrated in small steps. */
function integrated(mean: number, spread: number, elapsed: number): number {
  const sigma = Math.sqrt(Math.log(1 + spread ** 2));
  const mu = Math.log(mean) - sigma ** 2 / 2;
  let [mass, moment] = [0, 0];
  const steps = 200_000;
  const [from, to] = [Math.log(elapsed), mu + 9 * sigma];
  for (let step = 0; step < steps; step += 1) {
    const log = from + ((step + 0.5) / steps) * (to - from);
    const density = Math.exp(-(((log - mu) / sigma) ** 2) / 2);
    mass += density;
    moment += density * Math.exp(log);
  }
  return moment / mass - elapsed;
}

describe('durations', () => {
  it('the rest of a running attempt is the expected rest of its distribution', () => {
    const cases = [0.17, 0.5, 1, 2].flatMap((spread) =>
      [0.1, 0.5, 1, 1.5, 3].map((share) => ({ spread, elapsed: share * 1_000 })),
    );
    for (const { spread, elapsed } of cases) {
      const sigma = Math.sqrt(Math.log(1 + spread ** 2));
      const z = (Math.log(elapsed / 1_000) + sigma ** 2 / 2) / sigma;
      if (z > 4) continue; // So late that it is a rule of thumb.
      const expected = integrated(1_000, spread, elapsed);
      const rest = restMs(every(1_000, { spread }), elapsed);
      expect(Math.abs(rest - expected), `spread ${spread}, ${elapsed} ms`).toBeLessThan(
        Math.max(10, expected * 0.01),
      );
    }
  });

  it('the rest is the mean at first, and never nothing', () => {
    expect(restMs(every(1_000), 0)).toBe(1_000);
    for (const spread of [0, 0.01, 1, 9, Number.NaN])
      for (const elapsed of [1, 1e3, 1e6, 1e12]) {
        const rest = restMs(every(1_000, { spread }), elapsed);
        expect(rest, `${spread} ${elapsed}`).toBeGreaterThan(0);
        expect(Number.isFinite(rest), `${spread} ${elapsed}`).toBe(true);
      }
  });

  it('failed attempts make a partition longer', () => {
    expect(partitionMs(every(900, { failed_share: 0.1 }))).toBeCloseTo(1_000);
    expect(partitionMs(every(900, { failed_share: 7 }))).toBeCloseTo(9_000);
    expect(partitionMs(every(0))).toBe(1);
  });

  it('the error falls with samples and partitions', () => {
    const error = (samples: number, remaining: number) =>
      relativeError(every(1, { spread: 1, samples }), remaining);
    expect(error(100, 100)).toBeCloseTo(1.28 * Math.sqrt(0.02));
    expect(error(400, 400)).toBeCloseTo(error(100, 100) / 2);
    expect(error(0, 0)).toBe(0.9);
  });
});

describe('what is known of durations', () => {
  const round = (ms: number | undefined) => (ms === undefined ? null : Math.round(ms * 10) / 10);
  const timed = (timed_attempts: number, slot_ms: number, spread = 0) => ({
    timed_attempts,
    slot_ms,
    slot_ms_square: slot_ms ** 2 * (1 + spread ** 2),
    retried_share: 0,
  });
  const none = { timed_attempts: null, slot_ms: null, slot_ms_square: null, retried_share: null };

  it('the own attempts with those of earlier jobs; without any the average', () => {
    const cases = [
      { own: none, past: null, average: null, mean: null },
      { own: none, past: null, average: -3, mean: null },
      { own: none, past: null, average: 500, mean: 500 },
      { own: timed(0, 7), past: null, average: 500, mean: 500 },
      { own: none, past: timed(100, 900), average: 5, mean: 900 },
      // A spread as large as that between jobs: like one attempt. A large one: like many.
      { own: timed(9, 100), past: timed(1e9, 900, 0.15), average: 5, mean: 180 },
      { own: timed(100, 100), past: timed(1e9, 900, 1.5), average: 5, mean: 500 },
      { own: timed(100, 100), past: timed(1, 900, 1.5), average: 5, mean: 107.8 },
      { own: timed(2, 100), past: null, average: 5, mean: 100 },
    ];
    for (const { own, past, average, mean } of cases)
      expect(round(durationsOf(own, past, average)?.mean_ms)).toBe(mean);
  });

  it('a spread seen in few attempts is taken with caution', () => {
    const few = durationsOf(timed(1, 100), null, null)!;
    const many = durationsOf(timed(200, 100), null, null)!;
    expect(few.spread).toBeGreaterThan(0.25);
    expect(many.spread).toBeLessThan(0.01);
  });
});
