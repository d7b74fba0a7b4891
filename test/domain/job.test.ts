import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  etaSeconds,
  nextAverage,
  progressOf,
  ratePerMinute,
  remainingPartitions,
} from '../../source/domain/forecast/eta.ts';
import { viewJob } from '../../source/domain/job/job.ts';
import {
  type Action,
  actions,
  actionTargets,
  canTransition,
  isTerminal,
  jobStates,
  refusalOf,
  sourcesOf,
} from '../../source/domain/job/state.ts';
import { readStrategy, strategyDefaults, writeStrategy } from '../../source/domain/job/strategy.ts';
import { riskOf } from '../../source/domain/risk/risk.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';

const inSeconds = (seconds: number) => secondsAgo(-seconds);

describe('the state machine', () => {
  test('is the one of the contract', () => {
    const pairs = jobStates.flatMap((from) =>
      jobStates.filter((to) => canTransition(from, to)).map((to) => `${from} ${to}`),
    );
    expect(pairs).toEqual([
      'pending waiting_upstream',
      'pending running',
      'pending cancelled',
      'waiting_upstream pending',
      'waiting_upstream failed',
      'waiting_upstream cancelled',
      'running waiting_upstream',
      'running paused',
      'running completed',
      'running failed',
      'running cancelled',
      'paused resuming',
      'paused cancelled',
      'resuming running',
      'resuming cancelled',
    ]);
  });

  test('completed, failed and cancelled are the end; an unknown state is not', () => {
    expect(jobStates.filter(isTerminal)).toEqual(['completed', 'failed', 'cancelled']);
    expect(isTerminal('hibernating')).toBe(false);
    expect(canTransition('hibernating', 'cancelled')).toBe(false);
    expect(canTransition('constructor', 'cancelled')).toBe(false);
  });

  test('an action is refused just where its transition is', () => {
    for (const action of actions) {
      for (const state of [...jobStates, 'hibernating']) {
        expect(refusalOf(action, state) === null, `${action} ${state}`).toBe(
          canTransition(state, actionTargets[action]),
        );
      }
    }
  });

  test.each<[Action, string, string]>([
    ['pause', 'paused', 'only running jobs can be paused; this one is paused'],
    ['resume', 'running', 'only paused jobs can be resumed; this one is running'],
    [
      'cancel',
      'completed',
      'only pending, waiting upstream, running, paused or resuming jobs can be cancelled; this one is completed',
    ],
  ])('%s when %s: %s', (action, state, sentence) => {
    expect(refusalOf(action, state)).toBe(sentence);
    expect(sourcesOf(action)).not.toContain(state);
  });
});

describe('risk (severity = (ETA − deadline) ÷ (deadline − now))', () => {
  test.each([
    ['no deadline', null, 100, 'none', null],
    ['a deadline that has passed', -1, 100, 'breached', null],
    ['a deadline now', 0, 100, 'breached', null],
    ['no ETA', 100, null, 'unknown', null],
    ['in time', 100, 50, 'on_track', -0.5],
    ['just in time', 100, 100, 'on_track', 0],
    ['just late', 1000, 1001, 'low', 0.001],
    ['19.9 % over', 1000, 1199, 'low', 0.199],
    ['20 % over', 1000, 1200, 'medium', 0.2],
    ['50 % over', 1000, 1500, 'medium', 0.5],
    ['50.1 % over', 1000, 1501, 'high', 0.501],
  ] as const)('%s', (_, deadline, eta, level, severity) => {
    const risk = riskOf(
      deadline === null ? null : inSeconds(deadline),
      eta === null ? null : inSeconds(eta),
      now,
    );
    expect(risk.level).toBe(level);
    if (severity === null) expect(risk.severity).toBeNull();
    else expect(risk.severity).toBeCloseTo(severity, 6);
  });

  test('20 % and 50 % themselves are medium at any scale', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 6 }), (tenths) => {
        const left = tenths * 10;
        return [1.2, 1.5].every(
          (factor) =>
            riskOf(inSeconds(left), inSeconds(Math.round(left * factor)), now).level === 'medium',
        );
      }),
    );
  });
});

