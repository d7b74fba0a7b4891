import type { DataAnswer, DataEffect } from '../../source/console/model/effects.ts';
import { actionRules, isTransition, readParameters } from '../../source/domain/job/action.ts';
import type { JobDetail, PartitionBucket } from '../../source/domain/job/detail.ts';
import type { FailedPartition } from '../../source/domain/job/insight.ts';
import { type Job, type JobActivity, type JobView, viewJob } from '../../source/domain/job/job.ts';
import { changesOf } from '../../source/domain/job/settings.ts';
import { actionTargets, isTerminal } from '../../source/domain/job/state.ts';
import { ServoError } from '../../source/errors.ts';
import { kindsOf } from '../../source/presentation/partition/failure-groups.ts';
import { aJob, anInsight, aPage, aPartition, buckets, dailyKeys, secondsAgo } from './jobs.ts';
import { riskBoardOf } from './snapshots.ts';

type Row = Job & JobActivity;

/** A database in memory for the console: holds jobs, runs actions, can be unavailable. */
export class MemoryDatabase {
  readonly jobs = new Map<string, Row>();
  readonly acted: Extract<DataEffect, { type: 'act' }>[] = [];
  /** If set, every request fails with it. */
  failure: ServoError | null = null;
  /** If set, requests wait until it resolves. */
  silence: Promise<void> | null = null;
  clock: () => Date;

  constructor(jobs: readonly JobView[], clock: () => Date) {
    for (const job of jobs) this.jobs.set(job.id, { ...job });
    this.clock = clock;
  }

  readonly perform = async (effect: DataEffect): Promise<DataAnswer> => {
    if (this.silence !== null) await this.silence;
    if (this.failure !== null) throw this.failure;
    return this.#answer(effect);
  };

  change(id: string, columns: Partial<Row>): void {
    const row = this.jobs.get(id);
    if (row !== undefined) this.jobs.set(id, { ...row, ...columns });
  }

  #answer(effect: DataEffect): DataAnswer {
    if (effect.type === 'open-context' || effect.type === 'unlock' || effect.type === 'lock')
      throw new ServoError('internal', 'this is the only place');
    const as_of = this.clock();
    if (effect.type === 'load-jobs') {
      const all = [...this.jobs.values()].map((row) => viewJob(row, as_of));
      return { type: 'jobs', list: aPage(all, effect, as_of) };
    }
    if (effect.type === 'load-board' && effect.board === 'risk') {
      const jobs = [...this.jobs.values()].map((row) => viewJob(row, as_of));
      const live = jobs.filter(({ state }) => !isTerminal(state));
      return {
        type: 'board',
        board: 'risk',
        data: riskBoardOf(live, 12, as_of),
      };
    }
    if (effect.type === 'load-board') throw new ServoError('not_found', 'no such board');
    if (effect.type === 'load-named') {
      const rows = effect.ids.flatMap((id) => this.jobs.get(id) ?? []);
      return { type: 'named', jobs: rows.map((row) => viewJob(row, as_of)) };
    }
    if (effect.type === 'load-tenants') return { type: 'tenants', tenants: [] };
    if (effect.type === 'find-job') {
      const found = [...this.jobs.values()].find(({ id }) => id.startsWith(effect.reference));
      if (found === undefined) throw new ServoError('not_found', `no job ${effect.reference}`);
      return { type: 'found', job: viewJob(found, as_of) };
    }
    if (effect.type === 'explain-job' || effect.type === 'verify-job') {
      throw new ServoError('not_found', 'nothing is explained here');
    }
    if (effect.type === 'write-report')
      return { type: 'report', path: '/tmp/report.md', text: '# ReportRequest' };
    if (effect.type === 'load-effects') {
      const effects = { jobs: [], others: [], more: { lose: 0, gain: 0 } };
      return { type: 'effects', effects: { as_of, slots: { busy: 0, total: 12 }, ...effects } };
    }
    if (effect.type === 'load-recent-events') return { type: 'recent-events', as_of, events: [] };
    if (effect.type === 'announce-dialog') return { type: 'dialogs', as_of, dialogs: [] };
    if (effect.type === 'close-dialog') return { type: 'dialog-closed' };
    if (effect.type === 'plan-jobs') {
      const ids = 'ids' in effect ? effect.ids : [...this.jobs.keys()];
      const found = ids.flatMap((id) => this.jobs.get(id) ?? []);
      const jobs = found.map((row) => viewJob(row, as_of));
      return {
        type: 'planned',
        plan: { id: jobs[0]?.id ?? '', created_at: as_of, jobs, truncated: false },
      };
    }
    const row = this.jobs.get(effect.id);
    if (row === undefined) throw new ServoError('not_found', `no job ${effect.id}`);
    switch (effect.type) {
      case 'act':
        return this.#act(effect, row);
      case 'load-job':
        return { type: 'job', detail: detailOf(viewJob(row, as_of), as_of, effect.map_buckets) };
      case 'load-partition':
        return { type: 'partition', detail: aPartition(effect.key, { job_id: row.id, as_of }) };
      case 'load-job-sql':
        return { type: 'sql', text: `SELECT * FROM backfill_jobs WHERE id = '${row.id}';` };
    }
  }

  #act(effect: Extract<DataEffect, { type: 'act' }>, row: Row): DataAnswer {
    this.acted.push(effect);
    const { action } = effect;
    const refusal = actionRules[action].refusal(row);
    if (refusal !== null || row.state !== effect.state || row.version !== effect.version) {
      const message = refusal ?? `it is now ${row.state}`;
      return { type: 'acted', result: { ...statusOf(row), result: 'skipped', message } };
    }
    const now = this.clock();
    if (isTransition(action)) {
      this.change(row.id, {
        state: actionTargets[action],
        version: row.version + 1,
        ...(action === 'pause' ? { paused_at: now } : {}),
        ...(action === 'resume' ? { heartbeat_at: now } : {}),
        ...(action === 'cancel' ? { completed_at: now } : {}),
      });
    } else if (action === 'set') {
      const { settings } = readParameters('set', effect.parameters ?? {}, now);
      this.change(row.id, changesOf(row, settings).columns);
    } else if (action === 'retry') {
      this.change(row.id, { failed_partitions: 0 });
    } else if (action === 'reclaim') {
      this.change(row.id, { version: row.version + 1, heartbeat_at: secondsAgo(300, now) });
    }
    const after = this.jobs.get(row.id)!;
    return { type: 'acted', result: { ...statusOf(after), result: 'applied', message: 'done' } };
  }
}

