import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionsOf, isApplicable } from '../../source/domain/advice/actions.ts';
import { type Advice, type Step, whatIfOf } from '../../source/domain/advice/advice.ts';
import { type AdviceInput, adviseOn } from '../../source/domain/advice/advise.ts';
import { effectOfStart } from '../../source/domain/advice/start.ts';
import { endsOf } from '../../source/domain/advice/trials.ts';
import type { Snapshot, SnapshotJob } from '../../source/domain/forecast/snapshot.ts';
import { applyWhatIf } from '../../source/domain/forecast/what-if.ts';
import { remedyText, verdictText } from '../../source/presentation/advice/advice-text.ts';
import { now, secondsAgo } from '../support/jobs.ts';
import { aLivingJob } from '../support/snapshots.ts';

const inSeconds = (seconds: number) => secondsAgo(-seconds);

const executor = { id: 'one', slots: 8, assets: ['orders', 'ml', 'sales'], closed: false };
const scene = (jobs: SnapshotJob[], changes: Partial<Snapshot> = {}): Snapshot => ({
  as_of: now,
  executors: [executor],
  limits: [],
  jobs,
  ...changes,
});
/** A hundred seconds of work in all slots, of lower priority and without a deadline. */
const ml = (changes: Parameters<typeof aLivingJob>[0] = {}) =>
  aLivingJob({
    id: 'ml',
    asset_name: 'ml',
    priority: 3,
    remaining: 80,
    max_parallel: 8,
    busy: 8,
    ...changes,
  });

const context = (snapshot: Snapshot) => ({
  as_of: now,
  zone: 'utc' as const,
  names: Object.fromEntries(snapshot.jobs.map(({ id, asset_name }) => [id, asset_name])),
});
const said = (advice: Advice, snapshot: Snapshot) => [
  verdictText(advice, context(snapshot)),
  ...advice.remedies.map((one) => remedyText(one, advice.job_id, context(snapshot))),
];

type Row = [what: string, snapshot: Snapshot, expected: string[], more?: Partial<AdviceInput>];

