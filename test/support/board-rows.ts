import type { ExecutorView } from '../../source/domain/executor/executor.ts';
import { noChange } from '../../source/domain/forecast/what-if.ts';
import type { JobEvent } from '../../source/domain/job/detail.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import { type RiskRow, riskRows } from '../../source/domain/risk/board.ts';
import type { Alert } from '../../source/domain/triage/alerts.ts';
import type {
  CheckDefinition,
  CheckSummary,
  Finding,
  FoundRow,
} from '../../source/domain/triage/checks.ts';
import { aJob, now, secondsAgo } from './jobs.ts';
import { riskBoardOf } from './snapshots.ts';

/** Rows of every table as an operator sees them: good and bad ones, short and long names. */
export const late: JobView = aJob({
  number: 1,
  asset_name: 'warehouse.sales.orders_by_customer_and_region_daily',
  sla_deadline_at: secondsAgo(-700),
  priority: 8,
  running_slots: 12,
  total_partitions: 12_400,
  completed_partitions: 12_360,
  failed_partitions: 3,
  partition_start: '2024-01-01',
  partition_end: '2024-12-31',
  eta_trend: {
    base: { at: secondsAgo(900), eta: secondsAgo(1800) },
    least_average_ms: 20_000,
    most_average_ms: 60_000,
  },
});
export const paused: JobView = aJob({
  number: 2,
  asset_name: 'clicks',
  state: 'paused',
  paused_at: secondsAgo(720),
  running_slots: 0,
  priority: 0,
  created_by: null,
  checkpoint_partition_key: null,
});
export const stuck: JobView = aJob({
  number: 3,
  asset_name: 'sessions',
  heartbeat_at: secondsAgo(840),
  sla_deadline_at: secondsAgo(-3600),
  rate_base: null,
});
export const jobRows: readonly JobView[] = [late, paused, stuck];

export const riskBoardRows: readonly RiskRow[] = riskRows(riskBoardOf(jobRows, 14), {
  ...noChange,
  pause: [stuck.id],
  deadline: { [late.id]: secondsAgo(-7200) },
});

const section = { runbook: 'backfill-operations', heading: 'Related Alerts' } as const;

export const alertRows: readonly Alert[] = [
  {
    name: 'ServoBackfillJobStuck',
    severity: 'critical',
    description: 'Job not making progress',
    section,
    check: 'stuck',
    firing: true,
    threshold: { value: 300, kind: 'seconds' },
    lasting_seconds: 0,
    figure: { value: 840, kind: 'seconds' },
    column: { name: 'age', title: 'heartbeat', kind: 'seconds' },
    since: secondsAgo(540),
    found: 7,
    truncated: true,
    jobs: [stuck, late, paused, stuck, late, paused].map((job) => ({
      job_id: job.id,
      asset_name: job.asset_name,
      state: job.state,
      since: null,
      value: 840,
    })),
  },
  {
    name: 'ServoBackfillNoExecutor',
    severity: 'critical',
    description: 'Jobs wait, and no live executor has a handler for them',
    section,
    check: 'no-executor',
    firing: false,
    threshold: { value: 0, kind: 'count' },
    lasting_seconds: 300,
    figure: { value: 1, kind: 'count', at_least: true },
    column: { name: 'jobs', title: 'jobs', kind: 'count' },
    since: secondsAgo(60),
    found: 1,
    truncated: false,
    jobs: [{ job_id: null, asset_name: 'clicks', state: null, since: null, value: null }],
  },
  {
    name: 'ServoBackfillHighFailureRate',
    severity: 'warning',
    description: 'High failure rate',
    section,
    check: 'failure-rate',
    firing: false,
    threshold: { value: 0.1, kind: 'ratio' },
    lasting_seconds: 0,
    figure: null,
    column: { name: 'failure_rate', title: 'failed', kind: 'ratio' },
    since: null,
    found: 0,
    truncated: false,
    jobs: [],
  },
];

