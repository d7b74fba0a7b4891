import { expect, test } from 'vitest';
import { forecastOf, type History } from '../../source/domain/forecast/forecast.ts';
import { median, type ReviewedJob, reviewOf } from '../../source/domain/report/review.ts';
import { now, secondsAgo } from '../support/jobs.ts';

let made = 0;
/** It took an hour, and ended an hour before its deadline, without having been at risk. */
const ended = (changes: Partial<ReviewedJob> = {}): ReviewedJob => ({
  id: String(++made).padStart(4, '0'),
  asset_name: 'orders',
  state: 'completed',
  priority: 5,
  created_at: secondsAgo(9000),
  started_at: secondsAgo(7200),
  completed_at: secondsAgo(3600),
  sla_deadline_at: now,
  at_risk_minutes: 0,
  breached_minutes: 0,
  eta_bias: null,
  eta_error: null,
  ...changes,
});
const endedAt = (seconds: number, changes: Partial<ReviewedJob> = {}) =>
  ended({ completed_at: secondsAgo(seconds), ...changes });

test('a job is called out where it missed its deadline, or came close to it', () => {
  const cases: [Partial<ReviewedJob>, 'missed' | 'close' | null, margin?: number | null][] = [
    [{}, null],
    [{ sla_deadline_at: null }, null],
    [{ state: 'cancelled', completed_at: secondsAgo(-60) }, null],
    [{ completed_at: null }, null],
    [{ state: 'failed' }, 'missed', null],
    [{ completed_at: secondsAgo(-1) }, 'missed', -1],
    [{ completed_at: now }, 'close', 0],
    [{ at_risk_minutes: 1 }, 'close', 3600],
    // Of two hours from its start to its deadline, a tenth is 12 minutes: less room than that is close.
    [{ completed_at: secondsAgo(660) }, null],
    [{ completed_at: secondsAgo(600) }, 'close', 600],
    [{ completed_at: secondsAgo(700), started_at: null }, 'close', 700],
  ];
  for (const [changes, outcome, margin = null] of cases) {
    const { calls } = reviewOf([ended(changes)], []);
    expect(calls.map((call) => [call.outcome, call.margin_seconds])).toEqual(
      outcome === null ? [] : [[outcome, margin]],
    );
  }
});

test('what was missed comes first, by how much, and then what was close', () => {
  const jobs = [
    endedAt(60, { id: 'close by 60' }),
    endedAt(-60, { id: 'missed by 60' }),
    endedAt(30, { id: 'close by 30' }),
    endedAt(-600, { id: 'missed by 600' }),
    endedAt(0, { id: 'failed', state: 'failed' }),
    endedAt(-60, { id: 'a missed by 60, too' }),
  ];
  const order = [
    'failed',
    'missed by 600',
    'a missed by 60, too',
    'missed by 60',
    'close by 30',
    'close by 60',
  ];
  for (const given of [jobs, jobs.toReversed()])
    expect(reviewOf(given, []).calls.map(({ id }) => id)).toEqual(order);
});

