import { describe, expect, test } from 'vitest';
import { viewExecutor } from '../../source/domain/executor/executor.ts';
import { figuresOf } from '../../source/domain/executor/figures.ts';
import {
  claimBase,
  finishedSince,
  healthLimitDefaults,
  holdReason,
  pauseReason,
} from '../../source/domain/executor/throttle.ts';
import { forecastOf } from '../../source/domain/forecast/forecast.ts';
import { trendOf } from '../../source/domain/forecast/trend.ts';
import { noChange } from '../../source/domain/forecast/what-if.ts';
import { type JobView, viewJob } from '../../source/domain/job/job.ts';
import { byAttention, compareBy, latenessOf } from '../../source/domain/job/order.ts';
import { settingsMoved } from '../../source/domain/job/settings.ts';
import { attemptFacts, backOffMs, keptMessage } from '../../source/domain/partition/attempt.ts';
import {
  isCrash,
  originOfCode,
  originOfSpawn,
  originOfSqlstate,
  outcomeByOrigin,
} from '../../source/domain/partition/error-origin.ts';
import { failureFingerprint } from '../../source/domain/partition/failure-fingerprint.ts';
import { applicable, planMark, plannedJob, skippedNow } from '../../source/domain/plan/plan.ts';
import { riskRow, riskRows } from '../../source/domain/risk/board.ts';
import { mitigations } from '../../source/domain/risk/mitigation.ts';
import { countLevels } from '../../source/domain/risk/outlook.ts';
import { type ClaimScene, emptyScene } from '../../source/domain/triage/claim-scene.ts';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { executorRows } from '../support/board-rows.ts';
import { jobVarieties } from '../support/job-varieties.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';
import { riskBoardOf } from '../support/snapshots.ts';
import { expectTexts } from '../support/texts.ts';

const line = (value: unknown) =>
  JSON.stringify(value, (_, one) => (one === undefined ? 'undefined' : one));
const held = (name: string, lines: readonly string[]) => expectTexts(name, lines, 'domain');

/** What a view adds to a row. */
const derived = ({
  progress,
  remaining_partitions,
  rate_per_minute,
  heartbeat_age_seconds,
  heartbeat_stale,
  silent_slots,
  waits_for,
  incomplete_partitions,
  health,
  urgency,
  health_reason,
  eta_seconds,
  needs_seconds,
  eta_low_seconds,
  eta_high_seconds,
  eta_drift_seconds,
  waiting_upstream_count,
  risk_level,
  risk_severity,
}: JobView) =>
  line([
    [progress, remaining_partitions, incomplete_partitions, rate_per_minute],
    [heartbeat_age_seconds, heartbeat_stale, silent_slots, waits_for, waiting_upstream_count],
    [health, urgency, health_reason],
    [eta_seconds, needs_seconds, eta_low_seconds, eta_high_seconds, eta_drift_seconds],
    [risk_level, risk_severity],
  ]);

test('each kind of job as it is seen alone, with executors, and by wary thresholds', async () => {
  const executor = {
    id: 'web-1:1:a',
    handlers: ['orders_daily'],
    slots: 4,
    busy: 4,
    draining: false,
    hold_reason: null,
    outages: [],
  };
  const slots = (count: number) => ({
    silent: Object.fromEntries(
      [...jobVarieties.values()].map(({ id }) => [
        id,
        [{ id: 'web-2:1:a', slots: count, seen_at: secondsAgo(42), until: secondsAgo(-60) }],
      ]),
    ),
  });
  const scene = (part: Partial<ClaimScene>): ClaimScene => ({
    ...emptyScene,
    executors: [executor],
    ...part,
  });
  const worlds: [string, Parameters<typeof viewJob>[2], ClaimScene | null][] = [
    ['alone', thresholdDefaults, null],
    ['beside a busy executor', thresholdDefaults, scene({})],
    ['without executors', thresholdDefaults, scene({ executors: [] })],
    ['one slot silent', thresholdDefaults, scene(slots(1))],
    ['all slots silent', thresholdDefaults, scene(slots(9))],
    [
      'seen warily',
      {
        ...thresholdDefaults,
        heartbeat_stale: 3000,
        early_warning: 3_600_000,
        failed_recently: 59_000,
      },
      null,
    ],
  ];
  // The others are made of views, not of rows.
  const written = [...jobVarieties].filter(([name]) => !/^of health|waits/.test(name));
  const lines = worlds.flatMap(([world, thresholds, seen], at) => [
    world,
    ...written.flatMap(([name, job]) => {
      const view = derived(viewJob(job, now, thresholds, seen));
      const before = derived(viewJob(job, now, worlds[0]![1], worlds[0]![2]));
      return at > 0 && view === before ? [] : [`  ${name}: ${view}`];
    }),
  ]);
  await held('job-views', lines);
});

