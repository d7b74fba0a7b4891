import fc from 'fast-check';
import type { Durations } from '../../../source/domain/forecast/durations.ts';
import type {
  ExecutorSlots,
  Snapshot,
  SnapshotJob,
} from '../../../source/domain/forecast/snapshot.ts';

export const now = new Date('2026-03-01T04:00:00Z');

/** Durations that do not vary. */
export function every(mean_ms: number, others: Partial<Durations> = {}): Durations {
  return { mean_ms, spread: 0, samples: 100, failed_share: 0, ...others };
}

let number = 0;

/** A pending job of ten partitions of a second, one at a time. */
export function job(fields: Partial<SnapshotJob> = {}): SnapshotJob {
  number += 1;
  return {
    id: `job ${number}`,
    asset_name: 'orders',
    state: 'pending',
    priority: 5,
    execution_order: 0,
    sla_deadline_at: null,
    created_at: new Date(now.getTime() - 1_000_000 + number),
    remaining: 10,
    max_parallel: 1,
    slots: [],
    durations: every(1_000),
    later: null,
    upstreams: [],
    external: false,
    ...fields,
  };
}

/** An executor with four slots that can run everything. */
export function executor(fields: Partial<ExecutorSlots> = {}): ExecutorSlots {
  return { id: 'one', slots: 4, assets: ['orders', 'clicks'], closed: false, ...fields };
}

export function snapshot(fields: Partial<Snapshot> = {}): Snapshot {
  return { as_of: now, executors: [executor()], limits: [], jobs: [], ...fields };
}

const assets = ['orders', 'clicks', 'users'] as const;

const spec = fc.record({
  asset: fc.constantFrom(...assets),
  remaining: fc.integer({ min: 1, max: 30 }),
  max_parallel: fc.integer({ min: 1, max: 5 }),
  priority: fc.integer({ min: 0, max: 2 }),
  execution_order: fc.integer({ min: 0, max: 1 }),
  mean_ms: fc.integer({ min: 50, max: 3_000 }),
  // Boundaries seldom coincide.
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  waits: fc.integer({ min: 0, max: 9 }),
  running: fc.boolean(),
  later: fc.option(fc.integer({ min: 1, max: 5 }), { nil: null }),
});

/**
 * An asset is run by all executors, or by those with the same handlers: where handlers overlap, which
 * of two free slots a job takes is a matter of taste.
 */
const executors = fc
  .constantFrom([[...assets]], [['orders'], ['clicks', 'users']])
  .chain((sets) =>
    fc
      .array(
        fc.record({ slots: fc.integer({ min: 1, max: 5 }), assets: fc.constantFrom(...sets) }),
        { minLength: 1, maxLength: 3 },
      )
      .map((all) => all.map((one, index) => executor({ id: `executor ${index}`, ...one }))),
  );

/** Snapshots of a few jobs: running and waiting, with limits and upstreams. */
export const anySnapshot: fc.Arbitrary<Snapshot> = fc
  .record({
    jobs: fc.array(spec, { minLength: 1, maxLength: 12 }),
    executors,
    limits: fc.array(
      fc.record({
        max_running: fc.integer({ min: 1, max: 3 }),
        assets: fc.constantFrom(null, ['orders'], ['clicks', 'users']),
      }),
      { maxLength: 2 },
    ),
  })
  .map(({ jobs, executors: all, limits }) => {
    const free = new Map(all.map(({ id, slots }) => [id, slots]));
    const made: SnapshotJob[] = [];
    for (const { asset, mean_ms, jitter, waits, running, later, ...one } of jobs) {
      const able = all.find(({ id, assets: of }) => of.includes(asset) && free.get(id)! > 0);
      const starts = running && able !== undefined && waits > 2;
      if (starts) free.set(able.id, free.get(able.id)! - 1);
      const durations = every(mean_ms + jitter);
      const upstream = waits <= 2 ? made.at(-1 - waits)?.id : undefined;
      made.push(
        job({
          ...one,
          asset_name: asset,
          durations,
          state: upstream !== undefined ? 'waiting_upstream' : starts ? 'running' : 'pending',
          slots: starts ? [{ executor: able.id, elapsed_ms: (mean_ms + jitter) * 0.317 }] : [],
          upstreams: upstream === undefined ? [] : [upstream],
          later:
            later !== null && later < one.remaining
              ? { count: later, first_ms: 700.1, last_ms: 700.1 }
              : null,
        }),
      );
    }
    return snapshot({ jobs: made, executors: all, limits });
  });
