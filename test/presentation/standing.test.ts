import { describe, expect, test } from 'vitest';
import { noChange, type WhatIf } from '../../source/domain/forecast/what-if.ts';
import type { JobEvent } from '../../source/domain/job/detail.ts';
import { riskRows } from '../../source/domain/risk/board.ts';
import {
  etaIfStarted,
  formatDrift,
  formatEta,
  formatEtaRange,
} from '../../source/presentation/job/eta-phrase.ts';
import { recentAction } from '../../source/presentation/job/recent-action.ts';
import { eventCells } from '../../source/presentation/report/event-cells.ts';
import { riskBadge } from '../../source/presentation/risk/badge.ts';
import { riskDetail } from '../../source/presentation/risk/detail.ts';
import {
  bufferPhrase,
  levelLabels,
  severityFigure,
  whatIfText,
  whyUnknown,
} from '../../source/presentation/risk/risk-text.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';
import { riskBoardOf } from '../support/snapshots.ts';

const due = (seconds: number) => ({ sla_deadline_at: secondsAgo(-seconds) });
const said = ({ forms, tone }: { forms: readonly string[]; tone: string }) =>
  [...forms, tone].join(' / ');

test('how a job stands to its deadline, as word and figure, long and short', () => {
  // 15 minutes are left to each.
  const cases: [Parameters<typeof aJob>[0], string][] = [
    [{}, '– / dim'],
    [due(4500), 'on track 1h00m / ok 1h00m / ok / good'],
    [due(905), 'on track <10s / ok <10s / ok / good'],
    [due(925), 'on track 20s / ok 20s / ok / good'],
    [due(800), 'late by 2m (low 12%) / late by 2m low / low +2m / warn'],
    [due(700), 'late by 3m (MEDIUM 28%) / late by 3m MED / MED +3m / warn'],
    [due(450), 'late by 8m (HIGH 100%) / late by 8m HIGH / HIGH +8m / bad'],
    [due(60), 'late by 14m (HIGH >999%) / late by 14m HIGH / HIGH +14m / bad'],
    [{ ...due(450), heartbeat_at: secondsAgo(600) }, 'unknown / warn'],
    [due(-600), 'BREACHED 10m ago / BREACHED / bad'],
    [{ ...due(60), state: 'completed', completed_at: now }, 'met / dim'],
    [{ ...due(-600), state: 'completed', completed_at: now }, 'missed by 10m / missed / bad'],
    [{ ...due(-600), state: 'failed', completed_at: now }, 'not met / bad'],
  ];
  for (const [changes, expected] of cases)
    expect(said(riskBadge(aJob(changes), now))).toBe(expected);
  const early = { ...aJob(due(960)), risk_level: 'low', risk_severity: -0.06 } as const;
  expect(said(riskBadge(early, now))).toBe('low 1m left / low 1m / warn');
  expect(said(riskBadge({ ...early, eta_seconds: null }, now))).toBe(
    'low 16m left / low 16m / warn',
  );
});

