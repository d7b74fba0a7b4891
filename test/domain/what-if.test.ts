import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Snapshot, SnapshotJob } from '../../source/domain/forecast/snapshot.ts';
import {
  applyWhatIf,
  noChange,
  openSlots,
  type WhatIf,
} from '../../source/domain/forecast/what-if.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import { riskRows } from '../../source/domain/risk/board.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';
import { aLivingJob, riskBoardOf } from '../support/snapshots.ts';

const inSeconds = (seconds: number) => secondsAgo(-seconds);
const minute = 60_000;

/** The sketch of the screens page: 52 minutes late of 82, and 7 with half as many slots again. */
const weather = aJob({
  number: 1,
  asset_name: 'weather',
  total_partitions: 804,
  completed_partitions: 0,
  avg_partition_duration_ms: minute,
  execution_strategy: { type: 'parallel', max_parallel: 12 },
  running_slots: 6,
  sla_deadline_at: inSeconds(82 * 60),
});
/** 100 partitions of 30 s in the two other slots: 25 minutes. */
const clicks = aJob({
  number: 2,
  asset_name: 'clicks',
  priority: 0,
  running_slots: 2,
  completed_partitions: 0,
  execution_strategy: { type: 'parallel', max_parallel: 2 },
});

const rowOf = (jobs: JobView[], slots: number, what: Partial<WhatIf>, id = weather.id) =>
  riskRows(riskBoardOf(jobs, slots), { ...noChange, ...what }).find((row) => row.id === id)!;
const then = (jobs: JobView[], slots: number, what: Partial<WhatIf>, id = weather.id) =>
  rowOf(jobs, slots, what, id).what_if!;

