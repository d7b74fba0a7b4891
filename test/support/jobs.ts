import type { LoadJobs } from '../../source/console/model/effects.ts';
import type { JobDetail, JobList, PartitionBucket } from '../../source/domain/job/detail.ts';
import { jobMatches, parseFilter } from '../../source/domain/job/filter.ts';
import type { JobInsight } from '../../source/domain/job/insight.ts';
import { type Job, type JobActivity, type JobView, viewJob } from '../../source/domain/job/job.ts';
import {
  byAttention,
  compareBy,
  latenessOf,
  walkedColumns,
} from '../../source/domain/job/order.ts';
import type { JobPage, Page } from '../../source/domain/job/page.ts';
import type { Partition, PartitionDetail } from '../../source/domain/partition/partition.ts';
import { kindsOf } from '../../source/presentation/partition/failure-groups.ts';

/** The default time of the database in tests. */
export const now = new Date('2024-05-14T12:00:00Z');

export function secondsAgo(seconds: number, from = now): Date {
  return new Date(from.getTime() - seconds * 1000);
}

/** A healthy running job with 40 of 100 partitions completed; `id` is used as hex. */
export function aJob(
  overrides: Partial<Job & JobActivity> & { number?: number } = {},
  asOf = now,
): JobView {
  const { number = 1, ...columns } = overrides;
  return viewJob(
    {
      id: `${number.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
      tenant_id: 'acme',
      asset_id: '00000000-0000-4000-8000-000000000001',
      asset_name: 'orders_daily',
      idempotency_key: `key-${number}`,
      state: 'running',
      execution_strategy: { type: 'parallel', max_parallel: 4 },
      partition_start: null,
      partition_end: null,
      total_partitions: 100,
      completed_partitions: 40,
      failed_partitions: 0,
      skipped_partitions: 0,
      include_upstream: false,
      error_message: null,
      created_by: 'mara',
      // The first is the newest, by a thousandth of a second.
      created_at: secondsAgo(3600 + (number % 1000) / 1000, asOf),
      started_at: secondsAgo(1200, asOf),
      completed_at: null,
      heartbeat_at: secondsAgo(4, asOf),
      paused_at: null,
      version: 7,
      checkpoint_partition_key: '2024-02-09',
      estimated_completion_at: null,
      avg_partition_duration_ms: 30_000,
      parent_job_id: null,
      max_upstream_depth: 0,
      upstream_job_count: 0,
      completed_upstream_jobs: 0,
      execution_order: 0,
      sla_deadline_at: null,
      priority: 5,
      running_slots: 2,
      ours: true,
      failing: false,
      rate_base: { at: secondsAgo(600, asOf), completed: 20 },
      eta_trend: null,
      forecast: null,
      ...columns,
    },
    asOf,
  );
}

/** All jobs of the tenant, unless `page` differs. */
export function aList(
  jobs: JobView[],
  { page, ...overrides }: Partial<JobList> & { page?: Partial<Page> } = {},
): JobPage {
  const counts: Record<string, number> = {};
  for (const job of jobs) counts[job.state] = (counts[job.state] ?? 0) + 1;
  return {
    as_of: now,
    tenant_id: 'acme',
    jobs,
    truncated: false,
    counts,
    page: {
      filter: '',
      sort: byAttention,
      whole: true,
      searched: null,
      before: false,
      after: false,
      total: null,
      late: latenessOf(jobs),
      kept: [],
      deadlines: {},
      problem: null,
      dialogs: [],
      slots: null,
      visible: true,
      ...page,
    },
    ...overrides,
  };
}

/** The console's first request for the job table. */
export const theTable: LoadJobs = {
  type: 'load-jobs',
  filter: '',
  sort: byAttention,
  around: 'first',
  limit: 200,
  whole: 1000,
  keep: [],
  total: false,
};

/** The reply to that request if these are all jobs. */
export function aPage(all: JobView[], asked: LoadJobs, as_of = now): JobPage {
  const deadlineOf = (named: string) => all.find(({ id }) => id.startsWith(named))?.sla_deadline_at;
  const filter = parseFilter(asked.filter);
  const matching = all.filter((job) => jobMatches(filter, job, deadlineOf));
  const whole = matching.length <= asked.whole;
  const walked = whole || walkedColumns.includes(asked.sort.column);
  const sort = walked ? asked.sort : byAttention;
  const sorted = matching.sort(compareBy(sort));
  const { around, limit } = asked;
  const place =
    typeof around === 'string'
      ? 0
      : sorted.findIndex((job) => compareBy(sort)(job, around as JobView) >= 0);
  const last = Math.max(0, sorted.length - limit);
  const wanted = around === 'last' ? last : Math.max(0, place - Math.floor(limit / 2));
  const from = whole ? 0 : wanted;
  const jobs = whole ? sorted : sorted.slice(from, from + limit);
  return aList(jobs, {
    as_of,
    counts: aList(all).counts,
    truncated: !whole,
    page: {
      filter: asked.filter,
      sort,
      whole,
      before: from > 0,
      after: from + jobs.length < sorted.length,
      total: asked.total ? { count: sorted.length, capped: false } : null,
      late: latenessOf(all),
      kept: all.filter(({ id }) => asked.keep.includes(id) && !jobs.some((job) => job.id === id)),
    },
  });
}

export function aDetail(job: JobView, overrides: Partial<JobDetail> = {}): JobDetail {
  return {
    as_of: now,
    tenant_id: 'acme',
    job,
    map: [],
    changed: [],
    insight: anInsight({ failures: kindsOf(overrides.failed ?? []) }),
    failed: [],
    open: [],
    events: [],
    executors: [],
    dialogs: [],
    ...overrides,
  };
}

/** A job without facts beside its row. */
export function anInsight(overrides: Partial<JobInsight> = {}): JobInsight {
  return {
    samples: [],
    failures: [],
    durations: { count: 0, p50_ms: null, p95_ms: null, slowest: [] },
    upstreams: [],
    waiting: [],
    assets: [],
    executors: [],
    ...overrides,
  };
}

/** A partition that failed after three attempts, with an output of the last one. */
export function aPartition(
  partition_key: string,
  {
    partition,
    ...overrides
  }: Partial<Omit<PartitionDetail, 'partition'>> & {
    partition?: Partial<Partition>;
  } = {},
): PartitionDetail {
  return {
    as_of: now,
    tenant_id: 'acme',
    job_id: '00000001-0000-4000-8000-000000000000',
    partition: {
      partition_key,
      state: 'failed',
      attempt_count: 3,
      failure_count: 3,
      crash_count: 0,
      duration_ms: 1400,
      started_at: secondsAgo(62),
      completed_at: secondsAgo(60),
      lease_owner: 'web-1:812:ab',
      lease_expires_at: null,
      available_at: null,
      error_message: 'connection refused 10.1.2.3:5432',
      ...partition,
    },
    events: [],
    logs: [
      {
        job_id: '00000001-0000-4000-8000-000000000000',
        partition_key,
        attempt: 3,
        executor_id: 'web-1:812:ab',
        at: secondsAgo(60),
        output: 'connecting\nrefused\n',
      },
    ],
    ...overrides,
  };
}

/** One bucket per key. */
export function buckets(
  keys: readonly string[],
  state: (key: string, index: number) => keyof Omit<PartitionBucket, 'first_key' | 'last_key'>,
): PartitionBucket[] {
  return keys.map((key, index) => ({
    first_key: key,
    last_key: key,
    pending: 0,
    running: 0,
    completed: 0,
    failed: 0,
    skipped: 0,
    [state(key, index)]: 1,
  }));
}

export function dailyKeys(first: string, count: number): string[] {
  const start = Date.parse(`${first}T00:00:00Z`);
  return Array.from({ length: count }, (_, index) =>
    new Date(start + index * 86_400_000).toISOString().slice(0, 10),
  );
}