test('when it will be done, or what it waits for', () => {
  const cases: [Parameters<typeof aJob>[0], string][] = [
    [{}, '12:15 in 15m / in 15m / plain'],
    [{ heartbeat_at: secondsAgo(600) }, 'unknown / warn'],
    [{ avg_partition_duration_ms: null }, '– / dim'],
    [{ state: 'paused', paused_at: secondsAgo(600) }, 'paused 10m / paused / plain'],
    [{ state: 'paused', paused_at: null }, 'paused / paused / plain'],
    [{ state: 'resuming', heartbeat_at: secondsAgo(29) }, 'to be claimed / – / dim'],
    [{ state: 'resuming', heartbeat_at: secondsAgo(30) }, 'unclaimed 30s / unclaimed / warn'],
    [{ state: 'waiting_upstream', upstream_job_count: 0 }, 'waits / waits / dim'],
    [{ state: 'pending', avg_partition_duration_ms: null }, '– / dim'],
    [{ state: 'completed', completed_at: now }, 'took 20m / dim'],
    [{ state: 'failed', completed_at: now }, 'after 20m / dim'],
    [{ state: 'failed', completed_at: null }, '– / dim'],
    [{ state: 'cancelled', completed_at: now }, '– / dim'],
  ];
  for (const [changes, expected] of cases)
    expect(said(formatEta(aJob(changes), now, 'utc'))).toBe(expected);
  const resumed = aJob({ state: 'resuming', heartbeat_at: secondsAgo(90) });
  expect(said(formatEta({ ...resumed, waits_for: 'limited' }, now, 'utc'))).toBe(
    'limit reached / limited / warn',
  );
  const job = aJob();
  expect(said(formatEta({ ...job, eta_drift_seconds: 2520 }, now, 'utc'))).toBe(
    '12:15 in 15m ↗42m / in 15m ↗42m / in 15m / warn',
  );
  expect(said(formatEta({ ...job, eta_drift_seconds: -2520 }, now, 'utc'))).toMatch(
    /↘42m \/ .* \/ plain$/,
  );
  expect(
    said(formatEta({ ...job, state: 'waiting_upstream', waiting_upstream_count: 2 }, now, 'utc')),
  ).toMatch(/^waits for 2/);
  const drifts = [119, 120, -119, -120, null].map((eta_drift_seconds) =>
    formatDrift({ eta_drift_seconds, eta_seconds: 10 }),
  );
  expect(drifts).toEqual(['', '↗2m', '', '↘2m', '']);
  const range = (low: number | null, high: number | null, state = 'running') =>
    formatEtaRange({ ...job, state, eta_low_seconds: low, eta_high_seconds: high }, now, 'utc');
  expect([
    range(600, 1200),
    range(600, 630),
    range(null, 1),
    range(1, null),
    range(600, 1200, 'paused'),
  ]).toEqual(['12:10–12:20', '', '', '', '']);
  expect(
    etaIfStarted({ ...job, state: 'pending', eta_seconds: null, needs_seconds: null }, now, 'utc'),
  ).toBe('');
});