const rows: Row[] = [
  [
    'its own max parallel, while lower priorities have the slots',
    scene([aLivingJob({ priority: 10, late_by: 60, busy: 1 }), ml({ busy: 7, remaining: 70 })]),
    [
      'late by 1m: its own max parallel',
      'parallel 1 → 5: done 12:00, 10s before its deadline; makes no other job late',
      'move the deadline to 12:02: done 12:01',
    ],
  ],
  [
    'the slots, which higher priorities have',
    scene([
      aLivingJob({ late_by: 20, state: 'pending' }),
      ml({ priority: 7, busy: 8, remaining: 80 }),
    ]),
    [
      'late by 2m: others have the slots',
      'priority 5 → 8 and parallel 1 → 2: done 12:01, 20s before its deadline; ml +20s, no deadline',
      'move the deadline to 12:04: done 12:03',
    ],
  ],
  [
    'the slots of jobs of highest priority without a deadline',
    scene([
      aLivingJob({ priority: 10, late_by: 20, state: 'pending' }),
      ml({ priority: 10, busy: 4, max_parallel: 4, remaining: 40 }),
      ml({ id: 'ml2', priority: 9, busy: 4, max_parallel: 4, remaining: 400 }),
    ]),
    [
      'late by 30s: others have the slots',
      'parallel 1 → 2: done 12:01, 20s before its deadline; makes no other job late',
      'accept that it is late by 30s: done 12:01',
      'move the deadline to 12:02: done 12:01',
    ],
  ],
  [
    'the slots of a job with a deadline of its own',
    scene([
      aLivingJob({ priority: 3, late_by: 60, state: 'pending' }),
      ml({ id: 'sales', asset_name: 'sales', priority: 5, sla_deadline_at: inSeconds(105) }),
    ]),
    [
      'late by 3m: others have the slots',
      '4 more slots (8 → 12) and parallel 1 → 4: done 12:00, 10s before its deadline; makes no other job late',
      'priority 3 → 6 and parallel 1 → 5: done 12:00, 10s before its deadline; makes sales late by 15s',
      'move the deadline to 12:04: done 12:03',
    ],
  ],
  [
    'the slots of equal rank, that a pause frees',
    scene([
      aLivingJob({ priority: 10, late_by: 40, state: 'pending', max_parallel: 10 }),
      ml({ priority: 10 }),
    ]),
    [
      'late by 1m: others have the slots',
      'pause ml: done 12:00, 30s before its deadline; makes no other job late',
      '2 more slots (8 → 10): done 12:00, 10s before its deadline; makes no other job late',
      'move the deadline to 12:02: done 12:02',
    ],
  ],
  [
    'the slots of equal rank, that must not be paused',
    scene([
      aLivingJob({ priority: 10, late_by: 40, state: 'pending', max_parallel: 10 }),
      ml({ priority: 10, sla_deadline_at: inSeconds(3600) }),
    ]),
    [
      'late by 1m: others have the slots',
      '2 more slots (8 → 10): done 12:00, 10s before its deadline; makes no other job late',
      'move the deadline to 12:02: done 12:02',
    ],
  ],
  [
    'a breach of 22 s',
    scene([aLivingJob({ late_by: 22, busy: 1, external: true, max_parallel: 1 })]),
    [
      'late by 22s: another program runs it',
      'accept that it is late by 22s: done 12:01',
      'move the deadline to 12:02: done 12:01',
    ],
  ],
  [
    'no executor',
    scene([aLivingJob({ late_by: -600, state: 'pending' })], { executors: [] }),
    [
      'unknown: no executor is running',
      'start an executor with a handler for orders: done 12:01, 10m before its deadline; makes no other job late',
    ],
  ],
  [
    'no handler',
    scene([aLivingJob({ late_by: -600, state: 'pending', asset_name: 'users' })]),
    [
      'unknown: no executor has a handler for it',
      'start an executor with a handler for users: done 12:01, 10m before its deadline; makes no other job late',
    ],
  ],
  [
    'executors on hold',
    scene([aLivingJob({ late_by: -600, state: 'pending' })], {
      executors: [{ ...executor, closed: true }],
    }),
    [
      'unknown: all executors with a handler for it are on hold or draining',
      'let executors claim again, or start another one: done 12:01, 10m before its deadline; makes no other job late',
    ],
  ],
  [
    'a limit',
    scene(
      [
        aLivingJob({ late_by: 20, state: 'pending', priority: 10 }),
        ml({ busy: 4, max_parallel: 4, remaining: 40, sla_deadline_at: inSeconds(3600) }),
      ],
      { limits: [{ max_running: 1, assets: null }] },
    ),
    [
      'late by 2m: a limit of running jobs is reached',
      'raise the limit of running jobs 1 → 2 and parallel 1 → 2: done 12:00, 30s before its deadline; makes no other job late',
      'move the deadline to 12:04: done 12:03',
    ],
  ],
  [
    'a limit of none',
    scene([aLivingJob({ late_by: -600, state: 'pending' })], {
      limits: [{ max_running: 0, assets: ['orders'] }],
    }),
    [
      'unknown: a limit of running jobs is reached',
      'raise the limit of running jobs 0 → 1: done 12:01, 10m before its deadline; makes no other job late',
    ],
  ],
  [
    'a pause',
    scene([aLivingJob({ late_by: -600, state: 'paused' })]),
    [
      'unknown: it is paused',
      'resume it: done 12:01, 10m before its deadline; makes no other job late',
    ],
  ],
  [
    'a pause, and it is late then',
    scene([aLivingJob({ late_by: 50, state: 'paused' })]),
    [
      'unknown: it is paused',
      'resume it and parallel 1 → 3: done 12:00, 10s before its deadline; makes no other job late',
      'resume it and move the deadline to 12:02: done 12:01',
    ],
  ],
  [
    'an upstream',
    scene([
      aLivingJob({ late_by: 60, state: 'waiting_upstream', upstreams: ['up'], remaining: 1 }),
      ml({ id: 'up', asset_name: 'sales', busy: 1, max_parallel: 1, remaining: 12 }),
    ]),
    [
      'late by 2m: it waits for its upstreams',
      'parallel 1 → 6 of sales: done 12:00, 10s before its deadline; makes no other job late',
      'move the deadline to 12:03: done 12:02',
    ],
  ],
  [
    'an upstream that is paused',
    scene([
      aLivingJob({ late_by: -900, state: 'waiting_upstream', upstreams: ['up'] }),
      ml({ id: 'up', asset_name: 'sales', busy: 0, state: 'paused' }),
    ]),
    [
      'unknown: upstream sales: it is paused',
      'resume sales: done 12:03, 13m before its deadline; makes no other job late',
    ],
  ],
  [
    'failures',
    scene([aLivingJob({ late_by: -600, busy: 1 })]),
    [
      'will end incomplete, 10m before its deadline',
      'retry its 4 failed partitions: done 12:02, 9m before its deadline; makes no other job late',
    ],
    { failed: new Map([['job', 4]]) },
  ],
  [
    'durations not known',
    scene([aLivingJob({ late_by: -600, durations: null, busy: 1 })]),
    ['unknown: no partition of the asset has completed yet'],
  ],
  [
    'another program',
    scene([aLivingJob({ late_by: 60, external: true })]),
    ['late by 1m: another program runs it', 'move the deadline to 12:02: done 12:01'],
  ],
  [
    'an old heartbeat',
    scene([aLivingJob({ late_by: 60 })]),
    ['unknown: no heartbeat: its executor may be dead'],
    { stale: new Set(['job']) },
  ],
  [
    'nothing: on time',
    scene([aLivingJob({ late_by: -60, busy: 1 })]),
    ['on time, 1m before its deadline'],
  ],
  [
    'nothing: no deadline',
    scene([aLivingJob({ busy: 1 })]),
    ['no deadline; bound by: its own max parallel'],
  ],
  [
    'two things at once',
    scene([
      aLivingJob({ priority: 3, late_by: 60, busy: 1 }),
      ml({ priority: 5, busy: 7, max_parallel: 7, remaining: 700 }),
    ]),
    [
      'late by 1m: its own max parallel',
      'priority 3 → 6 and parallel 1 → 5: done 12:00, 10s before its deadline; makes no other job late',
      'move the deadline to 12:02: done 12:01',
    ],
  ],
  [
    'a deadline that has passed',
    scene([aLivingJob({ late_by: 160, busy: 1 })]),
    [
      'late by 3m: its own max parallel',
      'parallel 1 → 5: done 12:00, late by 1m',
      'move the deadline to 12:02: done 12:01',
    ],
  ],
];

