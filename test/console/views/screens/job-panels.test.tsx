import { renderToString } from 'ink';
import { expect, test } from 'vitest';
import type { State } from '../../../../source/console/model/state.ts';
import { plainTheme } from '../../../../source/console/widgets/theme.ts';
import { Session } from '../../../sessions/session.ts';
import { ConsoleApp } from '../../../support/console-app.tsx';
import { aJob, anInsight, buckets, dailyKeys, secondsAgo } from '../../../support/jobs.ts';

const picture = (state: State, ascii = false) =>
  renderToString(<ConsoleApp state={state} theme={{ ...plainTheme, ascii }} />, {
    columns: state.size.columns,
  });

const job = aJob({ failed_partitions: 3201 });
const below = aJob({
  number: 2,
  asset_name: 'revenue_daily',
  state: 'waiting_upstream',
  running_slots: 0,
  upstream_job_count: 1,
  sla_deadline_at: secondsAgo(60),
});
const broken = aJob({
  number: 3,
  asset_name: 'events_raw',
  state: 'failed',
  running_slots: 0,
  error_message: '3 of 9 partitions failed',
});
const insight = anInsight({
  samples: [1, 2, 3, 4].map((minute) => ({
    at: secondsAgo(300 - minute * 60),
    completed: minute * minute * 10,
    failed: 0,
    avg_partition_duration_ms: 1400,
    estimated_completion_at: null,
  })),
  failures: [
    {
      count: 3201,
      partitions: [
        {
          partition_key: '2024-03-12',
          attempt_count: 3,
          failure_count: 3,
          error_message: 'HTTP 429 Too Many Requests',
          completed_at: secondsAgo(60),
        },
      ],
    },
  ],
  durations: {
    count: 9701,
    p50_ms: 1000,
    p95_ms: 2200,
    slowest: [
      { partition_key: '2024-02-29', duration_ms: 9100, attempt_count: 2, completed_at: null },
      { partition_key: '2024-02-28', duration_ms: 1100, attempt_count: 1, completed_at: null },
    ],
  },
  upstreams: [{ id: broken.id, to: job.id, depth: 1, job: broken }],
  waiting: [
    { id: below.id, to: job.id, depth: 1, job: below },
    { id: '00000009-0000-4000-8000-000000000000', to: below.id, depth: 2, job: null },
  ],
  assets: [{ id: 'a', name: 'revenue', owner: 'finance', depth: 2, jobs: [] }],
  executors: [
    {
      id: 'web-1:812:ab',
      partitions: 40,
      slots: 2,
      since: secondsAgo(90),
      seen_at: secondsAgo(45),
      draining: true,
      lost: false,
    },
    {
      id: 'other',
      partitions: 1,
      slots: 1,
      since: null,
      seen_at: null,
      draining: false,
      lost: false,
    },
  ],
});
const opened = (columns: number, rows: number) =>
  Session.showing([job], { size: { columns, rows } })
    .press('enter')
    .answerJob(job, { insight, map: buckets(dailyKeys('2024-01-01', 90), () => 'completed') });

test('with room for it, everything about a job is on one screen', () => {
  const shown = picture(opened(200, 50).state);
  for (const part of [
    /▸ *3,201 × +HTTP 429 Too Many Requests +rate limiting\?/,
    /2024-02-29 +9\.1 s +9\.1 × the median +attempt 2/,
    /2024-02-28 +1\.1 s {20}/,
    /Slowest p95 2\.2 s/,
    /needs +✗ events_raw 00000003 +failed 40% +3 of 9 partitions failed/,
    /blocks +⧗ revenue_daily 00000002 +waiting 40% +waits for 1 +BREACHED/,
    /blocks +└ \? job 00000009 was deleted/,
    /feeds +└ revenue +of finance +no active job/,
    /web-1:812 +silent for 30s, draining +40 partitions in 2 slots, oldest for 1m/,
    /other +not registered +1 partition in 1 slot/,
    /\/min ▄▆█ 70\.0/,
    /avg +███ 1\.4 s/,
    /p95 2\.2 s/,
    /avg 30\.0 s \(p95 2\.2 s\)/,
  ])
    expect(shown).toMatch(part);
});

test('on 80 columns one list at a time, the calendar and the trend stay', () => {
  const session = opened(80, 24);
  expect(picture(session.state)).toMatch(/2024 Jan +Feb +Mar/);
  expect(picture(session.state)).toMatch(/\/min ▄▆█ 70\.0/);
  expect(picture(session.press('tab', 'tab', 'tab', 'tab').state)).toMatch(
    /Tree 1↑ 3↓[\s\S]*needs +✗ events_raw/,
  );
});

test('in ASCII nothing else is drawn', () => {
  for (const [columns, rows] of [
    [80, 24],
    [200, 50],
  ] as const)
    expect(picture(opened(columns, rows).state, true)).toMatch(/^[\x20-\x7e\n]*$/);
});

test('the same job a second later is the same bytes', () => {
  const session = opened(120, 40);
  const before = picture(session.state);
  const again = { insight, map: buckets(dailyKeys('2024-01-01', 90), () => 'completed') };
  expect(picture(session.wait(1000).timer('refresh').answerJob(job, again).state)).toBe(before);
});
