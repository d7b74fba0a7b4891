import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterActions, type JobChange } from '../../../source/domain/forecast/after-actions.ts';
import { effectsOf, movedBy } from '../../../source/domain/forecast/effects.ts';
import type { Snapshot, SnapshotJob } from '../../../source/domain/forecast/snapshot.ts';
import { effectTexts } from '../../../source/presentation/job/effect-text.ts';
import { anySnapshot, every, executor, job, now, snapshot } from './snapshots.ts';

const inMinutes = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
const slot = (elapsed_ms = 0) => ({ executor: 'one', elapsed_ms });
const minute = every(60_000);

/** Ten minutes of partitions of a minute, on one slot. */
const running = (id: string, more: Partial<SnapshotJob> = {}) =>
  job({ id, asset_name: 'orders', state: 'running', durations: minute, slots: [slot()], ...more });
const waiting = (id: string, more: Partial<SnapshotJob> = {}) =>
  job({ id, asset_name: 'clicks', durations: minute, ...more });

const change = (
  id: string,
  action: JobChange['action'],
  more: Partial<JobChange> = {},
): JobChange => ({
  ...{ id, action, settings: {}, again: 0, silent: 0, failing: false, renewed: null },
  ...more,
});
const one = executor({ slots: 1 });
const two = executor({ slots: 2 });

type Row = [what: string, Partial<Snapshot>, JobChange[], own: string[], others: string[]];

