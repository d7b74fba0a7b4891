import type { Snapshot, SnapshotJob } from '../forecast/snapshot.ts';
import { later } from '../time/time.ts';
import type { Cost } from './advice.ts';
import { costsBetween, type Ends, endsOf } from './trials.ts';

/** A job that does not exist yet. */
export type VirtualJob = Pick<
  SnapshotJob,
  | 'id'
  | 'asset_name'
  | 'priority'
  | 'execution_order'
  | 'sla_deadline_at'
  | 'remaining'
  | 'max_parallel'
  | 'durations'
  | 'upstreams'
>;

/** What a start would do to the unfinished jobs. */
export type StartEffect = {
  /** Null if unknown. */
  finish_at: Date | null;
  late_by_seconds: number | null;
  /** Whom it would cost if started now. */
  costs: readonly Cost[];
  /** Started then, it makes no job late; null: it makes none now, or at all times tried. */
  harmless_at: Date | null;
};

/** Times of a start are tried in whole steps. */
const stepMs = 5 * 60_000;
const mostTried = 8;

/** @param added upstreams and, as the last, the job itself */
export function effectOfStart(snapshot: Snapshot, added: readonly VirtualJob[]): StartEffect {
  const before = endsOf(snapshot);
  const after = endsWith(snapshot, added, 0);
  const own = after.at(-1) ?? null;
  const deadline = added.at(-1)?.sla_deadline_at ?? null;
  const finish_at = own === null ? null : later(snapshot.as_of, own);
  const costs = costsBetween(snapshot, before, after);
  return {
    finish_at,
    late_by_seconds:
      finish_at && deadline ? (finish_at.getTime() - deadline.getTime()) / 1000 : null,
    costs,
    harmless_at: harmlessTime(snapshot, added, before, costs),
  };
}

function endsWith(snapshot: Snapshot, added: readonly VirtualJob[], at_ms: number): Ends {
  const jobs = added.map((job): SnapshotJob => {
    // They are created at that time, so that what was there ranks before them.
    const created_at = later(snapshot.as_of, at_ms);
    const wait = { count: job.remaining, first_ms: at_ms, last_ms: at_ms };
    return {
      ...job,
      created_at,
      state: job.upstreams.length > 0 ? 'waiting_upstream' : 'pending',
      slots: [],
      later: at_ms > 0 ? wait : null,
      external: false,
    };
  });
  return endsOf({ ...snapshot, jobs: [...snapshot.jobs, ...jobs] });
}

/** The first end of a victim after which the start makes no job late. */
function harmlessTime(
  snapshot: Snapshot,
  added: readonly VirtualJob[],
  before: Ends,
  costs: readonly Cost[],
): Date | null {
  const late = new Set(costs.flatMap(({ job, made_late }) => (made_late ? [job] : [])));
  const ends = snapshot.jobs.flatMap(({ id }, index) => (late.has(id) ? [before[index] ?? 0] : []));
  for (const end of ends.sort((a, b) => a - b).slice(0, mostTried)) {
    const at = Math.ceil((snapshot.as_of.getTime() + end) / stepMs) * stepMs;
    const after = endsWith(snapshot, added, at - snapshot.as_of.getTime());
    if (costsBetween(snapshot, before, after).every(({ made_late }) => !made_late))
      return new Date(at);
  }
  return null;
}