test('the order of all kinds of jobs by attention, and how many are late', async () => {
  const all = [...jobVarieties].map(([name, job], at) => ({
    ...job,
    name,
    id: `${at.toString(16).padStart(8, '0')}${job.id.slice(8)}`,
    created_at: secondsAgo(3600 + at),
  }));
  await held(
    'attention',
    [...all].sort(compareBy(byAttention)).map(({ name }) => name),
  );
  const late = ['breached', 'late', 'twice late', 'on track', 'completed late', 'stale'].map(
    (name) => jobVarieties.get(name)!,
  );
  expect(latenessOf(late)).toEqual({ at_risk: 2, breached: 1, capped: false });
  expect([latenessOf(late, 7).capped, latenessOf(late, 6).capped]).toEqual([false, true]);
  expect(countLevels(late)).toEqual({ breached: 2, low: 1, high: 1, on_track: 1, unknown: 1 });
  const board = riskBoardOf(all, 4);
  await held(
    'risk-rows',
    riskRows(board, noChange).map((row) => {
      const { name } = row as unknown as { name: string };
      return `${name}: ${row.sla_tier} ${row.sla_buffer?.toFixed(4) ?? '–'} ${row.sla_buffer_fit ?? '–'}`;
    }),
  );
  const priorities = [-10, 0, 3, 4, 5, 7, 8, 10].map(
    (priority) => riskRow(aJob({ priority }), null, null, now).sla_tier,
  );
  expect(priorities).toEqual([
    ...['best-effort', 'best-effort', 'best-effort', 'standard'],
    ...['standard', 'standard', 'critical', 'critical'],
  ]);
  await held(
    'mitigations',
    Object.entries(mitigations).map(([level, advice]) => `${level} ${line(advice)}`),
  );
});

