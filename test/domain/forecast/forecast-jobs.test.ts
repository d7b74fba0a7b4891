import { describe, expect, it } from 'vitest';
import { forecastJobs } from '../../../source/domain/forecast/forecast-jobs.ts';
import type { Snapshot } from '../../../source/domain/forecast/snapshot.ts';
import { every, executor, job, now, snapshot } from './snapshots.ts';

type Expected = {
  bound_by: string;
  /** Seconds from now; null: unknown. */
  finish: number | null;
  unknown?: string;
  place?: number | null;
};

/** The last job of a snapshot, and what is to be told of it. */
const edges: Record<string, [Partial<Snapshot>, Expected]> = {
  'one partition, a free slot': [
    { jobs: [job({ remaining: 1 })] },
    { bound_by: 'nothing', finish: 1, place: null },
  ],
  'more partitions than it may run at a time': [
    { jobs: [job({ remaining: 6, max_parallel: 2 })] },
    { bound_by: 'max_parallel', finish: 3 },
  ],
  'behind a job of higher rank': [
    {
      executors: [executor({ slots: 1 })],
      jobs: [job({ priority: 9, remaining: 7 }), job({ remaining: 2 })],
    },
    { bound_by: 'slots', finish: 9, place: 1 },
  ],
  'no executor': [
    { executors: [], jobs: [job()] },
    { bound_by: 'no_executor', finish: null, unknown: 'no_executor' },
  ],
  'no executor has its handler': [
    { jobs: [job({ asset_name: 'users' })] },
    { bound_by: 'no_handler', finish: null, unknown: 'no_handler' },
  ],
  'its executors are on hold or drain': [
    { executors: [executor({ closed: true }), executor({ id: 'two', assets: [] })], jobs: [job()] },
    { bound_by: 'closed', finish: null, unknown: 'closed' },
  ],
  'its slots are on an executor that drains': [
    {
      executors: [executor({ closed: true })],
      jobs: [
        job({ state: 'running', remaining: 1, slots: [{ executor: 'one', elapsed_ms: 400 }] }),
      ],
    },
    { bound_by: 'closed', finish: 0.6 },
  ],
  'no samples': [
    { jobs: [job({ durations: null })] },
    { bound_by: 'max_parallel', finish: null, unknown: 'no_duration' },
  ],
  'no samples, and nothing left': [
    { jobs: [job({ state: 'running', remaining: 0, durations: null })] },
    { bound_by: 'back_off', finish: 0 },
  ],
  paused: [
    { jobs: [job({ state: 'paused' })] },
    { bound_by: 'paused', finish: null, unknown: 'paused' },
  ],
  'a state of another program': [
    { jobs: [job({ state: 'napping' })] },
    { bound_by: 'unknown_state', finish: null, unknown: 'unknown_state' },
  ],
  'waits for an upstream job': [
    {
      jobs: [
        job({ id: 'up', remaining: 4 }),
        job({ state: 'waiting_upstream', remaining: 2, upstreams: ['up'] }),
      ],
    },
    { bound_by: 'upstream', finish: 6 },
  ],
  'waits for a paused job': [
    {
      jobs: [
        job({ id: 'up', state: 'paused' }),
        job({ state: 'waiting_upstream', upstreams: ['up'] }),
      ],
    },
    { bound_by: 'upstream', finish: null, unknown: 'upstream' },
  ],
  'waits for a job without samples': [
    {
      jobs: [
        job({ id: 'up', durations: null }),
        job({ state: 'waiting_upstream', upstreams: ['up'] }),
      ],
    },
    { bound_by: 'upstream', finish: null, unknown: 'upstream' },
  ],
  'a circle of upstreams': [
    {
      jobs: [
        job({ id: 'a', state: 'waiting_upstream', upstreams: ['b'] }),
        job({ id: 'b', state: 'waiting_upstream', upstreams: ['a'] }),
      ],
    },
    { bound_by: 'upstream', finish: null, unknown: 'upstream' },
  ],
  'a limit of nothing': [
    { limits: [{ max_running: 0, assets: null }], jobs: [job()] },
    { bound_by: 'limit', finish: null, unknown: 'limit' },
  ],
  'a limit that is reached by another job': [
    {
      limits: [{ max_running: 1, assets: ['orders'] }],
      jobs: [
        job({ state: 'running', remaining: 3, slots: [{ executor: 'one', elapsed_ms: 0 }] }),
        job({ remaining: 2 }),
      ],
    },
    { bound_by: 'limit', finish: 5, place: 1 },
  ],
  'all partitions back off': [
    {
      jobs: [
        job({
          state: 'running',
          remaining: 1,
          later: { count: 1, first_ms: 4_000, last_ms: 4_000 },
        }),
      ],
    },
    { bound_by: 'back_off', finish: 5 },
  ],
  'another program runs it': [
    { jobs: [job({ state: 'running', external: true })] },
    { bound_by: 'external', finish: 10 },
  ],
  'its slot is on an unknown executor': [
    {
      jobs: [job({ state: 'running', slots: [{ executor: 'gone', elapsed_ms: 0 }], remaining: 1 })],
    },
    { bound_by: 'nothing', finish: 1 },
  ],
  'a silent executor holds a partition for another 30 s': [
    {
      jobs: [
        job({
          state: 'running',
          remaining: 1,
          later: { count: 1, first_ms: 30_000, last_ms: 30_000 },
        }),
      ],
    },
    { bound_by: 'back_off', finish: 31 },
  ],
  'infinite and impossible times': [
    {
      jobs: [
        job({
          remaining: 1,
          sla_deadline_at: Number.POSITIVE_INFINITY as unknown as Date,
          created_at: Number.NEGATIVE_INFINITY as unknown as Date,
        }),
        job({ remaining: 1, sla_deadline_at: new Date(Number.NaN) }),
      ],
    },
    { bound_by: 'nothing', finish: 1 },
  ],
};

