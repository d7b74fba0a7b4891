import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JobView } from '../../source/domain/job/job.ts';
import {
  forecastWhatIf,
  isNoChange,
  noChange,
  type WhatIf,
} from '../../source/domain/risk/what-if.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';

const inSeconds = (seconds: number) => secondsAgo(-seconds);
const fleetOf = (slots: number, by_asset: Record<string, number> = { orders_daily: slots }) => ({
  slots,
  by_asset,
});
const minute = 60_000;

/** The sketch of the screens page: 52 minutes late of 82, and 7 with half as many slots again. */
const weather = aJob({
  number: 1,
  total_partitions: 804,
  completed_partitions: 0,
  avg_partition_duration_ms: minute,
  execution_strategy: { type: 'parallel', max_parallel: 12 },
  running_slots: 6,
  sla_deadline_at: inSeconds(82 * 60),
});

const outlook = (jobs: JobView[], what: Partial<WhatIf>, fleet = fleetOf(6), number = 1) =>
  forecastWhatIf(jobs, fleet, { ...noChange, ...what }, now).get(
    `${number.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
  )!;

describe('the sketch', () => {
  test('now: 134 minutes, 63 % over', () => {
    expect(outlook([weather], {})).toMatchObject({ eta_seconds: 134 * 60, risk_level: 'high' });
    expect(outlook([weather], {}).risk_severity).toBeCloseTo(52 / 82);
  });

  test('with 9 slots: 90 minutes, 9 % over', () => {
    const then = outlook([weather], { slots: 9 });
    expect(then).toMatchObject({ slots: 9, eta_seconds: 90 * 60, risk_level: 'low' });
  });
});

describe('slots', () => {
  const other = (columns: Parameters<typeof aJob>[0] = {}) =>
    aJob({ number: 2, running_slots: 3, priority: 0, ...columns });

  test('of a paused job go to others in claim order, as far as they may have more', () => {
    const third = aJob({ number: 3, running_slots: 1, priority: -1 });
    const jobs = [{ ...weather, running_slots: 10 }, third, other()];
    const fleet = fleetOf(14);
    const what = { pause: [other().id] };
    expect(outlook(jobs, what, fleet)).toMatchObject({ slots: 12 });
    expect(outlook(jobs, what, fleet, 3)).toMatchObject({ slots: 2 });
    expect(outlook(jobs, what, fleet, 2)).toMatchObject({ slots: 0, paused: true });
  });

  test('go to a claimable job of higher rank first', () => {
    const waiting = aJob({ number: 3, state: 'pending', running_slots: 0, priority: 9 });
    expect(outlook([weather, other(), waiting], { pause: [other().id] }, fleetOf(9))).toMatchObject(
      {
        slots: 6,
      },
    );
    expect(outlook([weather, other(), waiting], { pause: [other().id] }, fleetOf(9), 3).slots).toBe(
      3,
    );
  });

  test('do not go to a job without a handler', () => {
    const fleet = { slots: 9, by_asset: { orders_daily: 6 } };
    expect(outlook([weather, other()], { pause: [other().id] }, fleet).slots).toBe(6);
  });

  test('that idle go to a parallelism that is raised, and to nothing else', () => {
    expect(outlook([weather], {}, fleetOf(20)).slots).toBe(6);
    expect(outlook([weather], { parallel: { [weather.id]: 16 } }, fleetOf(20)).slots).toBe(10);
  });

  test('that are taken away are first the idle, then those of the job that comes last', () => {
    const jobs = [weather, other()];
    expect(outlook(jobs, { slots: 9 }, fleetOf(12)).slots).toBe(6);
    expect(outlook(jobs, { slots: 8 }, fleetOf(12), 2).slots).toBe(2);
    expect(outlook(jobs, { slots: 4 }, fleetOf(12)).slots).toBe(4);
    expect(outlook(jobs, { slots: 4 }, fleetOf(12), 2)).toMatchObject({
      slots: 0,
      eta_seconds: null,
    });
  });

  test('a job that loses its last one has no ETA any more: unknown, not the old figure', () => {
    expect(outlook([weather], { slots: 0 })).toMatchObject({
      eta_seconds: null,
      risk_level: 'unknown',
    });
  });

  test('a lowered parallelism frees some for others', () => {
    const what = { parallel: { [weather.id]: 2 } };
    const jobs = [weather, other({ execution_strategy: { type: 'parallel', max_parallel: 9 } })];
    expect(outlook(jobs, what, fleetOf(9))).toMatchObject({ slots: 2, max_parallel: 2 });
    expect(outlook(jobs, what, fleetOf(9), 2)).toMatchObject({ slots: 7 });
  });

  // After a real reduction the surplus partitions run to their end: their slots are not free yet.
  test('above a parallelism that is lower already stay where they are', () => {
    const running = { ...weather, execution_strategy: { type: 'sequential' } };
    expect(outlook([running, other()], {}, fleetOf(9))).toMatchObject({ slots: 6 });
  });
});

test('failures that are tried again are work', () => {
  const failed = { ...weather, failed_partitions: 6, remaining_partitions: 798 };
  expect(outlook([failed], {}).eta_seconds).toBe(133 * 60);
  expect(outlook([failed], { retry_failed: [failed.id] })).toMatchObject({
    eta_seconds: 134 * 60,
    remaining_partitions: 804,
  });
});

test('a deadline that is moved or taken away changes the level, and one that has passed is breached', () => {
  const level = (deadline: Date | null) =>
    outlook([weather], { deadline: { [weather.id]: deadline } }).risk_level;
  expect(level(inSeconds(134 * 60))).toBe('on_track');
  expect(level(inSeconds(120 * 60))).toBe('low');
  expect(level(null)).toBe('none');
  expect(level(now)).toBe('breached');
});

test('a stuck job stays unknown, whatever is given to it', () => {
  const stuck = aJob({ number: 1, heartbeat_at: secondsAgo(600), sla_deadline_at: inSeconds(900) });
  const what = { slots: 50, parallel: { [stuck.id]: 50 } };
  expect(outlook([stuck], what, fleetOf(2))).toMatchObject({
    slots: 0,
    eta_seconds: null,
    risk_level: 'unknown',
  });
});

const anyJob = (number: number) =>
  fc
    .record({
      state: fc.constantFrom(
        'running',
        'running',
        'pending',
        'paused',
        'resuming',
        'waiting_upstream',
      ),
      asset_name: fc.constantFrom('a', 'b'),
      total_partitions: fc.integer({ min: 40, max: 500 }),
      completed_partitions: fc.nat(30),
      failed_partitions: fc.nat(10),
      max_parallel: fc.integer({ min: 1, max: 12 }),
      running_slots: fc.nat(6),
      priority: fc.integer({ min: -3, max: 3 }),
      average: fc.option(fc.integer({ min: 1, max: 600_000 }), { freq: 8 }),
      stale: fc.nat(9).map((figure) => figure === 0),
      due: fc.option(fc.integer({ min: -600, max: 20_000 })),
    })
    .map(({ max_parallel, running_slots, average, stale, due, ...columns }) =>
      aJob({
        ...columns,
        number,
        running_slots: columns.state === 'running' ? Math.min(running_slots, max_parallel) : 0,
        execution_strategy: { type: 'parallel', max_parallel },
        avg_partition_duration_ms: average,
        heartbeat_at: secondsAgo(stale ? 600 : 5),
        sla_deadline_at: due === null ? null : inSeconds(due),
      }),
    );
const anyJobs = fc.tuple(anyJob(1), anyJob(2), anyJob(3), anyJob(4));
const anyFleet = fc.record({
  slots: fc.integer({ min: 0, max: 30 }),
  by_asset: fc.record({ a: fc.nat(30), b: fc.nat(30) }),
});
const anyWhat = fc.record({
  slots: fc.option(fc.nat(40)),
  pause: fc.subarray([1, 2, 3, 4].map((number) => aJob({ number }).id)),
  retry_failed: fc.subarray([1, 2, 3, 4].map((number) => aJob({ number }).id)),
  parallel: fc.dictionary(fc.constantFrom(aJob().id), fc.integer({ min: 1, max: 20 })),
  deadline: fc.constant({}),
});
const later = (after: number | null, before: number | null) =>
  after === null ? before !== null : before !== null && after > before;

describe('always', () => {
  test('with nothing changed, nothing changes', () => {
    expect(isNoChange(noChange)).toBe(true);
    fc.assert(
      fc.property(anyJobs, anyFleet, (jobs, fleet) => {
        const then = forecastWhatIf(jobs, fleet, noChange, now);
        for (const job of jobs) {
          expect(then.get(job.id)).toMatchObject({
            eta_seconds: job.eta_seconds,
            risk_level: job.risk_level,
            risk_severity: job.risk_severity,
            slots: job.heartbeat_stale ? 0 : job.running_slots,
          });
        }
      }),
    );
  });

  test('no slot is used twice, and no job exceeds its limit', () => {
    fc.assert(
      fc.property(anyJobs, anyFleet, anyWhat, (jobs, fleet, what) => {
        const then = [...forecastWhatIf(jobs, fleet, what, now).values()];
        const busy = jobs.reduce(
          (all, job) => all + (job.heartbeat_stale ? 0 : job.running_slots),
          0,
        );
        const used = then.reduce((all, one) => all + one.slots, 0);
        const change = (what.slots ?? fleet.slots) - fleet.slots;
        expect(used).toBeLessThanOrEqual(Math.max(0, Math.max(busy, fleet.slots) + change));
        for (const one of then) {
          const job = jobs.find(({ id }) => id === one.id)!;
          expect(one.slots).toBeGreaterThanOrEqual(0);
          expect(one.slots).toBeLessThanOrEqual(Math.max(job.running_slots, one.max_parallel));
        }
      }),
    );
  });

  test('more slots make no job later', () => {
    fc.assert(
      fc.property(anyJobs, anyFleet, anyWhat, fc.nat(10), (jobs, fleet, what, more) => {
        const slots = what.slots ?? fleet.slots;
        const few = forecastWhatIf(jobs, fleet, { ...what, slots }, now);
        const many = forecastWhatIf(jobs, fleet, { ...what, slots: slots + more }, now);
        for (const [id, one] of few)
          expect(later(many.get(id)!.eta_seconds, one.eta_seconds), id).toBe(false);
      }),
    );
  });

  test('pausing one job makes no other later', () => {
    fc.assert(
      fc.property(anyJobs, anyFleet, anyWhat, (jobs, fleet, what) => {
        const before = forecastWhatIf(jobs, fleet, { ...what, pause: [] }, now);
        const after = forecastWhatIf(jobs, fleet, what, now);
        for (const [id, one] of before)
          if (!what.pause.includes(id))
            expect(later(after.get(id)!.eta_seconds, one.eta_seconds), id).toBe(false);
      }),
    );
  });

  test('trying failures again makes no job earlier', () => {
    fc.assert(
      fc.property(anyJobs, anyFleet, (jobs, fleet) => {
        const again = { ...noChange, retry_failed: jobs.map(({ id }) => id) };
        const [before, after] = [noChange, again].map((what) =>
          forecastWhatIf(jobs, fleet, what, now),
        );
        for (const [id, one] of after!)
          expect(later(before!.get(id)!.eta_seconds, one.eta_seconds), id).toBe(false);
      }),
    );
  });
});