const rows: Row[] = [
  [
    'pause, and the slot goes to the job that waits',
    { executors: [one], jobs: [running('a'), waiting('b', { sla_deadline_at: inMinutes(12) })] },
    [change('a', 'pause')],
    ['done 04:10 → unknown: paused'],
    ['clicks 9m earlier: in time'],
  ],
  [
    'pause of an upstream',
    { jobs: [running('a'), waiting('b', { state: 'waiting_upstream', upstreams: ['a'] })] },
    [change('a', 'pause')],
    ['done 04:10 → unknown: paused'],
    ['clicks unknown: it waits for an upstream job'],
  ],
  [
    'pause where another program runs it',
    { jobs: [running('a', { slots: [], external: true })] },
    [change('a', 'pause')],
    ['done 04:10 → unknown: paused'],
    [],
  ],
  [
    'resume on a free slot',
    { jobs: [running('a', { state: 'paused', slots: [], sla_deadline_at: inMinutes(15) })] },
    [change('a', 'resume')],
    ['done 04:10, 5m before its deadline'],
    [],
  ],
  [
    'resume behind another job',
    {
      executors: [one],
      jobs: [running('a'), waiting('b', { state: 'paused', sla_deadline_at: inMinutes(15) })],
    },
    [change('b', 'resume')],
    ['done 04:20, late by 5m', 'starts in ~10m, 1st in the queue'],
    [],
  ],
  [
    'resume before a job of a lower priority',
    {
      executors: [one],
      jobs: [
        running('a', { sla_deadline_at: inMinutes(12) }),
        waiting('b', { state: 'paused', priority: 9 }),
      ],
    },
    [change('b', 'resume')],
    ['done 04:11', 'starts in ~1m, 1st in the queue'],
    ['orders +10m: late by 8m'],
  ],
  [
    'resume under a limit',
    {
      limits: [{ max_running: 1, assets: null }],
      jobs: [running('a'), waiting('b', { state: 'paused' })],
    },
    [change('b', 'resume')],
    [
      'done 04:20',
      'a limit holds it: 1 of 1 running job of this tenant',
      'starts in ~10m, 1st in the queue',
    ],
    [],
  ],
  [
    'resume under a limit of 0',
    { limits: [{ max_running: 0, assets: ['clicks'] }], jobs: [waiting('b', { state: 'paused' })] },
    [change('b', 'resume')],
    ['done unknown: a limit holds it: 0 of 0 running jobs of clicks'],
    [],
  ],
  [
    'resume without an executor',
    { executors: [], jobs: [waiting('b', { state: 'paused' })] },
    [change('b', 'resume')],
    ['done unknown: no executor is running'],
    [],
  ],
  [
    'resume of what is in flight only',
    { jobs: [running('a', { state: 'paused', remaining: 1 })] },
    [change('a', 'resume')],
    ['done 04:01'],
    [],
  ],
  [
    'more in parallel',
    { jobs: [running('a', { sla_deadline_at: inMinutes(6) })] },
    [change('a', 'set', { settings: { strategy: { max_parallel: 2 } } })],
    ['done 04:10 → 04:05 (5m earlier), in time instead of late by 4m'],
    [],
  ],
  [
    'more in parallel where no slot is free',
    { executors: [one], jobs: [running('a', { sla_deadline_at: inMinutes(6) })] },
    [change('a', 'set', { settings: { strategy: { max_parallel: 4 } } })],
    ['no effect on when it is done: 1/1 slot busy, still late by 4m'],
    [],
  ],
  [
    'more in parallel after permanent failures: one at a time until one completes',
    { jobs: [running('a')] },
    [change('a', 'set', { failing: true, settings: { strategy: { max_parallel: 4 } } })],
    ['no effect on when it is done: its max parallel decides'],
    [],
  ],
  [
    'fewer in parallel: its running partitions end first',
    {
      executors: [two],
      jobs: [running('a', { max_parallel: 2, slots: [slot(), slot()] }), waiting('b')],
    },
    [change('a', 'set', { settings: { strategy: { max_parallel: 1 } } })],
    ['done 04:05 → 04:09 (4m later)'],
    ['clicks 4m earlier, no deadline'],
  ],
  [
    'priority',
    {
      executors: [one],
      jobs: [running('a', { sla_deadline_at: inMinutes(9) }), waiting('b')],
    },
    [change('b', 'set', { settings: { priority: 9 } })],
    ['done 04:20 → 04:11 (9m earlier)', 'starts in ~1m, 1st in the queue'],
    ['orders +10m: still late by 11m'],
  ],
  [
    'a nearer deadline in the queue',
    {
      executors: [one],
      jobs: [running('a'), waiting('b'), waiting('c', { asset_name: 'users' })].map((job) => ({
        ...job,
        asset_name: job.id === 'c' ? 'orders' : job.asset_name,
      })),
    },
    [change('c', 'set', { settings: { sla_deadline_at: inMinutes(25) } })],
    [
      'done 04:30 → 04:20 (10m earlier), 5m before its deadline',
      'starts in ~10m, 1st in the queue',
    ],
    ['clicks +10m, no deadline'],
  ],
  [
    'a later deadline',
    { jobs: [running('a', { sla_deadline_at: inMinutes(6) })] },
    [change('a', 'set', { settings: { sla_deadline_at: inMinutes(30) } })],
    ['no effect on when it is done: its max parallel decides, in time instead of late by 4m'],
    [],
  ],
  [
    'recreate with a higher priority',
    { executors: [one], jobs: [running('a', { priority: 6 }), waiting('b')] },
    [change('b', 'recreate', { settings: { priority: 10, strategy: { max_parallel: 1 } } })],
    ['done 04:20 → 04:11 (9m earlier)', 'starts in ~1m, 1st in the queue'],
    ['orders +10m, no deadline'],
  ],
  [
    'recreate: behind those that wait, its running partition is not run again',
    { executors: [one], jobs: [running('a'), waiting('b')] },
    [change('a', 'recreate')],
    ['done 04:10 → 04:20 (10m later)', 'starts in ~11m, 2nd in the queue'],
    ['clicks 9m earlier, no deadline'],
  ],
  [
    'recreate of an ended job',
    { jobs: [] },
    [change('a', 'recreate', { renewed: waiting('a', { remaining: 3 }) })],
    ['done 04:03'],
    [],
  ],
  [
    'cancel: what runs keeps its slot until it ends, and what waits for it fails',
    {
      executors: [one],
      jobs: [
        running('a'),
        waiting('b'),
        waiting('c', { asset_name: 'orders', state: 'waiting_upstream', upstreams: ['a'] }),
      ],
    },
    [change('a', 'cancel')],
    [],
    ['orders fails: it waits for this job', 'clicks 9m earlier, no deadline'],
  ],
  [
    'retry: what failed comes back, and those behind it wait',
    { executors: [one], jobs: [running('a'), waiting('b', { sla_deadline_at: inMinutes(22) })] },
    [change('a', 'retry', { again: 5 })],
    ['done 04:10 → 04:15 (5m later)'],
    ['clicks +5m: late by 3m'],
  ],
  [
    'retry of a paused job',
    { jobs: [waiting('a', { state: 'paused' })] },
    [change('a', 'retry', { again: 5 })],
    ['done unknown: paused'],
    [],
  ],
  [
    'reclaim from a silent executor',
    {
      jobs: [
        running('a', { slots: [], later: { count: 10, first_ms: 100_000, last_ms: 100_000 } }),
      ],
    },
    [change('a', 'reclaim', { silent: 10 })],
    ['done 04:11 → 04:10 (2m earlier)'],
    [],
  ],
  [
    'two changes of one job',
    { jobs: [running('a', { sla_deadline_at: inMinutes(6) })] },
    [
      change('a', 'set', { settings: { strategy: { max_parallel: 2 } } }),
      change('a', 'set', { settings: { priority: 9 } }),
    ],
    ['done 04:10 → 04:05 (5m earlier), in time instead of late by 4m'],
    [],
  ],
  [
    'of a job without a known duration the start moves',
    { executors: [one], jobs: [running('a'), waiting('b', { durations: null })] },
    [change('a', 'pause')],
    ['done 04:10 → unknown: paused'],
    ['clicks starts 9m earlier'],
  ],
  [
    'several jobs',
    {
      executors: [two],
      jobs: [
        running('a'),
        running('b', { sla_deadline_at: inMinutes(6) }),
        waiting('c', { remaining: 30 }),
      ],
    },
    [change('a', 'pause'), change('b', 'pause')],
    ['2 jobs: done unknown: paused', '1 → 0 of 2 jobs late'],
    ['clicks 9m earlier, no deadline'],
  ],
  [
    'no duration is known',
    { jobs: [running('a', { durations: null })] },
    [change('a', 'set', { settings: { priority: 9 } })],
    ['done unknown: no partition of its asset has completed yet'],
    [],
  ],
];