describe('what executors go by', () => {
  test('health, failures, claims, and the state of another', () => {
    const calm = { replication_lag_seconds: 0, lock_wait_seconds: 0, connections: 0 };
    const limits = { replication_lag_seconds: 30, lock_wait_seconds: 10, connections: 0.9 };
    expect([
      holdReason(calm, limits),
      holdReason({ ...calm, replication_lag_seconds: 30 }, limits),
      holdReason({ ...calm, replication_lag_seconds: 31 }, limits),
      holdReason({ ...calm, replication_lag_seconds: null as never }, limits),
      holdReason({ replication_lag_seconds: 90, lock_wait_seconds: 11, connections: 0.95 }, limits),
      holdReason({ ...calm, lock_wait_seconds: 99 }, { ...limits, lock_wait_seconds: null }),
      Object.keys(healthLimitDefaults),
    ]).toEqual([
      null,
      null,
      'replication lags 31 s behind (limit 30 s)',
      null,
      'replication lags 90 s behind (limit 30 s); a session has waited 11 s for a lock (limit 10 s); 95 % of the connections are in use (limit 90 %)',
      null,
      ['replication_lag_seconds', 'lock_wait_seconds', 'connections'],
    ]);
    const pauses: [number, number, string | null][] = [
      [0, 19, null],
      [10, 10, null],
      [9, 11, 'auto-paused: 11 of the last 20 partitions failed (55 %, limit 50 %)'],
      [0, 20, 'auto-paused: 20 of the last 20 partitions failed (100 %, limit 50 %)'],
      [200, 199, null],
    ];
    for (const [completed, failed, expected] of pauses)
      expect(pauseReason({ completed, failed }, { rate: 0.5, least: 20 })).toBe(expected);
    const at = (version: number, completed: number, failed: number) => ({
      version,
      completed,
      failed,
    });
    expect([
      claimBase(undefined, at(2, 5, 3)),
      claimBase(undefined, at(3, 5, 3)),
      claimBase(at(2, 1, 1), at(3, 5, 3)),
      claimBase(at(3, 1, 1), at(3, 5, 3)),
      claimBase(at(3, 9, 9), at(3, 5, 3)),
    ]).toEqual([at(2, 0, 0), at(3, 5, 3), at(3, 5, 3), at(3, 1, 1), at(3, 5, 3)]);
    expect([
      finishedSince(at(3, 1, 1), at(3, 5, 3), { completed: 9, failed: 9 }),
      finishedSince(at(3, 1, 1), at(3, 5, 3), { completed: 2, failed: 1 }),
    ]).toEqual([
      { completed: 4, failed: 2 },
      { completed: 2, failed: 1 },
    ]);
    const row = executorRows[0]!;
    const states = [
      {},
      { hold_reason: 'lag' },
      { draining_at: secondsAgo(3), hold_reason: 'lag' },
      { seen_at: secondsAgo(10) },
      { seen_at: secondsAgo(10.001), draining_at: secondsAgo(30) },
      { lost_at: secondsAgo(5), seen_at: secondsAgo(90) },
      { stopped_at: secondsAgo(1), lost_at: secondsAgo(5) },
    ].map((changes) => {
      const { state, state_since } = viewExecutor({ ...row, ...changes }, now);
      return `${state} ${(now.getTime() - state_since.getTime()) / 1000}`;
    });
    expect(states).toEqual([
      'alive 7200',
      'on_hold 7200',
      'draining 3',
      'alive 7200',
      'silent 10.001',
      'lost 5',
      'stopped 1',
    ]);
  });

  test('figures of tenants', async () => {
    const jobs = [...jobVarieties.values()].map((job) => ({ ...job, forecast_at: null }));
    const reading = {
      as_of: now,
      counts: { running: 3, paused: 2, dreaming: 1 },
      unfinished: jobs,
      pending_breached: 2,
      executors: ['a', 'b'],
    };
    const other = {
      ...reading,
      as_of: secondsAgo(-600),
      counts: { running: 1 },
      executors: ['b', 'c'],
    };
    const none = { ...reading, counts: {}, unfinished: [], pending_breached: 0, executors: [] };
    const wary = { ...thresholdDefaults, early_warning: 3_600_000, heartbeat_stale: 1000 };
    await held('figures', [
      line(figuresOf([], thresholdDefaults)),
      line(figuresOf([none], thresholdDefaults)),
      line(figuresOf([reading], thresholdDefaults)),
      line(figuresOf([reading, other], thresholdDefaults)),
      line(figuresOf([reading], wary)),
    ]);
  });

  test('errors by their codes, lost connections, back-off and messages', async () => {
    const sqlstates = [
      '08006',
      '57P01',
      '57P02',
      '57P03',
      '57014',
      '53300',
      '53400',
      '58030',
      '40001',
      '40P01',
      '55P03',
      '25006',
      '28000',
      '28P01',
      '3D000',
      '42P01',
      '42501',
      '22012',
      '23505',
      'XX000',
      'P0001',
      '0A000',
      '',
    ];
    const codes = [
      'ECONNREFUSED',
      'ECONNRESET',
      'ENOTFOUND',
      'EAI_AGAIN',
      'ETIMEDOUT',
      'EPIPE',
      'EHOSTUNREACH',
      'EMFILE',
      'ENFILE',
      'ENOMEM',
      'EAGAIN',
      'ENOENT',
      'EACCES',
      'EPERM',
      'ENOTDIR',
      'ELOOP',
      'ETXTBSY',
      'ESTALE',
      'EIO',
      'ERR_INVALID_URL',
      'CERT_HAS_EXPIRED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'X_UNABLE_TO_Y',
      'odd',
      undefined,
    ];
    const origins = [
      ...sqlstates.map((code) => `${code}: ${originOfSqlstate(code)}`),
      ...codes.map((code) => `${code}: ${originOfCode(code)} ${originOfSpawn(code)}`),
      ...(['partition', 'permanent', 'endpoint', 'host'] as const).map((origin) =>
        line(outcomeByOrigin(origin, 'why')),
      ),
    ];
    const losses = [null, '57P01', '57P02'].flatMap((said) =>
      [false, true].flatMap((restarted) =>
        [null, { said: null }, { said: '57P01' }, { said: '57P02' }].map(
          (other) => `${said} ${restarted} ${line(other)}: ${isCrash({ said, restarted, other })}`,
        ),
      ),
    );
    const backOff = { base_ms: 5000, cap_ms: 600_000 };
    const delays = [0, 1, 2, 6, 7, 30, 31, 2000].flatMap((failures) =>
      [0, 1].map((random) => `${failures} ${random}: ${backOffMs(failures, backOff, random)}`),
    );
    const kept = ['', ' a\0b ', 'x'.repeat(8000), 'x'.repeat(8001)].map((text) => {
      const message = keptMessage(text);
      return `${message.length} ${message.slice(0, 30)} ${message.slice(-25)}`;
    });
    const prints = [
      'a 1',
      'id 0ABCDEF0-dead-beef-cafe-deadbeefcafe!',
      'deadbeef-dead-beef-cafe-deadbeefcafe',
      'deadbeef-dead-beef-cafe-deadbee',
      '0xFFee at 2024-01-02T03:04:05.6',
      '1.5 2,000 10.0.0.1:5432',
      'first\nsecond',
      'schön',
      'y'.repeat(300),
    ].map((text) => failureFingerprint(text));
    const attempt = {
      job_id: 'j',
      partition_key: '2024-03-10T02',
      asset_name: 'orders',
      attempt: 3,
      tenant_id: 'acme',
      granularity: null,
    } as never as Parameters<typeof attemptFacts>[0];
    const facts = [
      attempt,
      { ...attempt, partition_key: 'odd' },
      { ...attempt, partition_key: '2024-03', granularity: 'month' as const },
    ].map((one) => line(attemptFacts(one)));
    await held('attempts', [...origins, ...losses, ...delays, ...kept, ...prints, ...facts]);
  });
});