describe('the remedy of each kind of binding', () => {
  it('is the cheapest that makes no other job late, or it names whom it does', () => {
    for (const [what, snapshot, expected, more = {}] of rows) {
      const advice = adviseOn('job', { snapshot, ...more })!;
      expect(said(advice, snapshot), what).toEqual(expected);
    }
  });

  it('as actions: settings of a job together, a resume and a pause last', () => {
    const steps: Step[] = [
      { kind: 'pause', job: 'b' },
      { kind: 'resume', job: 'a' },
      { kind: 'parallel', job: 'a', from: 1, to: 4 },
      { kind: 'priority', job: 'a', from: 1, to: 9 },
      { kind: 'deadline', job: 'c', from: now, to: inSeconds(60) },
      { kind: 'retry', job: 'a', failed: 3 },
      { kind: 'pause', job: 'd' },
    ];
    expect(actionsOf({ steps })).toEqual([
      { action: 'set', parameters: { parallel: '4', priority: '9' }, jobs: ['a'] },
      { action: 'set', parameters: { deadline: inSeconds(60).toISOString() }, jobs: ['c'] },
      { action: 'retry', parameters: {}, jobs: ['a'] },
      { action: 'resume', parameters: {}, jobs: ['a'] },
      { action: 'pause', parameters: {}, jobs: ['b', 'd'] },
    ]);
    expect([isApplicable({ steps }), isApplicable({ steps: [{ kind: 'open' }] })]).toEqual([
      true,
      false,
    ]);
  });

  it('a job that is not in the snapshot has none', () => {
    expect(adviseOn('other', { snapshot: scene([]) })).toBeNull();
  });
});

