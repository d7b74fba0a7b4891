import type { BoardData } from '../../source/console/model/boards.ts';
import type { JobDetail } from '../../source/domain/job/detail.ts';
import type { FailureKind, JobInsight } from '../../source/domain/job/insight.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import type { Escalation } from '../../source/domain/triage/escalation.ts';
import {
  alertRows,
  eventRows,
  executorRows,
  finding,
  stuckCheck,
  summaries,
} from './board-rows.ts';
import { jobVarieties } from './job-varieties.ts';
import { aDetail, aJob, anInsight, buckets, dailyKeys, now, secondsAgo } from './jobs.ts';
import { riskBoardOf } from './snapshots.ts';

/** Names as operators give them, and some as none would. */
const names: Readonly<Record<string, string>> = {
  breached: 'warehouse.sales.orders_by_customer_and_region_daily',
  'a third late': 'clicks',
  'with many failed': 'sessions',
  stale: 'weather_hourly',
  'drifting away': '売上_日次',
  'of many partitions': 'events_raw',
  'just on track': 'visits',
  'paused with failures': 'orders_daily',
  'just resumed': 'invoices',
  'pending, waits: no_executor': 'returns',
  'waiting for two': 'revenue_daily',
  'of an odd name': 'two\nlines\u202e',
  'of an unknown state': 'dreams',
  'completed late': 'ledger',
  failed: 'payments',
  cancelled: 'refunds',
};

/** One tenant's jobs: each state, and all that goes wrong. */
export const fleet: readonly JobView[] = Object.entries(names).map(
  ([variety, asset_name], index) => ({
    ...jobVarieties.get(variety)!,
    id: aJob({ number: 0xa0 + index }).id,
    asset_name,
  }),
);

export const jobNamed = (name: string): JobView =>
  fleet.find(({ asset_name }) => asset_name === name)!;

const breached = fleet[0]!;
const messages = [
  'HTTP 429 Too Many Requests',
  'out of memory: killed',
  'column "region" does not exist',
  'connection refused 10.1.2.3:5432',
  'permission denied for table orders_by_customer_and_region_daily_of_all_years',
  'a message without a cause',
];
const causes = [null, ...messages].map(
  (error_message, kind): FailureKind => ({
    count: kind === 1 ? 3201 : kind + 1,
    partitions: dailyKeys('2024-01-01', Math.min(4, kind + 1)).map((day, index) => ({
      partition_key: `${day}/eu-${kind}`,
      attempt_count: index + 1,
      failure_count: index + 1,
      error_message,
      completed_at: index === 0 ? secondsAgo(90_000) : index === 1 ? null : secondsAgo(60),
    })),
  }),
);

const asset = (name: string, depth: number, jobs: { id: string; state: string }[] = []) => ({
  id: name,
  name,
  owner: depth === 1 ? 'finance' : null,
  depth,
  jobs,
});
const related = (name: string, depth: number) => {
  const job = jobNamed(name);
  return { id: job.id, to: breached.id, depth, job };
};
const deleted = { id: aJob({ number: 0xdead }).id, to: breached.id, depth: 2, job: null };
const executor = (id: string, changes: Partial<JobInsight['executors'][number]> = {}) => ({
  id,
  partitions: 1,
  slots: 1,
  since: null,
  seen_at: secondsAgo(10),
  draining: false,
  lost: false,
  ...changes,
});

/** Rows of every kind in every list of the job screen. */
export const fullInsight: JobInsight = anInsight({
  samples: [0, 1, 2, 3, 4, 5].map((minute) => ({
    at: secondsAgo(300 - minute * 60),
    completed: minute * minute * 10,
    failed: 0,
    avg_partition_duration_ms: 1400 + minute * 100,
    estimated_completion_at: null,
  })),
  failures: causes,
  durations: {
    count: 9701,
    p50_ms: 1000,
    p95_ms: 2200,
    slowest: [
      ['2024-02-29', 12_000, 2, secondsAgo(60)],
      ['2024-02-28T00:00:00Z/a-long-region-name', 9100, 1, secondsAgo(90_000)],
      ['2024-02-27', 1500, 1, null],
      ['2024-02-26', 1499, 1, null],
    ].map(([partition_key, duration_ms, attempt_count, completed_at]) => ({
      partition_key,
      duration_ms,
      attempt_count,
      completed_at,
    })) as JobInsight['durations']['slowest'],
  },
  upstreams: [related('events_raw', 1), related('payments', 2), related('clicks', 3), deleted],
  waiting: [related('revenue_daily', 1), related('two\nlines\u202e', 2), related('ledger', 2)],
  assets: [
    asset('revenue', 1),
    asset('board report', 3, [
      { id: fleet[1]!.id, state: 'running' },
      { id: fleet[2]!.id, state: 'waiting_upstream' },
    ]),
  ],
  executors: [
    executor('web-1:812:ab', { partitions: 40, slots: 2, since: secondsAgo(90) }),
    executor('web-2:64:af', { seen_at: secondsAgo(45), draining: true }),
    executor('web-3:1:00', { lost: true }),
    executor('another program', { seen_at: null }),
    executor('web-4:1:00', { draining: true }),
  ],
});

