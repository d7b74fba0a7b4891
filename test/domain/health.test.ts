import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounds } from '../../source/domain/forecast/job-forecast.ts';
import { jobMatches, parseFilter } from '../../source/domain/job/filter.ts';
import {
  type Health,
  type HealthFacts,
  healthOf,
  healths,
  healthy,
  urgencyOf,
} from '../../source/domain/job/health.ts';
import {
  type Job,
  type JobActivity,
  type JobView,
  rankJob,
  viewJob,
} from '../../source/domain/job/job.ts';
import { byAttention, compareBy, isProblem } from '../../source/domain/job/order.ts';
import { isTerminal, jobStates } from '../../source/domain/job/state.ts';
import { riskLevels } from '../../source/domain/risk/risk.ts';
import { type ClaimScene, emptyScene } from '../../source/domain/triage/claim-scene.ts';
import { waitingClauses } from '../../source/domain/triage/clause-reason.ts';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { formatEta } from '../../source/presentation/job/eta-phrase.ts';
import { jobTone } from '../../source/presentation/job/health-text.ts';
import { stallText } from '../../source/presentation/job/stall-text.ts';
import { riskBadge } from '../../source/presentation/risk/badge.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';

const executor = {
  id: 'web-1:812',
  handlers: ['orders_daily'],
  slots: 8,
  busy: 0,
  draining: false,
  hold_reason: null,
  outages: [],
};
const well: ClaimScene = { ...emptyScene, executors: [executor] };
const full: ClaimScene = { ...well, executors: [{ ...executor, busy: 8 }] };
const inAnHour = secondsAgo(-3600);

type Overrides = Partial<Job & JobActivity> & { number?: number };

function seen(overrides: Overrides, scene: ClaimScene): JobView {
  return viewJob(aJob(overrides), now, undefined, scene);
}

const one = aJob().id;
const silent = (slots: number): ClaimScene['silent'] => ({
  [one]: [{ id: 'web-2:77', slots, seen_at: secondsAgo(42), until: secondsAgo(-60) }],
});

type Row = [
  what: string,
  job: Overrides,
  scene: ClaimScene,
  expected: {
    health: (typeof healths)[number];
    reason: string | null;
    eta: string;
    sla: string;
    known: boolean;
  },
];