function statusOf({ id, state, version }: Row) {
  return { id, state, version };
}

function detailOf(job: JobView, as_of: Date, mapBuckets: number): JobDetail {
  const failed = failedOf(job, as_of);
  return {
    as_of,
    tenant_id: 'acme',
    job,
    map: mapBuckets === 0 ? [] : mapOf(job, mapBuckets),
    changed: [],
    insight: anInsight({ failures: kindsOf(failed) }),
    failed,
    open: Array.from({ length: job.running_slots }, (_, index) => ({
      partition_key: dailyKeys('2003-01-01', 20)[index] ?? `k${index}`,
      state: 'running' as const,
      attempt_count: 1,
      lease_owner: `web-${index + 1}:${800 + index}:4f2a`,
      started_at: secondsAgo(index * 40, as_of),
      available_at: null,
      error_message: null,
    })),
    dialogs: [],
    events: [
      {
        kind: 'state',
        from: 'pending',
        to: 'running',
        actor: 'web-1:812',
        reason: null,
        ago: 1200,
      },
      {
        kind: 'state',
        from: 'running',
        to: 'paused',
        actor: 'mara',
        reason: 'db maintenance',
        ago: 900,
      },
      {
        kind: 'state',
        from: 'paused',
        to: 'resuming',
        actor: 'mara',
        reason: 'db ok again',
        ago: 700,
      },
      { kind: 'state', from: 'resuming', to: 'running', actor: 'web-2:77', reason: null, ago: 699 },
      {
        kind: 'failed',
        from: null,
        to: null,
        actor: 'web-2:77',
        reason: 'source differs',
        ago: 300,
      },
    ]
      .map(({ kind, from, to, actor, reason, ago }, index) => ({
        id: 100 - index,
        job_id: job.id,
        partition_key: kind === 'failed' ? '2000-02-03' : null,
        kind,
        from_state: from,
        to_state: to,
        actor,
        login: 'servo_app',
        reason,
        at: secondsAgo(ago, as_of),
      }))
      .reverse(),
    executors: Array.from(
      { length: Math.min(3, job.running_slots) },
      (_, index) => `web-${index + 1}:${800 + index}:4f2a`,
    ),
  };
}

function failedOf(job: JobView, as_of: Date): FailedPartition[] {
  return Array.from({ length: Math.min(100, job.failed_partitions) }, (_, index) => ({
    partition_key: dailyKeys('2000-02-03', 1461)[index * 97] ?? `k${index}`,
    attempt_count: 3,
    failure_count: 3,
    error_message:
      index % 3 === 2
        ? 'connection refused 10.1.2.3:5432'
        : `ssa and cdc differ by ${3 + index / 4} % (limit 3 %)`,
    completed_at: secondsAgo(600 - index, as_of),
  }));
}