const anyJob = (id: string) =>
  fc
    .record({
      asset_name: fc.constantFrom('orders', 'ml', 'sales'),
      state: fc.constantFrom('running', 'running', 'pending', 'paused'),
      remaining: fc.integer({ min: 1, max: 60 }),
      max_parallel: fc.integer({ min: 1, max: 8 }),
      priority: fc.integer({ min: 0, max: 10 }),
      late_by: fc.option(fc.integer({ min: -300, max: 90 }), { nil: undefined }),
      mean_ms: fc.integer({ min: 100, max: 20_000 }),
    })
    .map(({ mean_ms, ...columns }) =>
      aLivingJob({
        ...columns,
        id,
        busy: columns.state === 'running' ? Math.min(1, columns.remaining) : 0,
        durations: { mean_ms, spread: 0.2, samples: 50, failed_share: 0 },
      }),
    );

const anyScene = fc
  .record({
    jobs: fc.tuple(...['job', '2', '3', '4', '5'].map(anyJob)),
    slots: fc.integer({ min: 5, max: 12 }),
    limit: fc.option(fc.integer({ min: 1, max: 5 }), { nil: null, freq: 2 }),
    upstream: fc.boolean(),
  })
  .map(({ jobs: [job, ...others], slots, limit, upstream }) =>
    scene(
      upstream
        ? [{ ...job!, state: 'waiting_upstream', slots: [], upstreams: ['2'] }, ...others]
        : [job!, ...others],
      {
        executors: [{ ...executor, slots }],
        limits: limit === null ? [] : [{ max_running: limit, assets: null }],
      },
    ),
  );

describe('always', () => {
  it('a remedy that is made brings the job in as it says, and makes late only those that it names', () => {
    let made = 0;
    fc.assert(
      fc.property(anyScene, (snapshot) => {
        const advice = adviseOn('job', { snapshot })!;
        const before = endsOf(snapshot);
        for (const remedy of advice.remedies) {
          made += 1;
          const after = applyWhatIf(snapshot, whatIfOf(remedy.steps));
          const ends = endsOf(after);
          const left = (index: number, of: Snapshot) =>
            (of.jobs[index]!.sla_deadline_at?.getTime() ?? Number.POSITIVE_INFINITY) -
            now.getTime();
          const isIn = (index: number, all: typeof ends, of: Snapshot) =>
            all[index] !== null && all[index]! <= left(index, of);
          const withDeadline = snapshot.jobs[0]!.sla_deadline_at !== null;
          if (withDeadline)
            expect(isIn(0, ends, after), JSON.stringify(remedy)).toBe(remedy.brings_in);
          const named = new Set(
            remedy.costs.filter(({ made_late }) => made_late).map(({ job }) => job),
          );
          snapshot.jobs.forEach(({ id, sla_deadline_at }, index) => {
            if (id === 'job' || sla_deadline_at === null || !isIn(index, before, snapshot)) return;
            // A move below what is told may be across the deadline all the same.
            const moved = (ends[index] ?? Number.POSITIVE_INFINITY) - before[index]!;
            if (moved <= Math.min(60_000, Math.max(5_000, 0.02 * before[index]!))) return;
            expect(named.has(id)).toBe(!isIn(index, ends, after));
          });
        }
        expect(advice.remedies.every(({ steps }) => steps.length > 0)).toBe(true);
      }),
      { seed: 13, numRuns: 300 },
    );
    expect(made).toBeGreaterThan(150);
  });
});

describe('a start that is not made yet', () => {
  it('tells its end, whom it makes late, and when it would not', () => {
    const sales = ml({ id: 'sales', asset_name: 'sales', sla_deadline_at: inSeconds(120) });
    const added = { ...aLivingJob({ priority: 9, max_parallel: 8, remaining: 40, late_by: -500 }) };
    const effect = effectOfStart(scene([sales]), [added]);
    expect(effect).toMatchObject({
      finish_at: inSeconds(60),
      late_by_seconds: -540,
      costs: [{ job: 'sales', made_late: true, late_by_seconds: 30, moved_seconds: 50 }],
      harmless_at: inSeconds(300),
    });
    const calm = effectOfStart(scene([ml()]), [added]);
    expect(calm).toMatchObject({ costs: [{ job: 'ml', made_late: false }], harmless_at: null });
    const unknown = { ...added, durations: null };
    expect(effectOfStart(scene([]), [unknown])).toMatchObject({ finish_at: null, costs: [] });
  });
});
