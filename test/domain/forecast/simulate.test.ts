import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partitionMs } from '../../../source/domain/forecast/durations.ts';
import { ranksOf } from '../../../source/domain/forecast/ranks.ts';
import { simulate } from '../../../source/domain/forecast/simulate.ts';
import { compareRank, outranks } from '../../../source/domain/job/rank.ts';
import { anySnapshot, every, executor, job, snapshot } from './snapshots.ts';
import { finishesStepByStep } from './step-by-step.ts';

describe('the simulation', () => {
  it('comes to the same finishes as plain list scheduling, to within one partition', () => {
    fc.assert(
      fc.property(anySnapshot, (given) => {
        const courses = simulate(given);
        const expected = finishesStepByStep(given);
        const longest = Math.max(...given.jobs.map(({ durations }) => partitionMs(durations!)));
        for (const [index, finish] of expected.entries()) {
          const told = courses[index]!.finish_ms;
          if (finish === null) expect(told, `job ${index}`).toBeNull();
          else expect(Math.abs(told! - finish), `job ${index}`).toBeLessThan(longest + 1);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives a freed slot to the higher rank at the end of a partition, not before', () => {
    const low = job({
      state: 'running',
      priority: 1,
      remaining: 10,
      max_parallel: 2,
      slots: [
        { executor: 'one', elapsed_ms: 400 },
        { executor: 'one', elapsed_ms: 100 },
      ],
    });
    const high = job({ priority: 9, remaining: 3, durations: every(500) });
    const [lower, higher] = simulate(
      snapshot({ executors: [executor({ slots: 2 })], jobs: [low, high] }),
    );
    expect(higher!.start_ms).toBeCloseTo(600, -1);
    expect(higher!.finish_ms).toBeCloseTo(2_100, -1);
    // One slot from 900 on, the other one again from 2,100.
    expect(lower!.finish_ms).toBeCloseTo(5_900, -1);
  });

  it('ranks jobs as the claim does', () => {
    const ranked = fc.record({
      priority: fc.integer({ min: 0, max: 2 }),
      execution_order: fc.integer({ min: 0, max: 1 }),
      sla_deadline_at: fc.option(fc.date({ noInvalidDate: true }), { nil: null }),
      created_at: fc.date({ noInvalidDate: true }),
    });
    fc.assert(
      fc.property(fc.array(ranked, { maxLength: 20 }), (fields) => {
        const jobs = fields.map((one) => job(one));
        const { rank, level } = ranksOf(jobs);
        jobs.forEach((one, a) => {
          jobs.forEach((other, b) => {
            const order = compareRank(one, other);
            if (order !== 0) expect(rank[a]! < rank[b]!).toBe(order < 0);
            expect(level[a]! < level[b]!).toBe(outranks(one, other));
          });
        });
      }),
    );
  });
});