const rows: Row[] = [
  [
    'runs',
    { sla_deadline_at: inAnHour },
    well,
    { health: 'ok', reason: null, eta: '12:15 in 15m', sla: 'on track 45m', known: true },
  ],
  [
    'all leases with a silent executor',
    { sla_deadline_at: inAnHour },
    { ...well, silent: silent(2) },
    {
      health: 'silent',
      reason: 'web-2:77 with 2 slots has been silent for 42s',
      eta: 'web-2:77 silent 42s, takeover in ~1m00s',
      sla: 'unknown',
      known: false,
    },
  ],
  [
    'the only executor is silent',
    { sla_deadline_at: inAnHour },
    { ...well, executors: [], silent: silent(2) },
    {
      health: 'silent',
      reason: 'web-2:77 with 2 slots has been silent for 42s',
      eta: 'web-2:77 silent 42s, no executor takes over',
      sla: 'unknown',
      known: false,
    },
  ],
  [
    'one of two leases with a silent executor: half the pace',
    { sla_deadline_at: inAnHour },
    { ...well, silent: silent(1) },
    {
      health: 'ok',
      reason: 'web-2:77 with 1 slot has been silent for 42s',
      eta: '12:30 in 30m, web-2:77 silent 42s, takeover in ~1m00s',
      sla: 'on track 30m',
      known: true,
    },
  ],
  [
    'running, and no slot',
    { running_slots: 0, sla_deadline_at: inAnHour },
    full,
    {
      health: 'unknown',
      reason: 'queued: 8/8 slots busy',
      eta: 'waits for slot',
      sla: 'unknown',
      known: false,
    },
  ],
  [
    'running, no slot and no deadline',
    { running_slots: 0 },
    full,
    {
      health: 'starved',
      reason: 'queued: 8/8 slots busy',
      eta: 'waits for slot',
      sla: '–',
      known: false,
    },
  ],
  [
    'late even if it had its slots',
    { running_slots: 0, sla_deadline_at: secondsAgo(-60) },
    full,
    {
      health: 'late',
      reason: 'queued: 8/8 slots busy',
      eta: 'waits for slot',
      sla: 'late by 7m (HIGH 650%)',
      known: false,
    },
  ],
  [
    'pending, and no slot',
    { state: 'pending', running_slots: 0 },
    full,
    {
      health: 'queued',
      reason: 'queued: 8/8 slots busy',
      eta: 'waits for slot',
      sla: '–',
      known: false,
    },
  ],
  [
    'pending, and a slot is free',
    { state: 'pending', running_slots: 0, sla_deadline_at: inAnHour },
    well,
    { health: 'ok', reason: null, eta: 'needs 8m', sla: 'on track 53m', known: true },
  ],
  [
    'run by a program of another kind, whose leases are not ours',
    { running_slots: 0, ours: false, sla_deadline_at: inAnHour },
    full,
    { health: 'ok', reason: null, eta: '12:07 in 8m', sla: 'on track 53m', known: true },
  ],
  [
    'pending, and no executor has the handler',
    { state: 'pending', running_slots: 0, asset_name: 'clicks' },
    well,
    {
      health: 'blocked',
      reason: 'no executor has a handler for clicks (1 running)',
      eta: 'no handler',
      sla: '–',
      known: false,
    },
  ],
  [
    'what is left waits for its time',
    { running_slots: 0 },
    { ...full, idle: { [one]: { has_claimable: false, due_at: secondsAgo(-300) } } },
    {
      health: 'snoozed',
      reason: 'all remaining partitions are snoozed or backing off, the first is due in 5m',
      eta: 'snoozed',
      sla: '–',
      known: false,
    },
  ],
  [
    'a limit is reached',
    { state: 'pending', running_slots: 0 },
    {
      ...well,
      limits: [{ scope: 'tenant', name: '', max_running: 2, running: 2, assets: null }],
    },
    {
      health: 'queued',
      reason: 'limit reached: 2 of 2 running jobs of this tenant',
      eta: 'limit reached',
      sla: '–',
      known: false,
    },
  ],
  [
    'auto-paused, 590 of 730 failed',
    {
      state: 'paused',
      running_slots: 0,
      failing: true,
      total_partitions: 730,
      completed_partitions: 100,
      failed_partitions: 590,
      sla_deadline_at: inAnHour,
    },
    well,
    {
      health: 'auto_paused',
      reason: 'will end incomplete: 590 failed',
      eta: 'paused',
      sla: '✗ incomplete',
      known: false,
    },
  ],
  [
    'runs on with a failed partition and no deadline',
    { failed_partitions: 1 },
    well,
    {
      health: 'incomplete',
      reason: 'will end incomplete: 1 failed',
      eta: '12:15 in 15m',
      sla: '✗ incomplete',
      known: true,
    },
  ],
];

describe('B3 a job that does nothing does not look well', () => {
  it('B3 in its health, reason, ETA and SLA', () => {
    for (const [what, job, scene, { health, reason, eta, sla, known }] of rows) {
      const view = seen(job, scene);
      expect(
        {
          health: view.health,
          reason: view.health_reason,
          eta: formatEta(view, now, 'utc').forms[0],
          sla: riskBadge(view, now).forms[0],
          known: view.eta_seconds !== null,
        },
        what,
      ).toEqual({ health, reason, eta, sla, known });
    }
  });
});