export const stuckCheck: CheckDefinition = {
  name: 'stuck',
  title: 'Running jobs with a stale heartbeat',
  meaning: 'No executor has shown life for it.',
  severity: 'critical',
  section,
  figure: 'age',
  columns: [
    { name: 'state', title: 'state', kind: 'state' },
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'age', title: 'heartbeat', kind: 'seconds' },
    { name: 'owner', title: 'claimed by', kind: 'text' },
    { name: 'seen', title: 'seen', kind: 'time' },
    { name: 'took', title: 'average', kind: 'milliseconds' },
    { name: 'share', title: 'done', kind: 'ratio' },
    { name: 'left', title: 'left', kind: 'count' },
  ],
  remedies: [],
};

export const foundRows: readonly FoundRow[] = [stuck, late].map((job) => ({
  job_id: job.id,
  asset_name: job.asset_name,
  state: job.state,
  version: 7,
  since: null,
  cells: {
    state: job.state,
    asset_name: job.asset_name,
    age: 840,
    owner: job === late ? null : 'web-2.internal.example:64:af',
    seen: secondsAgo(840),
    took: 1400,
    share: 0.299,
    left: 12_400,
  },
}));

export const finding: Finding = {
  as_of: now,
  tenant_id: 'acme',
  check: stuckCheck,
  job_id: null,
  columns: stuckCheck.columns,
  sql: '',
  rows: foundRows,
  truncated: false,
};

export const summaries: readonly CheckSummary[] = [
  {
    check: stuckCheck,
    found: 2,
    truncated: false,
    worst: {
      job_id: stuck.id,
      asset_name: late.asset_name,
      since: null,
      value: 840,
      column: stuckCheck.columns[2]!,
    },
    sql: '',
  },
  {
    check: { ...stuckCheck, title: 'Waiting jobs', severity: 'notice' },
    found: 1000,
    truncated: true,
    worst: {
      job_id: stuck.id,
      asset_name: 'sessions',
      since: null,
      value: null,
      column: stuckCheck.columns[2]!,
    },
    sql: '',
  },
  { check: stuckCheck, found: 0, truncated: false, worst: null, sql: '' },
];

const change: JobEvent = {
  id: 1,
  job_id: late.id,
  partition_key: null,
  kind: 'state',
  from_state: 'running',
  to_state: 'paused',
  actor: 'mara@oncall',
  login: 'mara',
  reason: 'the warehouse is down for maintenance until two',
  at: secondsAgo(90),
};

export const eventRows: readonly JobEvent[] = [
  change,
  { ...change, id: 2, from_state: null, to_state: 'pending', reason: null },
  {
    ...change,
    id: 3,
    job_id: paused.id,
    partition_key: '2024-03-12',
    kind: 'failed',
    from_state: null,
    to_state: null,
    actor: 'web-1:812:ab',
    login: 'app',
    reason: 'connection refused',
    at: secondsAgo(90_000),
  },
];

const alive: ExecutorView = {
  id: 'web-1:812:ab12',
  host: 'web-1',
  pid: 812,
  version: '0.1.0',
  slots: 4,
  handlers: ['clicks', 'sessions', 'warehouse.sales.orders_by_customer_and_region_daily'],
  catalogue: null,
  outages: [],
  started_at: secondsAgo(7200),
  seen_at: secondsAgo(2),
  hold_reason: null,
  draining_at: null,
  lost_at: null,
  stopped_at: null,
  slots_busy: 3,
  running: [late, late, stuck].map((job) => ({
    job_id: job.id,
    asset_name: job.asset_name,
    partition_key: '2024-03-12',
    attempt: 3,
    started_at: secondsAgo(61),
  })),
  state: 'alive',
  state_since: secondsAgo(7200),
};

export const executorRows: readonly ExecutorView[] = [
  alive,
  {
    ...alive,
    id: 'loader-of-the-warehouse.internal.example:64:cd34',
    state: 'on_hold',
    slots_busy: 0,
    running: [],
    handlers: ['clicks'],
    hold_reason: 'replication lag',
    catalogue: 'c0ffee',
    outages: [
      { asset: 'clicks', kind: 'endpoint', message: 'refused', since: secondsAgo(120) },
    ] as never,
  },
  { ...alive, id: 'of another program', state: 'lost', running: [], slots_busy: 0, handlers: [] },
];