/** Slots of jobs that fail with the action: they wait, and have none. */
const busyIn = ({ jobs }: Snapshot, failed: ReadonlySet<string>) =>
  jobs.reduce((sum, { id, slots }) => sum + (failed.has(id) ? slots.length : 0), 0);

describe('the effects of an action', () => {
  it('each action under each binding, as it is told', () => {
    for (const [what, fields, changes, own, others] of rows) {
      const texts = effectTexts(effectsOf(snapshot(fields), changes), 'utc');
      expect(
        { own: texts.own.map(({ text }) => text), others: texts.others.map(({ text }) => text) },
        what,
      ).toEqual({ own, others });
    }
  });

  it('victims first, those that become late before the others; five are named, the rest counted', () => {
    const due = { priority: 4, sla_deadline_at: inMinutes(45) };
    const jobs = Array.from({ length: 9 }, (_, index) =>
      waiting(`w${index}`, { ...due, created_at: new Date(now.getTime() - 1_000 + index) }),
    );
    const next = waiting('p', { state: 'paused', priority: 9 });
    const first = running('a', { ...due, created_at: new Date(now.getTime() - 2_000) });
    const all = snapshot({ executors: [one], jobs: [first, ...jobs, next] });
    const { others, more } = effectsOf(all, [change('p', 'resume')]);
    expect(others).toHaveLength(5);
    // It ends at 50 minutes instead of 40; the others are in time, or late, before and after.
    expect(others[0]!.job_id).toBe('w2');
    expect(more).toEqual({ lose: 5, gain: 0 });
    expect(new Set(others.map(movedBy))).toEqual(new Set([600]));
    const texts = effectTexts({ ...effectsOf(all, [change('p', 'resume')]) }, 'utc').others;
    expect(texts.at(-1)!.text).toBe('5 more jobs later');
    const back = effectsOf({ ...all, jobs: [first, ...jobs, { ...next, state: 'pending' }] }, [
      change('p', 'pause'),
    ]);
    expect(back.others[0]!.job_id).toBe('w2');
    expect(back.more).toEqual({ lose: 0, gain: 5 });
  });

  it('an action that is taken back moves no other job, and each changes its own jobs alone', () => {
    const actions = ['pause', 'cancel', 'set', 'recreate', 'retry', 'reclaim', 'resume'] as const;
    fc.assert(
      fc.property(anySnapshot, fc.constantFrom(...actions), fc.nat(11), (all, action, index) => {
        const { id, state } = all.jobs[index % all.jobs.length]!;
        const settings = { priority: 2, strategy: { max_parallel: 1 } };
        const changed = change(id, action, { settings, again: 3 });
        const { snapshot: after, failed } = afterActions(all, [changed]);
        const kept = (one: SnapshotJob) => one.id !== id && !failed.has(one.id);
        expect(after.jobs.filter((one) => all.jobs.includes(one))).toEqual(all.jobs.filter(kept));
        // Only a reclaim takes slots from what runs.
        const busy = (of: Snapshot) => of.jobs.reduce((sum, { slots }) => sum + slots.length, 0);
        if (action !== 'reclaim') expect(busy(after) + busyIn(all, failed)).toBe(busy(all));
        expect(new Set(after.jobs.map((one) => one.id)).size).toBe(after.jobs.length);
        if (state !== 'pending') return;
        const back = effectsOf(all, [change(id, 'pause'), change(id, 'resume')]);
        expect(back.others).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('nothing moves where nothing changes', () => {
    const jobs = [running('a'), waiting('b')];
    const same = change('a', 'set', { settings: { strategy: { max_attempts: 9 } } });
    const effects = effectsOf(snapshot({ executors: [one], jobs }), [same]);
    expect(effects.others).toEqual([]);
    expect(effects.jobs[0]!.before).toEqual(effects.jobs[0]!.after);
  });
});