it('a resumed job is unclaimed from 30 s on, in its health, its ETA and its line alike', () => {
  const at = (seconds: number) => {
    const job = { state: 'resuming', running_slots: 0, heartbeat_at: secondsAgo(seconds) };
    const view = seen(job as Overrides, well);
    return [view.health, formatEta(view, now, 'utc').forms[0], stallText(view, [])?.text ?? null];
  };
  const line = (age: string) =>
    `not claimed for ${age}: the next executor with a handler takes it over; see: servo-tui executors`;
  expect(at(29)).toEqual(['ok', 'to be claimed', null]);
  expect(at(30)).toEqual(['unclaimed', 'unclaimed 30s', line('30s')]);
  expect(at(120)).toEqual(['unclaimed', 'unclaimed 2m', line('2m')]);
});

const someScene = fc.record({
  executors: fc.array(
    fc.record({
      id: fc.constantFrom('a', 'b'),
      handlers: fc.subarray(['orders_daily', 'clicks']),
      slots: fc.constantFrom(1, 4),
      busy: fc.constantFrom(0, 1, 4),
      draining: fc.boolean(),
      hold_reason: fc.constantFrom(null, 'the database is slow'),
      outages: fc.constant([]),
    }),
    { maxLength: 3 },
  ),
});

const someJob = fc.record({
  state: fc.constantFrom(...jobStates, 'hibernating'),
  asset_name: fc.constantFrom('orders_daily', 'clicks'),
  completed_partitions: fc.nat(100),
  failed_partitions: fc.constantFrom(0, 0, 1, 40),
  running_slots: fc.constantFrom(0, 0, 1, 4),
  ours: fc.boolean(),
  failing: fc.boolean(),
  priority: fc.nat(3),
  avg_partition_duration_ms: fc.constantFrom(null, 1000, 600_000),
  heartbeat_at: fc.constantFrom(null, secondsAgo(4), secondsAgo(90), secondsAgo(600)),
  completed_at: fc.constantFrom(null, secondsAgo(60), secondsAgo(60), secondsAgo(9e5)),
  sla_deadline_at: fc.constantFrom(null, secondsAgo(60), secondsAgo(-60), secondsAgo(-36_000)),
  /** How many of its leases a silent executor has. */
  silent_slots: fc.constantFrom(0, 0, 1, 4),
  has_claimable: fc.boolean(),
  forecast: fc.option(
    fc.record({
      computed_at: fc.constantFrom(secondsAgo(1), secondsAgo(600)),
      bound_by: fc.constantFrom(...bounds),
      unknown: fc.constantFrom(null, ...bounds, 'no_duration' as const),
      place: fc.constantFrom(null, 1, 12),
      start_at: fc.constantFrom(null, now, secondsAgo(-30)),
      finish_at: fc.constantFrom(null, secondsAgo(-30), secondsAgo(-1_000), secondsAgo(-90_000)),
      low_at: fc.constantFrom(null, secondsAgo(-30)),
      high_at: fc.constantFrom(null, secondsAgo(-90_000)),
    }),
  ),
});

const inScene = fc.tuple(fc.array(someJob, { maxLength: 30 }), someScene).map(([some, around]) => {
  const ids = some.map((_, index) => aJob({ number: index + 1 }).id);
  const scene: ClaimScene = {
    ...emptyScene,
    executors: around.executors,
    silent: Object.fromEntries(
      some.flatMap(({ silent_slots }, index) =>
        silent_slots === 0
          ? []
          : [[ids[index]!, [{ id: 'gone', slots: silent_slots, seen_at: null, until: now }]]],
      ),
    ),
    idle: Object.fromEntries(
      some.map(({ has_claimable }, index) => [
        ids[index]!,
        { has_claimable, due_at: has_claimable ? null : secondsAgo(-60) },
      ]),
    ),
  };
  const jobs = some.map(({ silent_slots: _, has_claimable: __, ...job }, index) =>
    seen({ ...job, number: index + 1 }, scene),
  );
  return { jobs, scene };
});
const someJobs = inScene.map(({ jobs }) => jobs);

