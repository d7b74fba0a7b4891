import type { Snapshot, SnapshotJob } from '../../source/domain/forecast/snapshot.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import { isTerminal } from '../../source/domain/job/state.ts';
import { readStrategy } from '../../source/domain/job/strategy.ts';
import type { RiskBoard } from '../../source/domain/risk/board.ts';
import { now, secondsAgo } from './jobs.ts';

/** What the database would tell of these jobs: their slots are those of one executor. */
export function snapshotOf(jobs: readonly JobView[], slots: number, as_of = now): Snapshot {
  const assets = [...new Set(jobs.map(({ asset_name }) => asset_name))];
  return {
    as_of,
    executors: [{ id: 'one', slots, assets, closed: false }],
    limits: [],
    jobs: jobs.filter(isForecast).map(livingOf),
  };
}

/** Another program's states, and what a scene beside the jobs holds back, are not pictured. */
function isForecast({ state, waits_for, health }: JobView): boolean {
  return !isTerminal(state) && waits_for === null && health !== 'silent';
}

/** A board of the risk screen with as many slots. */
export function riskBoardOf(jobs: readonly JobView[], slots: number, as_of = now): RiskBoard {
  return {
    as_of,
    tenant_id: 'acme',
    early_warning: 0,
    snapshot: snapshotOf(jobs, slots, as_of),
    jobs,
    truncated: false,
  };
}

/** Partitions take what they took on average, and the running ones have just begun. */
function livingOf(job: JobView): SnapshotJob {
  const average = job.avg_partition_duration_ms;
  const running = job.state === 'running' && !job.heartbeat_stale ? job.running_slots : 0;
  return {
    id: job.id,
    asset_name: job.asset_name,
    state: job.state,
    priority: job.priority,
    execution_order: job.execution_order,
    sla_deadline_at: job.sla_deadline_at,
    created_at: job.created_at,
    remaining: job.remaining_partitions,
    max_parallel: job.failing ? 1 : readStrategy(job.execution_strategy).max_parallel,
    slots: Array.from({ length: running }, () => ({ executor: 'one', elapsed_ms: 0 })),
    durations:
      average === null ? null : { mean_ms: average, spread: 0, samples: 200, failed_share: 0 },
    later: null,
    upstreams: [],
    external: false,
  };
}

/** A running job of `orders`: ten partitions of 10 s, one at a time, done in 100 s. */
export function aLivingJob(
  changes: Partial<SnapshotJob> & { late_by?: number; busy?: number } = {},
): SnapshotJob {
  const { late_by, busy = 0, ...columns } = changes;
  return {
    id: 'job',
    asset_name: 'orders',
    state: 'running',
    priority: 5,
    execution_order: 0,
    sla_deadline_at: late_by === undefined ? null : secondsAgo(late_by - 100),
    created_at: secondsAgo(600),
    remaining: 10,
    max_parallel: 1,
    slots: Array.from({ length: busy }, () => ({ executor: 'one', elapsed_ms: 0 })),
    durations: { mean_ms: 10_000, spread: 0, samples: 200, failed_share: 0 },
    later: null,
    upstreams: [],
    external: false,
    ...columns,
  };
}