function mapOf(job: JobView, most: number): PartitionBucket[] {
  const total = job.total_partitions;
  const keys = dailyKeys('2000-01-01', total);
  const per = Math.max(1, Math.ceil(total / most));
  const { completed_partitions: done, running_slots } = job;
  const single = buckets(keys, (_, index) => {
    if (index % 97 === 33 && index / 97 < job.failed_partitions) return 'failed';
    if (index < done) return 'completed';
    return index < done + running_slots
      ? 'running'
      : job.state === 'cancelled'
        ? 'skipped'
        : 'pending';
  });
  return Array.from({ length: Math.ceil(total / per) }, (_, at) => {
    const run = single.slice(at * per, (at + 1) * per);
    const sum = (state: 'pending' | 'running' | 'completed' | 'failed' | 'skipped') =>
      run.reduce((count, bucket) => count + bucket[state], 0);
    return {
      first_key: run[0]!.first_key,
      last_key: run.at(-1)!.last_key,
      pending: sum('pending'),
      running: sum('running'),
      completed: sum('completed'),
      failed: sum('failed'),
      skipped: sum('skipped'),
    };
  });
}

/** A dozen jobs with every state and every kind of problem. */
export function variedJobs(asOf: Date): JobView[] {
  const ago = (seconds: number) => secondsAgo(seconds, asOf);
  const rows: Parameters<typeof aJob>[0][] = [
    {
      asset_name: 'orders_daily',
      total_partitions: 365,
      completed_partitions: 251,
      failed_partitions: 3,
      running_slots: 3,
      sla_deadline_at: ago(-9000),
      avg_partition_duration_ms: 140_000,
      rate_base: { at: ago(60), completed: 122 },
    },
    {
      asset_name: 'weather_hourly',
      total_partitions: 8760,
      completed_partitions: 1260,
      failed_partitions: 41,
      running_slots: 6,
      priority: 8,
      sla_deadline_at: ago(-4900),
      avg_partition_duration_ms: 6400,
    },
    {
      asset_name: 'sessions',
      total_partitions: 240,
      completed_partitions: 120,
      running_slots: 0,
      priority: 4,
      heartbeat_at: ago(840),
      sla_deadline_at: ago(-4200),
    },
    {
      asset_name: 'clicks',
      state: 'resuming',
      total_partitions: 730,
      completed_partitions: 719,
      running_slots: 0,
      priority: 0,
      heartbeat_at: ago(720),
    },
    {
      asset_name: 'events_raw',
      state: 'paused',
      total_partitions: 120,
      completed_partitions: 40,
      running_slots: 0,
      priority: 4,
      paused_at: ago(720),
    },
    {
      asset_name: 'revenue_daily',
      state: 'pending',
      total_partitions: 90,
      completed_partitions: 0,
      running_slots: 0,
      priority: 10,
      sla_deadline_at: ago(1200),
      started_at: null,
      heartbeat_at: null,
      avg_partition_duration_ms: null,
    },
    {
      asset_name: 'revenue_monthly',
      state: 'waiting_upstream',
      total_partitions: 3,
      completed_partitions: 0,
      running_slots: 0,
      priority: 0,
      upstream_job_count: 1,
      started_at: null,
      heartbeat_at: null,
      avg_partition_duration_ms: null,
    },
    {
      asset_name: 'births_daily',
      total_partitions: 7670,
      completed_partitions: 3120,
      running_slots: 4,
      avg_partition_duration_ms: 14,
      sla_deadline_at: ago(-3600),
    },
    {
      asset_name: 'births_agreement',
      state: 'failed',
      total_partitions: 1461,
      completed_partitions: 1449,
      failed_partitions: 12,
      running_slots: 0,
      completed_at: ago(300),
      error_message: '12 of 1461 partitions failed after 1 attempt each',
      sla_deadline_at: ago(-60),
    },
    {
      asset_name: 'births_monthly',
      state: 'completed',
      total_partitions: 252,
      completed_partitions: 252,
      running_slots: 0,
      completed_at: ago(200),
    },
    {
      asset_name: '売上集計_日次_東京',
      total_partitions: 31,
      completed_partitions: 12,
      running_slots: 1,
      sla_deadline_at: ago(-200),
      avg_partition_duration_ms: 12_000,
    },
    {
      asset_name: 'a_very_long_asset_name_that_somebody_thought_was_a_good_idea_at_the_time',
      total_partitions: 1_000_000,
      completed_partitions: 999_999,
      running_slots: 12,
      priority: -10,
    },
    {
      asset_name: 'evil\x1b[2J\u202ename',
      state: 'quarantined',
      total_partitions: 10,
      completed_partitions: 3,
      running_slots: 0,
    },
    {
      asset_name: 'nothing_known',
      state: 'pending',
      total_partitions: 0,
      completed_partitions: 0,
      running_slots: 0,
      started_at: null,
      heartbeat_at: null,
      avg_partition_duration_ms: null,
      created_by: null,
      checkpoint_partition_key: null,
      rate_base: null,
      priority: 0,
    },
    {
      asset_name: 'old_import',
      state: 'cancelled',
      total_partitions: 60,
      completed_partitions: 22,
      skipped_partitions: 38,
      running_slots: 0,
      completed_at: ago(86_400),
    },
  ];
  return rows.map((row, index) => aJob({ ...row, number: 0x3f2a9c10 + index }, asOf));
}