describe('a what-if is the forecast of a changed snapshot', () => {
  it('the sketch: 63 % over now, 9 % with 9 slots', () => {
    expect(rowOf([weather], 6, {})).toMatchObject({
      eta_seconds: 134 * 60,
      late_by_seconds: 52 * 60,
      risk_level: 'high',
      what_if: null,
    });
    expect(rowOf([weather], 6, {}).risk_severity).toBeCloseTo(52 / 82);
    const outlook = then([weather], 6, { slots: 9 });
    expect(outlook).toMatchObject({ risk_level: 'low', victim: false });
    expect(outlook.eta_seconds! / 60).toBeCloseTo(90, -1);
    expect(outlook.moved_seconds! / 60).toBeCloseTo(-44, -1);
  });

  it('the incident: priority 10 in one slot, all others busy with priority 3; parallel 4 brings it in', () => {
    const urgent = aJob({
      number: 3,
      asset_name: 'urgent',
      priority: 10,
      total_partitions: 100,
      completed_partitions: 0,
      avg_partition_duration_ms: 2_800,
      execution_strategy: { type: 'sequential' },
      running_slots: 1,
      sla_deadline_at: inSeconds(178),
    });
    const busy = { ...clicks, priority: 3, running_slots: 7, avg_partition_duration_ms: 5_000 };
    const jobs = [urgent, { ...busy, execution_strategy: { type: 'parallel', max_parallel: 8 } }];
    expect(rowOf(jobs, 8, {}, urgent.id)).toMatchObject({ eta_seconds: 280, risk_level: 'high' });
    const outlook = then(jobs, 8, { parallel: { [urgent.id]: 4 } }, urgent.id);
    expect(outlook).toMatchObject({ risk_level: 'on_track', max_parallel: 4 });
    expect(outlook.eta_seconds).toBeLessThan(80);
    const lost = then(jobs, 8, { parallel: { [urgent.id]: 4 } }, clicks.id);
    expect(lost).toMatchObject({ victim: true, made_late: false });
    expect(lost.moved_seconds).toBeGreaterThan(5);
  });

  it('what each change does to the snapshot', () => {
    const jobs = [aLivingJob({ busy: 2 }), aLivingJob({ id: 'low', priority: 0, busy: 2 })];
    const snapshot: Snapshot = {
      as_of: now,
      executors: [
        { id: 'one', slots: 4, assets: ['orders'], closed: false },
        { id: 'two', slots: 2, assets: ['clicks'], closed: true },
      ],
      limits: [{ max_running: 1, assets: null }],
      jobs,
    };
    const changed = (what: Partial<WhatIf>, failed = new Map([['job', 3]])) =>
      applyWhatIf(snapshot, { ...noChange, ...what }, failed);
    const job = (what: Partial<WhatIf>) => changed(what).jobs[0];
    expect(changed({})).toBe(snapshot);
    expect(job({ pause: ['job'] })).toMatchObject({ state: 'paused' });
    expect(job({ parallel: { job: 3 } })).toMatchObject({ max_parallel: 3 });
    expect(job({ priority: { job: 9 } })).toMatchObject({ priority: 9 });
    expect(job({ retry_failed: ['job'] })).toMatchObject({ remaining: 13 });
    expect(job({ deadline: { job: now } })).toMatchObject({ sla_deadline_at: now });
    expect(changed({ claiming: 'hold' }).executors.map(({ closed }) => closed)).toEqual([
      true,
      true,
    ]);
    expect(changed({ claiming: 'open' }).executors.map(({ closed }) => closed)).toEqual([
      false,
      false,
    ]);
    expect(changed({ limits: { 0: 4 } }).limits[0]).toMatchObject({ max_running: 4 });
    expect(openSlots(changed({ slots: 9 }))).toBe(9);
    expect(openSlots(changed({ executor: { slots: 3, assets: ['users'] } }))).toBe(7);
    // Slots that are taken away are those of the job that ranks last.
    const fewer = changed({ slots: 3 });
    expect(fewer.jobs.map(({ slots }) => slots.length)).toEqual([2, 1]);
    const paused = { ...snapshot, jobs: [aLivingJob({ state: 'paused' })] };
    expect(applyWhatIf(paused, { ...noChange, resume: ['job'] }).jobs[0]!.state).toBe('resuming');
  });

  it('a hold and a pause leave no end; of a stuck job nothing is told', () => {
    const paused = then([weather, clicks], 8, { pause: [weather.id] });
    expect(paused).toMatchObject({ eta_seconds: null, paused: true, victim: false });
    const first = { ...clicks, priority: 9 };
    expect(then([weather, first], 8, { pause: [first.id] }).moved_seconds).toBeLessThan(0);
    const waiting = { ...clicks, state: 'pending', running_slots: 0 };
    expect(then([weather, waiting], 6, { claiming: 'hold' }, clicks.id)).toMatchObject({
      eta_seconds: null,
      victim: true,
    });
    const stuck = aJob({ heartbeat_at: secondsAgo(600), sla_deadline_at: inSeconds(900) });
    expect(then([stuck], 2, { slots: 50 }, stuck.id)).toMatchObject({
      eta_seconds: null,
      risk_level: 'unknown',
    });
  });
});

const anyLivingJob = (id: string) =>
  fc
    .record({
      asset_name: fc.constantFrom('a', 'b'),
      remaining: fc.integer({ min: 7, max: 90 }),
      max_parallel: fc.integer({ min: 1, max: 12 }),
      busy: fc.nat(6),
      priority: fc.integer({ min: 0, max: 3 }),
    })
    .map((columns): SnapshotJob => aLivingJob({ ...columns, id }));

describe('always', () => {
  it('slots are exact, and no executor runs more than it has', () => {
    const jobs = fc.tuple(...['1', '2', '3', '4'].map(anyLivingJob));
    const executors = fc.record({ one: fc.nat(30), two: fc.nat(30), three: fc.nat(30) });
    fc.assert(
      fc.property(jobs, executors, fc.nat(120), (all, of, slots) => {
        const snapshot: Snapshot = {
          as_of: now,
          executors: Object.entries(of).map(([id, count]) => ({
            id,
            slots: count,
            assets: ['a', 'b'],
            closed: false,
          })),
          limits: [],
          jobs: all,
        };
        const changed = applyWhatIf(snapshot, { ...noChange, slots });
        expect(openSlots(changed)).toBe(slots);
        for (const { id, slots: left } of changed.executors) {
          const busy = changed.jobs
            .flatMap((job) => job.slots)
            .filter((one) => one.executor === id);
          if (left < (of[id as keyof typeof of] ?? left))
            expect(busy.length).toBeLessThanOrEqual(left);
        }
      }),
    );
  });
});