const keys = dailyKeys('2024-01-01', 120);
const statesInOrder = ['completed', 'failed', 'skipped', 'running', 'pending'] as const;

/** All that is read of a job. */
export const fullDetail = (job: JobView, changes: Partial<JobDetail> = {}): JobDetail =>
  aDetail(job, {
    map: buckets(keys, (_, index) =>
      index < 60 ? (index % 9 === 4 ? 'failed' : 'completed') : statesInOrder[index % 5]!,
    ),
    insight: fullInsight,
    failed: causes.flatMap(({ partitions }) => partitions),
    open: [
      ['2024-03-01', 'running', 1, 'web-1:812:ab', secondsAgo(61), null, null],
      ['2024-03-02', 'running', 2, null, null, null, 'connection refused'],
      ['2024-03-03', 'pending', 1, null, null, secondsAgo(-90), 'HTTP 429'],
      ['2024-03-04/eu-central-and-west', 'pending', 3, null, null, secondsAgo(1), null],
      ['2024-03-05', 'pending', 1, null, null, null, null],
    ].map(
      ([partition_key, state, attempt_count, lease_owner, started_at, available_at, error]) => ({
        partition_key,
        state,
        attempt_count,
        lease_owner,
        started_at,
        available_at,
        error_message: error,
      }),
    ) as JobDetail['open'],
    events: [...eventRows],
    executors: ['web-1:812:ab', 'web-2:64:af'],
    dialogs: [
      {
        actor: 'joe',
        host: 'laptop',
        action: 'cancel',
        jobs: 1,
        job_ids: [job.id],
        opened_at: secondsAgo(30),
      },
    ],
    ...changes,
  });

const read = { as_of: now, tenant_id: 'acme', jobs: fleet };
const named = (job: JobView) => ({ job_id: job.id, asset_name: job.asset_name });
const remedies: typeof stuckCheck.remedies = [
  {
    action: 'cancel',
    text: 'Cancel it.',
    states: ['running'],
    command: 'servo-tui cancel JOB',
    sql: null,
  },
  { action: 'wait', text: 'Wait.', states: null, command: null, sql: null },
  { action: 'wait', text: 'Look first:', states: null, command: null, sql: 'select\n  1' },
];
const check = { ...stuckCheck, remedies };
const rows = finding.rows.map((row, index) => ({ ...row, ...named(fleet[index]!) }));

/** What each board is answered. */
export const boardsOfFleet: BoardData = {
  triage: {
    ...read,
    job_id: null,
    escalations: [],
    checks: summaries.map((summary, index) => ({
      ...summary,
      check: {
        ...check,
        ...summary.check,
        remedies,
        name: (['stuck', 'resuming', 'failing'] as never[])[index]!,
      },
      sql: `select ${index}`,
      worst: summary.worst && { ...summary.worst, ...named(fleet[index]!) },
    })),
  },
  check: {
    ...read,
    job_id: null,
    check,
    columns: check.columns,
    sql: 'select 1',
    truncated: true,
    rows: [...rows, { ...rows[0]!, job_id: null, asset_name: 'of no job', state: null } as never],
  },
  risk: {
    ...riskBoardOf(
      fleet.filter(({ completed_at }) => completed_at === null),
      14,
      read.as_of,
    ),
    early_warning: 60_000,
    truncated: true,
  },
  executors: {
    ...read,
    executors: executorRows.map((row, index) => ({
      ...row,
      running: row.running.map((one, at) => ({ ...one, ...named(fleet[index + at]!) })),
    })),
  },
  alerts: { ...read, executors: { alive: 1, silent: 1 }, alerts: [...alertRows] },
  events: {
    ...read,
    events: eventRows.map((event, index) => ({ ...event, job_id: fleet[index * 2]!.id })),
  },
};

const step = (who: string, after_minutes: number | null, due: boolean, at: Date | null = null) => ({
  who,
  task: `task of ${who}`,
  after_minutes,
  at,
  due,
});

/** An escalation that is due, and one that is not. */
export const escalations: readonly Escalation[] = [
  {
    runbook: 'backfill-operations',
    due: true,
    since: secondsAgo(2400),
    minutes: 40,
    triggers: [{ text: 'Multiple jobs stuck for >30 minutes', reason: '2 jobs' }],
    steps: [
      step('on-call', 0, true),
      step('Lead', 30, true),
      step('Head', 50, false, secondsAgo(-600)),
    ],
    next: { who: 'Head', in_minutes: 10 },
  } as never,
  {
    runbook: 'backfill-sla-at-risk',
    due: false,
    since: secondsAgo(840),
    minutes: 14,
    triggers: [],
    steps: [step('Lead', 15, false), step('Head', null, false)],
    next: { who: 'Lead', in_minutes: 0.4 },
  } as never,
];