describe('a row of the calculator', () => {
  const board = (job: ReturnType<typeof aJob>, what: WhatIf = noChange) =>
    riskRows(riskBoardOf([job], 2), what)[0]!;
  const orders = (changes: Parameters<typeof aJob>[0] = {}) =>
    aJob({ asset_name: 'orders', ...changes });
  const lines = (job: ReturnType<typeof aJob>, what?: WhatIf) =>
    riskDetail({ row: board(job, what), job }, { as_of: now, zone: 'utc', keys: {} }, null).map(
      (cells) => cells.map(({ text }) => text).join(''),
    );

  test('says how the job stands, the what-if, and the advice for the level that would result', () => {
    const high = orders(due(450));
    const [head, title, ...advice] = lines(high);
    expect(head).toMatch(
      /^orders 00000001 · . running · ETA 12:15 in 15m · priority 5, standard, buffer −\d+% of its duration, after the deadline \(a standard job's is 20 to 30 %\)$/,
    );
    expect(title).toMatch(new RegExp(`^${levelLabels.high} \\(.+\\) · .+$`));
    expect(advice.length).toBeGreaterThan(1);
    expect(advice.every((line) => /^- .+: .+/.test(line))).toBe(true);
    expect(advice.join('\n')).not.toMatch(/\bJOB\b/);
    const what = {
      ...noChange,
      deadline: { [high.id]: secondsAgo(-7200) },
      parallel: { [high.id]: 6 },
    };
    const then = lines(high, what);
    expect(then[1]).toMatch(/^what if: .*×6.*deadline/);
    expect(then[2]).toMatch(new RegExp(`^${levelLabels.on_track} `));
  });

  test('without a deadline says what it could give; one that waits says when it would be done', () => {
    const plain = lines(orders());
    expect(plain[0]).toMatch(/ · priority 5, standard$/);
    expect(plain[1]).toMatch(/no deadline/);
    const pending = lines(orders({ state: 'pending', running_slots: 0, ...due(7200) }));
    expect(pending[0]).toMatch(/ · . pending · ETA \S+ in \S+ if started now · priority/);
    expect(pending[0]).not.toMatch(/needs/);
    expect(
      lines(orders({ state: 'pending', running_slots: 0, avg_partition_duration_ms: null }))[0],
    ).toMatch(/pending · – · priority/);
  });

  test('its buffer by its tier, its figure, and why there is none', () => {
    const fits: [number, number, string][] = [
      [4500, 5, 'standard 171% wide / std 171% wide / 171% / dim'],
      [450, 5, 'standard −22% late / std −22% late / −22% / bad'],
      [1200, 5, 'standard 14% tight / std 14% tight / 14% / warn'],
      [1450, 5, 'standard 26% fits / std 26% fits / 26% / plain'],
      [1000, 9, 'critical 4% fits / crit 4% fits / 4% / plain'],
      [1450, 1, 'best-effort 26% fits / best 26% fits / 26% / plain'],
    ];
    for (const [seconds, priority, expected] of fits)
      expect(said(bufferPhrase(board(orders({ ...due(seconds), priority }))))).toBe(expected);
    expect(said(bufferPhrase(board(orders())))).toBe('standard / std / dim');
    const figure = (changes: Parameters<typeof aJob>[0]) =>
      severityFigure(orders(changes), orders(changes), now);
    expect([figure(due(450)), figure(due(1800)), figure({}), figure(due(-5))]).toEqual([
      '= 8m / 8m',
      '= −15m / 30m',
      '',
      '',
    ]);
    const unknown = [
      { heartbeat_at: secondsAgo(600) },
      { heartbeat_at: null },
      { avg_partition_duration_ms: null },
      {},
      { state: 'dreaming' },
    ];
    expect(unknown.map((changes) => whyUnknown(orders({ ...due(450), ...changes })))).toEqual([
      'no heartbeat for 10m',
      expect.stringMatching(/heartbeat|slot/),
      'nothing completed yet',
      'no slot left',
      'state not known',
    ]);
  });

  test('a what-if in words', () => {
    const job = orders({ ...due(450), failed_partitions: 3 });
    const words = (what: Partial<WhatIf>) => whatIfText(board(job, { ...noChange, ...what }));
    expect(whatIfText(board(job))).toBe('');
    expect(words({ pause: [job.id] })).toBe('paused');
    expect(words({ retry_failed: [job.id] })).toBe('retry 3');
    expect(words({ parallel: { [job.id]: 6 } })).toBe('×6');
    expect(words({ deadline: { [job.id]: null } })).toMatch(/deadline/);
  });
});

test('what a person did recentAction is news to who is about to act', () => {
  const event = (changes: Partial<JobEvent>): JobEvent => ({
    id: 1,
    job_id: 'x',
    partition_key: null,
    kind: 'state',
    from_state: 'running',
    to_state: 'paused',
    actor: 'mara',
    login: 'mara',
    reason: null,
    at: secondsAgo(20),
    ...changes,
  });
  const cases: [Partial<JobEvent>[], string | null][] = [
    [[], null],
    [[{}], 'paused by mara 20s ago'],
    [[{ reason: 'why', at: secondsAgo(60) }], 'paused by mara 1m ago: "why"'],
    [[{ to_state: 'resuming' }], 'resuming by mara 20s ago'],
    [[{ to_state: 'cancelled', at: secondsAgo(900) }], 'cancelled by mara 15m ago'],
    [[{ at: secondsAgo(901) }], null],
    [[{ to_state: 'running' }], null],
    [[{ to_state: null, kind: 'failed' }], null],
    ...(
      [
        ['set', 'changed'],
        ['retry requested', 'retried'],
        ['reclaim requested', 'reclaimed'],
        ['recreate requested', 'recreated'],
      ] as const
    ).map(([kind, word]): [Partial<JobEvent>[], string] => [
      [{ kind, to_state: null }],
      `${word} by mara 20s ago`,
    ]),
    [
      [{ id: 2, actor: 'jo', login: 'jo' }, { id: 1 }, { id: 3, to_state: 'running' }],
      'paused by jo 20s ago',
    ],
  ];
  for (const [events, expected] of cases)
    expect(recentAction(events.map(event), now)).toBe(expected);
  const cells = (changes: Partial<JobEvent>) =>
    eventCells(event(changes)).map(({ text, tone }) => `${text}|${tone}`);
  expect(cells({ reason: 'why' })).toEqual([
    'running → |dim',
    expect.stringMatching(/^paused\|/),
    '  mara|dim',
    '  "why"|plain',
  ]);
  expect(cells({ from_state: null })[0]).toBe('|dim');
  expect(cells({ to_state: null, kind: 'failed', partition_key: 'p1' })).toEqual([
    'p1 |plain',
    'failed|bad',
    '  mara|dim',
  ]);
  expect(cells({ to_state: null, kind: 'set' }).slice(0, 2)).toEqual(['|plain', 'set|plain']);
});