test('forecasts, trends and plans', async () => {
  const past = (ms: number | null, completed: number) => ({
    id: 'x',
    avg_partition_duration_ms: ms,
    completed_partitions: completed,
  });
  const histories = [
    [],
    [past(null, 9)],
    [past(1000, 0)],
    [past(1000, 10)],
    [past(1000, 10), past(4000, 30), past(null, 5)],
  ];
  const jobs = [
    { total_partitions: 100, priority: 5, sla_deadline_at: null },
    { total_partitions: 100, priority: 9, sla_deadline_at: secondsAgo(-120) },
    { total_partitions: 101, priority: 0, sla_deadline_at: secondsAgo(60) },
  ];
  const forecasts = histories.flatMap((past_jobs) =>
    jobs.flatMap((job) =>
      [0, 2, 9].map((handled) =>
        line(forecastOf(job, 4, handled, { past_jobs } as never, now, handled * 60_000)),
      ),
    ),
  );
  const sample = (seconds: number, completed: number, ms: number | null = 1000) => ({
    at: secondsAgo(600 - seconds),
    completed,
    avg_partition_duration_ms: ms,
  });
  const trends = [
    [],
    [sample(0, 5)],
    [sample(0, 5), sample(60, 35)],
    [sample(0, 5), sample(60, 3, null), sample(60, 9), sample(50, 9)],
    [sample(0, 5), sample(150, 35), sample(300.001, 65)],
  ].map((samples) => line(trendOf(samples)));
  const job = aJob({ sla_deadline_at: now });
  const planned = plannedJob('pause', job);
  const skipped = [
    skippedNow('pause', planned, null),
    skippedNow('pause', { ...planned, refusal: 'no' }, job),
    skippedNow('pause', planned, job),
    skippedNow('pause', planned, { ...job, state: 'paused' }),
    skippedNow('pause', planned, { ...job, version: 8 }),
    skippedNow('resume', planned, job),
  ].map((text) => text ?? '–');
  const mark = { id: job.id, author: 'mara' };
  const marks = [mark, { ...mark, step: '2' }, { ...mark, from_file: true }].map(planMark);
  expect(applicable({ jobs: [planned, { ...planned, refusal: 'no' }] })).toEqual([planned]);
  const seen = { priority: 5, sla_deadline_at: now, execution_strategy: job.execution_strategy };
  const moved = [
    [seen, { priority: 9 }],
    [{ ...seen, priority: 4 }, { priority: 9 }],
    [{ ...seen, priority: 4 }, { priority: 5 }],
    [{ ...seen, priority: 4 }, { sla_deadline_at: null }],
    [{ ...seen, sla_deadline_at: null }, { sla_deadline_at: secondsAgo(1) }],
    [{ ...seen, execution_strategy: {} }, { strategy: { max_parallel: 9 } }],
  ] as const;
  const moves = moved.map(([before, wanted]) => String(settingsMoved(job, before, wanted)));
  await held('forecasts', [...forecasts, ...trends, ...skipped, ...marks, ...moves]);
});