describe('figures', () => {
  const counted = fc.record({
    total_partitions: fc.nat(10_000),
    completed_partitions: fc.nat(10_000),
    failed_partitions: fc.nat(10_000),
    skipped_partitions: fc.nat(10_000),
  });

  test('progress is from 0 to 1, and nothing is less than nothing', () => {
    fc.assert(
      fc.property(counted, (job) => {
        const progress = progressOf(job);
        return progress >= 0 && progress <= 1 && remainingPartitions(job) >= 0;
      }),
    );
  });

  // Was 100 %, with a full bar, for a job that had been cancelled at its eighth part.
  test('what was skipped or has failed is no progress', () => {
    const counted = { total_partitions: 80, completed_partitions: 10 };
    expect(progressOf({ ...counted, failed_partitions: 5, skipped_partitions: 65 })).toBe(0.125);
  });

  test('ETA = ceil(remaining ÷ slots) × average', () => {
    expect(etaSeconds(10, 4, 2000)).toBe(6);
    expect(etaSeconds(0, 4, 2000)).toBe(0);
    expect(etaSeconds(10, 0, 1000)).toBe(10);
    expect(etaSeconds(10, 4, null)).toBeNull();
  });

  test('the average moves by 0.3', () => {
    expect(nextAverage(null, 100)).toBe(100);
    expect(nextAverage(100, 200)).toBeCloseTo(130);
  });

  test('the rate is counted from its base', () => {
    expect(ratePerMinute(50, { at: secondsAgo(120), completed: 20 }, now)).toBe(15);
    expect(ratePerMinute(50, null, now)).toBeNull();
    expect(ratePerMinute(50, { at: now, completed: 20 }, now)).toBeNull();
    expect(ratePerMinute(10, { at: secondsAgo(60), completed: 20 }, now)).toBe(0);
  });
});

describe('execution_strategy', () => {
  test('what is written is read back', () => {
    const strategy = fc.record({
      max_parallel: fc.integer({ min: 1, max: 10_000 }),
      max_attempts: fc.integer({ min: 1, max: 1000 }),
      timeout_ms: fc.integer({ min: 1, max: 7 * 86_400_000 }),
      order: fc.constantFrom('asc' as const, 'desc' as const),
    });
    fc.assert(
      fc.property(strategy, (given) => {
        expect(readStrategy(writeStrategy(given))).toEqual(given);
      }),
    );
  });

  test('what is the default is not written', () => {
    expect(writeStrategy({})).toEqual({ type: 'sequential' });
    expect(writeStrategy({ ...strategyDefaults })).toEqual({ type: 'sequential' });
  });

  test.each([
    [null],
    ['parallel'],
    [{}],
    [{ type: 'sequential', max_parallel: 5 }],
    [{ type: 'parallel', max_parallel: 0, max_attempts: -1, timeout_ms: 'soon', order: 'random' }],
    [{ type: 'parallel', max_parallel: 1.5, max_attempts: null, timeout_ms: 10 ** 9 }],
  ])('%j counts as the default', (column) =>
    expect(readStrategy(column)).toEqual(strategyDefaults),
  );
});

describe('a job as it is seen', () => {
  test('a stale heartbeat makes its ETA and its risk unknown, never an old figure', () => {
    const fresh = aJob({ heartbeat_at: secondsAgo(120), sla_deadline_at: inSeconds(86_400) });
    expect(fresh).toMatchObject({ heartbeat_stale: false, risk_level: 'on_track' });
    const stale = aJob({ heartbeat_at: secondsAgo(121), sla_deadline_at: inSeconds(86_400) });
    expect(stale).toMatchObject({
      heartbeat_stale: true,
      eta_seconds: null,
      risk_level: 'unknown',
    });
    expect(aJob({ heartbeat_at: null }).heartbeat_stale).toBe(true);
  });

  test('only a running job is stale', () => {
    for (const state of jobStates.filter((one) => one !== 'running')) {
      expect(aJob({ state, heartbeat_at: secondsAgo(10_000) }).heartbeat_stale, state).toBe(false);
    }
  });

  test('a paused job has no ETA, but the time that it needs once resumed', () => {
    const strategy = { type: 'parallel', max_parallel: 4 };
    const paused = aJob({
      state: 'paused',
      running_slots: 0,
      execution_strategy: strategy,
      avg_partition_duration_ms: 1000,
    });
    expect([paused.eta_seconds, paused.needs_seconds]).toEqual([null, 15]);
    expect(
      aJob({ running_slots: 2, execution_strategy: strategy, avg_partition_duration_ms: 1000 })
        .eta_seconds,
    ).toBe(30);
  });

  test.each([
    ['completed', -10, 'on_track'],
    ['completed', 10, 'breached'],
    ['failed', -10, 'breached'],
    ['cancelled', 10, 'none'],
  ] as const)('%s %i s after its deadline: %s', (state, late, level) => {
    const ended = aJob({
      state,
      completed_at: secondsAgo(100),
      sla_deadline_at: secondsAgo(100 + late),
    });
    expect(ended).toMatchObject({ eta_seconds: null, risk_level: level, risk_severity: null });
  });

  test('the database clock is ahead of no row: ages are never negative', () => {
    expect(viewJob(aJob({ heartbeat_at: inSeconds(5) }), now).heartbeat_age_seconds).toBe(0);
  });

  // Was 'on track', in green.
  test('a job in a state that this program does not know has no ETA, and an unknown risk', () => {
    const columns = { state: 'quantum_limbo', sla_deadline_at: inSeconds(7200) };
    expect(viewJob(aJob(columns), now)).toMatchObject({ eta_seconds: null, risk_level: 'unknown' });
  });
});
