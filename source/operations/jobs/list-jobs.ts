import type { Database, Query } from '../../database/database.ts';
import { readOpenDialogs } from '../../database/queries/dialogs.ts';
import { preferIndexOrder } from '../../database/queries/index-order.ts';
import {
  accessOf,
  endedLately,
  lateAt,
  staleAt,
  troubledAt,
  withoutSlot,
} from '../../database/queries/job-conditions.ts';
import {
  isInScan,
  orderScan,
  type Position,
  urgentScan,
} from '../../database/queries/job-scans.ts';
import {
  countInStates,
  countJobs,
  positionOf,
  reversed,
} from '../../database/queries/list-jobs.ts';
import { assetNames, matchAssets } from '../../database/queries/read-assets.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { readJobs } from '../../database/queries/read-job.ts';
import { isAnythingVisible } from '../../database/queries/read-visibility.ts';
import { alternativeText, type JobFilter } from '../../domain/job/filter.ts';
import type { JobView } from '../../domain/job/job.ts';
import {
  attention,
  byAttention,
  compareAttention,
  compareBy,
  latenessOf,
  type Sort,
  walkedColumns,
} from '../../domain/job/order.ts';
import type { Around, JobPage, Page } from '../../domain/job/page.ts';
import { writeTime } from '../../domain/time/time.ts';
import { slotsIn } from '../../domain/triage/claim-scene.ts';
import { type JobThresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { unknownAsset } from '../start/unknown-asset.ts';
import {
  findMatching,
  findUrgent,
  gather,
  hasMoreOfAssets,
  matches,
  prepareSearch,
  type Search,
  type UrgentJob,
  viewed,
} from './find-jobs.ts';
import { readScene } from './read-scene.ts';
import { viewJobs } from './view-jobs.ts';

export type ListOptions = {
  /** Null or absent: any state. */
  states?: readonly string[] | null;
  /** Only jobs of these assets; `*` at the end of a name matches any ending. */
  assets?: readonly string[] | null;
  filter?: JobFilter;
  /** Default: by attention. */
  sort?: Sort;
  limit: number;
  around?: Around;
  /**
   * Up to this many matching jobs are all returned, whatever the limit, in any order; 0 = read a
   * page along an index. Default: the larger of 1,000 and the limit are sorted in memory and cut to
   * the limit, if no index has the order.
   */
  whole?: number;
  /** Jobs to return in addition, wherever they are in the order. */
  keep?: readonly string[];
  /** Count the matching jobs, up to 100,000. */
  total?: boolean;
  /** Rows of each state to search for conditions that no index covers. */
  budget?: number;
  thresholds?: JobThresholds;
  console_id?: string;
};

/** Jobs of a state are counted up to this number. */
export const countLimit = 1000;
const totalLimit = 100_000;
const defaultBudget = 20_000;
/** Urgent jobs of one kind that are sorted in memory. */
const maxUrgent = 500;
const urgentBudget = 1000;

/**
 * The job table. Default order: jobs that need attention, then unfinished, then recently ended
 * jobs. If few match, all are read and sorted; else a page is read along indexes (`orderScan`).
 * @throws ServoError not_found for an unknown asset (not a pattern)
 */
export function listJobs(db: Database, tenant: string, options: ListOptions): Promise<JobPage> {
  return db.read(tenant, async (query) => {
    // Without a filter the scene is needed: then it is read in the same flight.
    const whole = options.states === undefined && (options.filter?.terms ?? []).length === 0;
    const [, { as_of, dialogs }, counts, scene] = await Promise.all([
      preferIndexOrder(query),
      readOpenDialogs(query, tenant, { console_id: options.console_id }),
      countJobs(query, tenant, countLimit),
      whole ? readScene(query, tenant) : null,
    ]);
    const filter = await filterOf(query, tenant, options);
    const snapshot = {
      as_of,
      states: Object.keys(counts),
      thresholds: options.thresholds ?? thresholdDefaults,
    };
    const search = await prepareSearch(query, tenant, filter, snapshot, scene);
    const { jobs, ...part } = await readPage(query, tenant, search, options, counts);
    const present = new Set(jobs.map(({ id }) => id));
    const missing = (options.keep ?? []).filter((id) => !present.has(id));
    return {
      as_of,
      tenant_id: tenant,
      jobs,
      truncated: part.before || part.after || part.searched !== null,
      counts,
      page: {
        filter: filter.text,
        ...part,
        total: options.total ? await countMatching(query, tenant, search, part.whole, jobs) : null,
        kept: await readViews(query, tenant, search, missing),
        deadlines: search.deadlines,
        problem: search.problem,
        dialogs,
        slots: slotsIn(search.resolved.scene),
        visible: Object.keys(counts).length > 0 || (await isAnythingVisible(query, tenant)),
      },
    };
  });
}

async function filterOf(query: Query, tenant: string, options: ListOptions): Promise<JobFilter> {
  const filter = options.filter ?? { text: '', terms: [], problems: [] };
  const terms = [...filter.terms];
  if (options.states) {
    const any = options.states.map((state) => ({ kind: 'state' as const, beginning: state }));
    terms.push({ negated: false, any });
  }
  if (options.assets?.length) {
    const patterns = options.assets;
    const matched = await matchAssets(query, tenant, patterns);
    const missing = patterns.filter(
      (pattern) => !pattern.endsWith('*') && !matched.some((asset) => asset.name === pattern),
    );
    if (missing.length > 0) {
      const known = await assetNames(query, tenant, 5000);
      throw unknownAsset(missing[0]!, known, alternativeText);
    }
    const ids = matched.map(({ id }) => id);
    terms.push({ negated: false, any: [{ kind: 'asset_id', ids }] });
  }
  return { ...filter, terms };
}

type Part = Pick<Page, 'sort' | 'whole' | 'searched' | 'before' | 'after' | 'late'> & {
  jobs: JobView[];
};

async function readPage(
  query: Query,
  tenant: string,
  search: Search,
  options: ListOptions,
  counts: Readonly<Record<string, number>>,
): Promise<Part> {
  const { sort = byAttention, limit, budget = defaultBudget } = options;
  const indexed = walkedColumns.includes(sort.column);
  const selective = accessOf(search.filter, search.resolved) !== null;
  const whole = options.whole ?? (indexed && !selective ? 0 : Math.max(limit, 1000));
  // If an index finds the filter's jobs they may be few; a scan in order would read all the others.
  const fits = whole > 0 && !(isOfStates(search) && jobsIn(search.states, counts) > whole);
  if ((fits || selective) && !(await hasMoreOfAssets(query, tenant, search, whole))) {
    const { jobs, ended } = await gather(query, tenant, search, whole + 1, budget);
    if (jobs.length <= whole) {
      const most = options.whole ?? limit;
      const given = jobs.sort(compareBy(sort)).slice(0, most);
      const after = jobs.length > most;
      const searched = ended ? null : budget;
      const late = search.filter.terms.length === 0 ? latenessOf(jobs) : null;
      return { sort, whole: !after, searched, before: false, after, jobs: given, late };
    }
  }
  const order = indexed ? sort : byAttention;
  const urgent = order.column === attention ? await readUrgent(query, tenant, search, order) : null;
  const table = tableOf(query, tenant, search, order, urgent ?? [], budget);
  const part = await readAround(table, options.around ?? 'first', limit);
  return {
    sort: order,
    whole: false,
    ...part,
    jobs: await readInFull(query, tenant, search, part.jobs),
    late:
      search.filter.terms.length === 0 && urgent !== null ? latenessOf(urgent, maxUrgent) : null,
  };
}

function isOfStates({ filter }: Search): boolean {
  return filter.terms.every(({ any }) => any.every(({ kind }) => kind === 'state'));
}

/** A lower bound: counts are limited. */
function jobsIn(states: readonly string[], counts: Readonly<Record<string, number>>): number {
  return states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
}

/** A job of the table; an urgent one was read with the columns of its order only. */
type Found = JobView | UrgentJob;

function isInFull(job: Found): job is JobView {
  return 'health' in job;
}

async function readInFull(
  query: Query,
  tenant: string,
  search: Search,
  jobs: readonly Found[],
): Promise<JobView[]> {
  const ids = jobs.flatMap((job) => (isInFull(job) ? [] : [job.id]));
  const full = new Map((await readViews(query, tenant, search, ids)).map((job) => [job.id, job]));
  return jobs.flatMap((job) => (isInFull(job) ? [job] : (full.get(job.id) ?? [])));
}

type Table = {
  /** A job's position now, or when it was last seen; null if it has none in this table. */
  position: (
    around: Exclude<Around, string>,
  ) => Promise<{ position: Position | null; job: JobView | null }>;
  next: (
    after: Position | null,
    limit: number,
    direction: 1 | -1,
  ) => Promise<{ jobs: Found[]; more: boolean; searched: number | null }>;
};

function tableOf(
  query: Query,
  tenant: string,
  search: Search,
  sort: Sort,
  urgent: readonly UrgentJob[],
  budget: number,
): Table {
  const segments = orderScan(sort, search.states);
  const except = urgent.map(({ id }) => id);
  return {
    position: async (around) => {
      const now = await positionOf(query, tenant, around.id);
      const [job] = now === null ? [] : await readViews(query, tenant, search, [around.id]);
      const fits = (position: Position) =>
        except.includes(position.id) || isInScan(segments, position);
      const position =
        [now, positionAsSeen(around)].find((one) => one !== null && fits(one)) ?? null;
      return { position, job: job !== undefined && matches(search, job) ? job : null };
    },
    next: async (after, limit, direction) => {
      const ahead = direction === 1 ? urgent : urgent.toReversed();
      const at = after === null ? -1 : ahead.findIndex(({ id }) => id === after.id);
      const first = (direction === 1) !== sort.descending;
      const read = async (from: Position | null, count: number) => {
        // One more, to know whether there are more.
        const range = {
          segments: direction === 1 ? segments : reversed(segments),
          after: from,
          except,
          limit: count + 1,
          budget,
        };
        const { jobs, ended } = await findMatching(query, tenant, search, range);
        const more = jobs.length > count;
        return { jobs: jobs.slice(0, count), more, searched: ended || more ? null : budget };
      };
      const cut = (jobs: Found[], searched: number | null = null) => ({
        jobs: jobs.slice(0, limit),
        more: jobs.length > limit,
        searched,
      });
      const inUrgent = at >= 0;
      if (inUrgent && !first) return cut(ahead.slice(at + 1));
      if (first && (inUrgent || after === null)) {
        const begun = cut(ahead.slice(at + 1));
        if (begun.more) return begun;
        const rest = await read(null, limit - begun.jobs.length);
        return { ...rest, jobs: [...begun.jobs, ...rest.jobs] };
      }
      const rest = await read(after, limit);
      if (first || rest.more) return rest;
      return cut([...rest.jobs, ...ahead], rest.searched);
    },
  };
}

async function readAround(
  table: Table,
  around: Around,
  limit: number,
): Promise<Pick<Part, 'searched' | 'before' | 'after'> & { jobs: Found[] }> {
  if (around === 'first') {
    const { jobs, more, searched } = await table.next(null, limit, 1);
    return { jobs, before: false, after: more, searched };
  }
  if (around === 'last') {
    const { jobs, more, searched } = await table.next(null, limit, -1);
    return { jobs: jobs.reverse(), before: more, after: false, searched };
  }
  const { position, job } = await table.position(around);
  if (position === null) return readAround(table, 'first', limit);
  const above = await table.next(position, Math.floor(limit / 2), -1);
  const own = job === null ? [] : [job];
  const below = await table.next(position, limit - above.jobs.length - own.length, 1);
  return {
    jobs: [...above.jobs.reverse(), ...own, ...below.jobs],
    before: above.more,
    after: below.more,
    searched: above.searched ?? below.searched,
  };
}

/** The jobs that come first in the order, whatever their state. */
async function readUrgent(
  query: Query,
  tenant: string,
  search: Search,
  { descending }: Sort,
): Promise<UrgentJob[]> {
  const urgent = await findUrgent(query, tenant, search, {
    segments: urgentScan(search.states, {
      late: (value) =>
        `(${lateAt(search.resolved, value)} or ${withoutSlot} or j.failed_partitions > 0)`,
      stale: (value) => staleAt(search.resolved, value),
      troubled: (value) => troubledAt(search.resolved, value),
      ended: (value) => endedLately(search.resolved, value),
    }),
    after: null,
    except: [],
    limit: maxUrgent,
    budget: urgentBudget,
    each: true,
  });
  urgent.sort(compareAttention);
  return descending ? urgent.reverse() : urgent;
}

function positionAsSeen(seen: Exclude<Around, string>): Position {
  return {
    ...seen,
    created_at: writeTime(seen.created_at),
    completed_at: seen.completed_at && writeTime(seen.completed_at),
    sla_deadline_at: seen.sla_deadline_at && writeTime(seen.sla_deadline_at),
  };
}

async function readViews(
  query: Query,
  tenant: string,
  search: Search,
  ids: readonly string[],
): Promise<JobView[]> {
  if (ids.length === 0) return [];
  const jobs = await readJobs(query, tenant, ids);
  return jobs.map((job) => viewed(search, job));
}

/** Null unless an index can count the filter's jobs, or all of them were read. */
async function countMatching(
  query: Query,
  tenant: string,
  search: Search,
  whole: boolean,
  jobs: readonly JobView[],
): Promise<Page['total']> {
  if (whole) return { count: jobs.length, capped: false };
  if (!isOfStates(search)) return null;
  const count = await countInStates(query, tenant, search.states, totalLimit);
  return { count, capped: count >= totalLimit };
}

export function listNamedJobs(
  db: Database,
  tenant: string,
  ids: readonly string[],
  thresholds: JobThresholds = thresholdDefaults,
): Promise<JobView[]> {
  return db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const jobs = await readJobs(query, tenant, [...new Set(ids)]);
    return viewJobs(query, tenant, jobs, as_of, thresholds);
  });
}
