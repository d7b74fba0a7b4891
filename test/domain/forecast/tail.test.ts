import { describe, expect, it } from 'vitest';
import { restMs } from '../../../source/domain/forecast/durations.ts';
import { simulate } from '../../../source/domain/forecast/simulate.ts';
import { drift, lastEndExcess, lastRestMs } from '../../../source/domain/forecast/tail.ts';
import { every, job, snapshot } from './snapshots.ts';

/** Numbers of a seed between 0 and 1 (Park and Miller). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Log-normal durations with mean 1. */
function durations(spread: number, seed: number): () => number {
  const next = numbers(seed);
  const sigma = Math.sqrt(Math.log(1 + spread ** 2));
  return () => {
    const normal = Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
    return Math.exp(sigma * normal - sigma ** 2 / 2);
  };
}

describe('the last partition of a job', () => {
  it('of several that have just begun ends at their expected maximum', () => {
    for (const [spread, count] of [
      [0.3, 4],
      [1, 2],
      [1, 6],
    ] as const) {
      const draw = durations(spread, 5);
      const runs = 20_000;
      let sum = 0;
      for (let run = 0; run < runs; run += 1)
        sum += Math.max(...Array.from({ length: count }, draw));
      const expected = (1_000 * sum) / runs;
      const told = lastRestMs(every(1_000, { spread }), Array(count).fill(0));
      expect(Math.abs(told / expected - 1), `${spread} ${count}`).toBeLessThan(0.03);
    }
  });

  it('alone has the rest that any attempt has', () => {
    for (const spread of [0.2, 0.5, 1])
      for (const elapsed of [0, 300, 900, 1_500]) {
        const given = every(1_000, { spread });
        const rest = restMs(given, elapsed);
        if (rest < 200) continue; // Smaller than the steps of the sum.
        expect(
          Math.abs(lastRestMs(given, [elapsed]) / rest - 1),
          `${spread} ${elapsed}`,
        ).toBeLessThan(0.06);
      }
  });

  it('ends so much later than the average slot as in a list schedule', () => {
    for (const [spread, slots] of [
      [0.3, 3],
      [0.3, 8],
      [1, 2],
      [1, 6],
    ] as const) {
      const draw = durations(spread, 7);
      const runs = 3_000;
      let excess = 0;
      for (let run = 0; run < runs; run += 1) {
        // Some hundred partitions, each taken by the slot that is free first.
        const ends = Array(slots).fill(0);
        for (let partition = 0; partition < 40 * slots; partition += 1)
          ends[ends.indexOf(Math.min(...ends))] += draw();
        excess += Math.max(...ends) - ends.reduce((sum, end) => sum + end, 0) / slots;
      }
      const told = lastEndExcess(slots, spread);
      expect(Math.abs(told - excess / runs), `${spread} ${slots}`).toBeLessThan(0.1);
    }
  });

  it('alone, or without spread, ends where the simulation has it', () => {
    expect(lastEndExcess(1, 1)).toBe(0);
    expect(drift(0, 100)).toBe(0);
    expect(drift(Number.NaN, 1)).toBe(0);
    expect(drift(1, 1)).toBe(1);
    const finish = (spread: number) =>
      simulate(
        snapshot({
          jobs: [job({ remaining: 100, max_parallel: 4, durations: every(1_000, { spread }) })],
        }),
      )[0]!.finish_ms!;
    expect(finish(0)).toBe(25_000);
    expect(finish(1)).toBeGreaterThan(25_500);
  });
});
