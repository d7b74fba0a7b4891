import { type DeadlineOf, jobMatches } from '../../domain/job/filter.ts';
import type { JobView } from '../../domain/job/job.ts';
import { compareBy } from '../../domain/job/order.ts';
import { oncePer } from '../widgets/once-per.ts';
import { isPaged, isSameView, jobsRead, slide } from './paging.ts';
import type { JobsScreen, State } from './state.ts';

/** A row of the table. A job that is gone is shown as last read; no action is possible on it. */
export type JobRow = {
  job: JobView;
  gone: boolean;
  /** Shown only because the cursor is on it. */
  unmatched: boolean;
};

/** The order is kept this long after the last move, and while a dialog is open. */
export const keepOrderMs = 3000;

export const rowsOf = oncePer((jobs: JobsScreen): readonly JobRow[] => {
  const present = knownJobs(jobs);
  const deadlineOf = deadlinesIn(jobs);
  return jobs.order.flatMap((id) => {
    const job = present.get(id) ?? jobs.gone[id];
    if (job === undefined) return [];
    return [{ job, gone: !present.has(id), unmatched: !jobMatches(jobs.filter, job, deadlineOf) }];
  });
});

export function rowOf(jobs: JobsScreen, id: string | null): JobRow | null {
  return id === null ? null : (rowsOf(jobs).find(({ job }) => job.id === id) ?? null);
}

/** New data keeps the rows in place while the order is kept; otherwise sorts them. */
export function arrangeAfterData(state: State, before: JobsScreen): JobsScreen {
  const held =
    state.at < state.jobs.keep_order_until ||
    state.overlay?.type === 'card' ||
    state.range !== null;
  const sorted = matchingIds(state.jobs);
  if (isPaged(state.jobs)) return arrangePage(state.jobs, sorted, before, held);
  if (!held) return remember(withCursorKept(state.jobs, sorted, before), before);
  const known = new Set(before.order);
  const order = [...before.order, ...sorted.filter((id) => !known.has(id))];
  return remember({ ...state.jobs, order, cursor: state.jobs.cursor ?? order[0] ?? null }, before);
}

export function rearrange(jobs: JobsScreen): JobsScreen {
  const order = matchingIds(jobs);
  const cursor =
    jobs.cursor !== null && order.includes(jobs.cursor) ? jobs.cursor : (order[0] ?? null);
  return { ...jobs, order, gone: {}, cursor, top: 0, keep_order_until: 0, goal: null };
}

/** A partial table is in the database's order. The cursor's row stays where it is on the screen. */
function arrangePage(
  jobs: JobsScreen,
  ids: readonly string[],
  before: JobsScreen,
  held: boolean,
): JobsScreen {
  const { page } = jobs.list!;
  const same = before.list !== null && isSameView(before.list, jobs.list!);
  const there = jobs.goal === 'first' ? !page.before : jobs.goal === 'last' && !page.after;
  if (there) {
    const cursor = (jobs.goal === 'first' ? ids[0] : ids.at(-1)) ?? null;
    return { ...jobs, order: ids, gone: {}, cursor, top: 0, goal: null };
  }
  if (!same) return rearrange(jobs);
  const order = held ? slide(before.order, ids) : ids;
  const arranged = remember(withCursorKept(jobs, [...order], before), before);
  const row = before.order.indexOf(jobs.cursor ?? '') - before.top;
  return { ...arranged, top: Math.max(0, arranged.order.indexOf(jobs.cursor ?? '') - row) };
}

function matchingIds(jobs: JobsScreen): string[] {
  const deadlineOf = deadlinesIn(jobs);
  const matching = (jobs.list?.jobs ?? []).filter((job) =>
    jobMatches(jobs.filter, job, deadlineOf),
  );
  const sorted = isPaged(jobs) ? matching : matching.sort(compareBy(jobs.sort));
  return sorted.map((job) => job.id);
}

function deadlinesIn({ list }: JobsScreen): DeadlineOf {
  const { deadlines = {} } = list?.page ?? {};
  return (named) =>
    named in deadlines
      ? deadlines[named]
      : list?.jobs.find(({ id }) => id.startsWith(named))?.sla_deadline_at;
}

function knownJobs(jobs: JobsScreen): Map<string, JobView> {
  return new Map(jobsRead(jobs).map((job) => [job.id, job]));
}

/** The row under the cursor stays in place even if its job is gone or no longer matches. */
function withCursorKept(jobs: JobsScreen, sorted: string[], before: JobsScreen): JobsScreen {
  const { cursor } = jobs;
  if (cursor === null || sorted.length === 0) {
    const order = cursor === null ? sorted : [cursor];
    return { ...jobs, order, cursor: cursor ?? sorted[0] ?? null };
  }
  if (sorted.includes(cursor)) return { ...jobs, order: sorted };
  const index = Math.min(Math.max(0, before.order.indexOf(cursor)), sorted.length);
  return { ...jobs, order: sorted.toSpliced(index, 0, cursor) };
}

/** Keeps the last known data of every shown job that is no longer in the list. */
function remember(jobs: JobsScreen, before: JobsScreen): JobsScreen {
  const present = knownJobs(jobs);
  const known = knownJobs(before);
  const gone: Record<string, JobView> = {};
  for (const id of jobs.order) {
    const last = known.get(id) ?? before.gone[id];
    if (!present.has(id) && last !== undefined) gone[id] = last;
  }
  return { ...jobs, gone, order: jobs.order.filter((id) => present.has(id) || id in gone) };
}
