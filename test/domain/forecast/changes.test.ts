import { describe, expect, it } from 'vitest';
import { changesOf } from '../../../source/domain/forecast/changes.ts';
import type { JobForecast } from '../../../source/domain/forecast/job-forecast.ts';
import { withShares } from '../../../source/domain/forecast/shared-executors.ts';
import { later } from '../../../source/domain/time/time.ts';
import { executor, job, now, snapshot } from './snapshots.ts';

const at = (seconds: number) => later(now, seconds * 1_000);

function told(fields: Partial<JobForecast> = {}): JobForecast {
  return {
    job_id: 'a',
    bound_by: 'slots',
    place: 3,
    start_at: at(100),
    finish_at: at(1_000),
    low_at: at(900),
    high_at: at(1_100),
    unknown: null,
    ...fields,
  };
}

describe('what is stored again', () => {
  it('what has changed by more than it may be off', () => {
    const cases: [Partial<JobForecast>, boolean][] = [
      [{}, false],
      [{ finish_at: at(1_000.05) }, false],
      [{ finish_at: at(1_020) }, true],
      [{ finish_at: null, low_at: null, high_at: null, unknown: 'paused' }, true],
      [{ start_at: at(130) }, true],
      [{ start_at: now }, true],
      [{ bound_by: 'max_parallel' }, true],
      [{ place: 4 }, true],
      [{ place: null }, true],
      [{ low_at: at(901) }, false],
      [{ high_at: at(2_000) }, true],
    ];
    const stored = new Map([['a', told()]]);
    for (const [fields, changed] of cases)
      expect(
        changesOf(stored, [told(fields)], now).changed.length === 1,
        JSON.stringify(fields),
      ).toBe(changed);
  });

  it('new jobs, and those that have ended', () => {
    const stored = new Map([['a', told()]]);
    const next = told({ job_id: 'b' });
    expect(changesOf(stored, [next], now)).toEqual({ changed: [next], gone: ['a'] });
  });

  it('a start that has passed is not compared', () => {
    const stored = new Map([['a', told({ start_at: at(-50) })]]);
    expect(changesOf(stored, [told({ start_at: now })], now).changed).toEqual([]);
  });
});

describe('executors that serve several tenants', () => {
  const shared = executor({ slots: 8 });
  const own = executor({ id: 'own', slots: 3 });

  it('are divided by what each tenant can use', () => {
    const big = snapshot({
      executors: [shared, own],
      jobs: [job({ remaining: 100, max_parallel: 20 })],
    });
    const small = snapshot({ executors: [shared], jobs: [job({ remaining: 2, max_parallel: 5 })] });
    const idle = snapshot({ executors: [shared], jobs: [job({ state: 'paused' })] });
    const shares = withShares(
      new Map([
        ['big', big],
        ['small', small],
        ['idle', idle],
      ]),
    );
    const slots = (tenant: string) => shares.get(tenant)!.executors.map((one) => one.slots);
    expect(slots('big')).toEqual([6, 3]);
    expect(slots('small')).toEqual([2]);
    expect(slots('idle')).toEqual([0]);
  });
});