/** Not problems: they pass without a person. */
const passing: readonly Health[] = ['starved', 'queued', 'snoozed', 'ok'];

function* allFacts(): Generator<HealthFacts> {
  const flags = [false, true];
  for (const state of [...jobStates, 'hibernating'])
    for (const risk_level of riskLevels)
      for (const waits_for of [null, ...waitingClauses])
        for (const heartbeat_age_seconds of [null, 0, 3600])
          for (const incomplete_partitions of [0, 5])
            for (const heartbeat_stale of flags)
              for (const silent of flags)
                for (const failing of flags)
                  for (const failed_lately of flags) {
                    const counts = { heartbeat_age_seconds, incomplete_partitions };
                    const marks = { heartbeat_stale, silent, failing, failed_lately };
                    yield { state, risk_level, waits_for, ...counts, ...marks };
                  }
}

describe('B3 the order of attention', () => {
  it('B3 is the order of the filter problems, and nothing without a problem stands above one', () => {
    const filter = parseFilter('problems');
    fc.assert(
      fc.property(someJobs, (jobs) => {
        const table = jobs.toSorted(compareBy(byAttention));
        const matching = (job: JobView) => jobMatches(filter, job, () => null);
        const shown = jobs.filter(matching).toSorted(compareBy(byAttention));
        expect(table.filter(matching).map(({ id }) => id)).toEqual(shown.map(({ id }) => id));
        expect(table.slice(0, shown.length)).toEqual(shown);
        expect(table.map(isProblem)).toEqual(table.map((_, index) => index < shown.length));
      }),
    );
  });

  it('B3 each combination of facts: its health is a problem exactly where `!` shows it, in the order of the table', () => {
    const ranks = new Map<Health, Set<number>>();
    let walked = 0;
    for (const facts of allFacts()) {
      walked += 1;
      const [health, urgency] = [healthOf(facts), urgencyOf(facts)];
      const ended = isTerminal(facts.state);
      expect(urgency < healthy, JSON.stringify(facts)).toBe(!passing.includes(health));
      if (ended && health === 'breached') throw new Error(JSON.stringify(facts));
      ranks.set(health, (ranks.get(health) ?? new Set()).add(urgency));
    }
    expect(walked).toBeGreaterThan(40_000);
    expect(new Set(ranks.keys())).toEqual(new Set(healths));
    // Later in the list of healths is never more urgent: `late` alone has several ranks.
    const first = healths.map((health) => Math.min(...ranks.get(health)!));
    expect(first).toEqual(first.toSorted((one, other) => one - other));
  });

  it('ranks a job by its summary as by its view', () => {
    fc.assert(
      fc.property(inScene, ({ jobs, scene }) => {
        for (const job of jobs) {
          const { urgency, risk_level } = job;
          expect(rankJob(job, now, thresholdDefaults, scene)).toEqual({ urgency, risk_level });
        }
      }),
    );
  });

  it('B3 no unfinished job with a problem is green, nor is its deadline; its health comes in the order of the table', () => {
    fc.assert(
      fc.property(someJobs, (jobs) => {
        for (const job of jobs.filter(({ state }) => !isTerminal(state))) {
          if (job.health === 'ok') continue;
          expect(jobTone(job), job.health).not.toBe('good');
          if (isProblem(job) || job.eta_seconds === null)
            expect(riskBadge(job, now).tone, job.health).not.toBe('good');
          expect(healths).toContain(job.health);
        }
      }),
    );
  });

  it('B3 an ended job is a problem where it has failed lately; before that it is history', () => {
    const failed = (ago: number) => seen({ state: 'failed', completed_at: secondsAgo(ago) }, well);
    expect(isProblem(failed(60))).toBe(true);
    expect(isProblem(failed(25 * 3600))).toBe(false);
    expect(isProblem(seen({ state: 'completed', failed_partitions: 3 }, well))).toBe(false);
  });
});
