import type { JobView } from '../../domain/job/job.ts';
import { byAttention, type Sort, walkedColumns } from '../../domain/job/order.ts';
import type { JobPage } from '../../domain/job/page.ts';
import { isTerminal } from '../../domain/job/state.ts';
import type { LoadJobs } from './effects.ts';
import { jobsLayout } from './layout.ts';
import { type JobsScreen, type State, tableLimit } from './state.ts';

/** How often matches are counted when there are more than the table holds. */
const countMs = 10_000;
/** Minimum jobs on either side of the cursor, and the same in screens. */
const leastPage = 200;
const pageScreens = 6;

export function holdsAll({ list }: JobsScreen): boolean {
  return list?.page.whole === true && list.page.filter === '';
}

export function isPaged({ list }: JobsScreen): boolean {
  return list !== null && !list.page.whole;
}

/** A partial table can be sorted only by columns that the database can walk. */
export function possibleSort(jobs: JobsScreen): Sort {
  return isPaged(jobs) && !walkedColumns.includes(jobs.sort.column) ? byAttention : jobs.sort;
}

export function isAnswered(jobs: JobsScreen): boolean {
  const { list, filter, goal } = jobs;
  if (list === null || holdsAll(jobs)) return true;
  if (list.page.filter !== filter.text) return false;
  return list.page.whole || (goal === null && isSame(list.page.sort, possibleSort(jobs)));
}

export function jobsQuestion(state: State): LoadJobs {
  const { jobs } = state;
  if (state.options.follow_all) return everyJob(state);
  const { list, counted } = jobs;
  const filter = list === null || holdsAll(jobs) ? '' : jobs.filter.text;
  const known = counted !== null && counted.filter === filter ? counted : null;
  const recount = known === null || state.at - known.at >= countMs;
  const few = known?.total == null || known.total.count <= tableLimit;
  const same = list !== null && list.page.filter === filter;
  return {
    type: 'load-jobs',
    filter,
    sort: jobs.sort,
    around: same ? (jobs.goal ?? cursorJob(jobs) ?? 'first') : 'first',
    limit: Math.max(leastPage, pageScreens * jobsLayout(state).rows),
    whole: !same || !isPaged(jobs) || (recount && few) ? tableLimit : 0,
    keep: jobs.cursor === null ? [] : [jobs.cursor],
    total: recount,
  };
}

function everyJob({ jobs, overlay }: State): LoadJobs {
  const [limit, sort] = [tableLimit, byAttention];
  const held = [jobs.cursor ?? [], overlay?.type === 'card' ? overlay.job.id : []].flat();
  const unfinished = jobsRead(jobs).filter(({ state }) => !isTerminal(state));
  const keep = [...new Set([...held, ...unfinished.map(({ id }) => id)])].slice(0, 2 * limit);
  const all = { filter: '', sort, around: 'first', limit, whole: limit, total: false } as const;
  return { type: 'load-jobs', ...all, keep };
}

export function jobsRead({ list }: Pick<JobsScreen, 'list'>): readonly JobView[] {
  return [...(list?.jobs ?? []), ...(list?.page.kept ?? [])];
}

export function isNearEdge(state: State): boolean {
  const { jobs } = state;
  if (!isPaged(jobs) || jobs.cursor === null) return false;
  const { before, after } = jobs.list!.page;
  const margin = Math.ceil(1.5 * jobsLayout(state).rows);
  const index = jobs.order.indexOf(jobs.cursor);
  return (before && index < margin) || (after && index >= jobs.order.length - margin);
}

/** The number of the first loaded row, derived from the previous page; null if unknown. */
export function firstOf(page: JobPage, before: JobsScreen): number | null {
  if (page.page.whole || !page.page.before) return 0;
  const total = countedOf(page, before, 0)?.total ?? null;
  if (!page.page.after && total !== null && !total.capped) return total.count - page.jobs.length;
  const old = before.list;
  if (old === null || before.first === null || !isSameView(old, page)) return null;
  const [first] = page.jobs;
  const ahead = old.jobs.findIndex(({ id }) => id === first?.id);
  if (ahead >= 0) return before.first + ahead;
  const behind = page.jobs.findIndex(({ id }) => id === old.jobs[0]?.id);
  return behind >= 0 ? Math.max(1, before.first - behind) : null;
}

/** The number of matches, from this page or the last count; null if the page contradicts it. */
export function countedOf(
  { page }: JobPage,
  { counted }: JobsScreen,
  at: number,
): JobsScreen['counted'] {
  const { filter, total } = page;
  if (total !== null || page.whole) return { at, filter, total };
  const outgrown = counted?.total != null && counted.total.count <= tableLimit;
  return outgrown || counted?.filter !== filter ? null : counted;
}

export function isSameView(one: JobPage, other: JobPage): boolean {
  return (
    one.page.whole === other.page.whole &&
    one.page.filter === other.page.filter &&
    isSame(one.page.sort, other.page.sort)
  );
}

/**
 * The next page's order while the operator moves: shown rows stay in place, new rows follow their
 * predecessor, and rows beyond either end are dropped.
 */
export function slide(shown: readonly string[], next: readonly string[]): string[] {
  const coming = new Set(next);
  const first = shown.findIndex((id) => coming.has(id));
  if (first === -1) return [...next];
  const last = shown.findLastIndex((id) => coming.has(id));
  const stay = shown.slice(first, last + 1);
  const staying = new Set(stay);
  const followers = new Map<string | null, string[]>();
  let leader: string | null = null;
  for (const id of next) {
    if (staying.has(id)) leader = id;
    else followers.set(leader, [...(followers.get(leader) ?? []), id]);
  }
  return [
    ...(followers.get(null) ?? []),
    ...stay.flatMap((id) => [id, ...(followers.get(id) ?? [])]),
  ];
}

function cursorJob({ list, gone, cursor }: JobsScreen) {
  return jobsRead({ list }).find(({ id }) => id === cursor) ?? gone[cursor ?? ''] ?? null;
}

function isSame(one: Sort, other: Sort): boolean {
  return one.column === other.column && one.descending === other.descending;
}