describe('the forecast of a job', () => {
  it('has a defined answer at each edge', () => {
    for (const [name, [fields, expected]] of Object.entries(edges)) {
      const told = forecastJobs(snapshot(fields)).at(-1)!;
      const seconds = (at: Date | null) => (at === null ? null : (+at - +now) / 1_000);
      const finish = seconds(told.finish_at);
      expect(told.bound_by, name).toBe(expected.bound_by);
      expect(told.unknown, name).toBe(expected.unknown ?? null);
      if (expected.finish === null) expect(finish, name).toBeNull();
      else expect(Math.abs(finish! - expected.finish), name).toBeLessThan(0.05);
      if (expected.place !== undefined) expect(told.place, name).toBe(expected.place);
      const [low, high] = [seconds(told.low_at), seconds(told.high_at)];
      if (finish === null) expect([low, high], name).toEqual([null, null]);
      else {
        expect(low!, name).toBeLessThanOrEqual(finish);
        expect(high!, name).toBeGreaterThanOrEqual(finish);
      }
    }
  });

  it('is none for a cancelled job, whose running partitions keep their slots', () => {
    const cancelled = job({
      state: 'cancelled',
      remaining: 1,
      slots: [{ executor: 'one', elapsed_ms: 0 }],
    });
    const waiting = job({ remaining: 1 });
    const told = forecastJobs(
      snapshot({ executors: [executor({ slots: 1 })], jobs: [cancelled, waiting] }),
    );
    expect(told.map(({ job_id }) => job_id)).toEqual([waiting.id]);
    expect(+told[0]!.finish_at! - +now).toBe(2_000);
  });

  it('is told of 10,000 unfinished jobs, each in its place', () => {
    const jobs = Array.from({ length: 10_000 }, (_, index) =>
      job({ remaining: 1, max_parallel: 2, durations: every(1_000), priority: index % 10 }),
    );
    const told = forecastJobs(snapshot({ jobs }));
    expect(told).toHaveLength(10_000);
    expect(Math.max(...told.map(({ finish_at }) => +finish_at! - +now))).toBe(2_500_000);
    const places = new Set(told.flatMap(({ place }) => (place === null ? [] : [place])));
    expect(places.size).toBe(9_996);
  });
});