test('figures of all, and of each asset that has some, the worst first', () => {
  const jobs = [
    ended({ asset_name: 'quiet', sla_deadline_at: null }),
    ended({ asset_name: 'good', eta_error: 0.1, eta_bias: -0.1 }),
    ended({ asset_name: 'good', eta_error: 0.5, eta_bias: 0.5 }),
    endedAt(-1, { asset_name: 'missed', at_risk_minutes: 30, breached_minutes: 90 }),
    endedAt(-1, { asset_name: 'missed too', breached_minutes: 30 }),
    endedAt(1, { asset_name: 'close', at_risk_minutes: 6 }),
    ended({ asset_name: 'guessed', sla_deadline_at: null, eta_error: 0.2, eta_bias: 0.2 }),
    ended({
      asset_name: 'breaching',
      sla_deadline_at: null,
      state: 'cancelled',
      breached_minutes: 6,
    }),
    ended({ asset_name: 'a good one' }),
  ];
  const hours = [
    { hour: 5, at_risk_minutes: 1 },
    { hour: 2, at_risk_minutes: 9 },
  ];
  const review = reviewOf(jobs, hours);
  expect(review).toMatchObject({
    ended: 6,
    met: 4,
    missed: 2,
    eta: { jobs: 3, error: 0.2, bias: 0.2 },
    hours: [{ hour: 2 }, { hour: 5 }],
  });
  const figures = {
    missed: 0,
    close: 0,
    at_risk_hours: 0,
    breached_hours: 0,
    eta_error: null,
    eta_bias: null,
  };
  expect(review.assets).toEqual([
    {
      ...figures,
      asset_name: 'missed',
      ended: 1,
      missed: 1,
      at_risk_hours: 0.5,
      breached_hours: 1.5,
    },
    { ...figures, asset_name: 'missed too', ended: 1, missed: 1, breached_hours: 0.5 },
    { ...figures, asset_name: 'breaching', ended: 0, breached_hours: 0.1 },
    { ...figures, asset_name: 'close', ended: 1, close: 1, at_risk_hours: 0.1 },
    { ...figures, asset_name: 'a good one', ended: 1 },
    { ...figures, asset_name: 'good', ended: 2, eta_error: 0.3, eta_bias: 0.2 },
    { ...figures, asset_name: 'guessed', ended: 0, eta_error: 0.2, eta_bias: 0.2 },
  ]);
  expect(reviewOf([], [])).toMatchObject({ ended: 0, eta: { jobs: 0, error: null, bias: null } });
});

test('a median is in the middle, whatever the order', () => {
  const cases: [number[], number | null][] = [
    [[], null],
    [[3], 3],
    [[9, 1], 5],
    [[10, 9, 1], 9],
    [[10, 2, 1, 4], 3],
  ];
  for (const [figures, expected] of cases) expect(median(figures)).toBe(expected);
});

test('a new job takes what the past ones took, each weighed by what it completed', () => {
  const past = (ms: number | null, completed: number) => ({
    id: String(++made),
    state: 'completed',
    completed_at: now,
    total_partitions: completed,
    completed_partitions: completed,
    failed_partitions: 0,
    avg_partition_duration_ms: ms,
  });
  const history = (...past_jobs: History['past_jobs']): History => ({
    past_jobs,
    worst_keys: [],
    errors: [],
  });
  const known = history(past(1000, 30), past(5000, 10), past(null, 50), past(9000, 0));
  const job = { total_partitions: 90, priority: 5, sla_deadline_at: null };
  expect(forecastOf(job, 4, 0, known, now)).toMatchObject({
    slots: 4,
    average_ms: 2000,
    duration_seconds: 46,
    low_seconds: 23,
    high_seconds: 115,
    finish_at: secondsAgo(-46),
    sla_buffer: null,
    sla_buffer_fit: null,
    risk_level: 'none',
  });
  expect(forecastOf(job, 4, 3, known, now)).toMatchObject({ slots: 3, duration_seconds: 60 });
  expect(forecastOf(job, 4, 9, known, now).slots).toBe(4);
  const due = { ...job, sla_deadline_at: secondsAgo(-50) };
  expect(forecastOf(due, 4, 4, known, now)).toMatchObject({
    risk_level: 'on_track',
    sla_buffer: expect.any(Number),
    sla_buffer_fit: expect.any(String),
  });
  expect(forecastOf(due, 4, 4, known, now, 5000).risk_level).toBe('low');
  for (const nothing of [history(), history(past(null, 5)), history(past(1000, 0))]) {
    expect(forecastOf(due, 4, 4, nothing, now)).toMatchObject({
      average_ms: null,
      duration_seconds: null,
      low_seconds: null,
      high_seconds: null,
      finish_at: null,
      sla_buffer: null,
      sla_buffer_fit: null,
      risk_level: 'unknown',
    });
  }
});
