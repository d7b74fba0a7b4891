import type { Query } from '../../database/database.ts';
import {
  accessOf,
  conditionsOf,
  type Resolved,
  statesOf,
  type Values,
} from '../../database/queries/job-conditions.ts';
import { gatherScan } from '../../database/queries/job-scans.ts';
import {
  countForAssets,
  type JobSummary,
  positionOf,
  type Scan,
  scanEnded,
  scanJobs,
  scanSummaries,
} from '../../database/queries/list-jobs.ts';
import { tenantAssets } from '../../database/queries/read-assets.ts';
import { readDeadlines } from '../../database/queries/read-job.ts';
import { type JobFilter, jobMatches, namedJobs } from '../../domain/job/filter.ts';
import {
  type Job,
  type JobActivity,
  type JobRank,
  type JobView,
  rankJob,
  viewJob,
} from '../../domain/job/job.ts';
import { isProblem } from '../../domain/job/order.ts';
import { parseJobReference } from '../../domain/job/reference.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { type ClaimScene, emptyScene } from '../../domain/triage/claim-scene.ts';
import { readScene } from './read-scene.ts';

export type Search = {
  filter: JobFilter;
  resolved: Resolved;
  states: readonly string[];
  deadlines: Record<string, Date | null>;
  problem: string | null;
};

/** With more assets than this, words are not matched against asset names. */
const maxAssets = 20_000;

export async function prepareSearch(
  query: Query,
  tenant: string,
  filter: JobFilter,
  snapshot: Pick<Resolved, 'as_of' | 'states' | 'thresholds'>,
  read: ClaimScene | null = null,
): Promise<Search> {
  const conditions = filter.terms.flatMap(({ any }) => any);
  const named = conditions.some(({ kind }) => kind === 'asset' || kind === 'word');
  const assets = named ? await tenantAssets(query, tenant, maxAssets + 1) : [];
  const { deadlines, problem } = await readNamedDeadlines(query, tenant, filter);
  const known = {
    ...snapshot,
    assets: assets.length > maxAssets ? null : assets,
    deadlineOf: (job: string) => deadlines[job],
  };
  const states = statesOf(filter, known);
  const unfinished = states.some((state) => !isTerminal(state));
  const scene = read ?? (unfinished ? await readScene(query, tenant) : emptyScene);
  return { filter, resolved: { ...known, scene }, states, deadlines, problem };
}

async function readNamedDeadlines(query: Query, tenant: string, filter: JobFilter) {
  const deadlines: Record<string, Date | null> = {};
  let problem: string | null = null;
  for (const reference of new Set(namedJobs(filter))) {
    const range = parseJobReference(reference);
    const found = 'problem' in range ? [] : await readDeadlines(query, tenant, range, 2);
    if (found.length === 1) deadlines[reference] = found[0]!.sla_deadline_at;
    if (found.length === 0) problem = `job ${reference} not found`;
    else if (found.length > 1) problem = `job ${reference} is ambiguous`;
    else if (found[0]!.sla_deadline_at === null) problem = `job ${reference} has no deadline`;
  }
  return { deadlines, problem };
}

type ScanRange = Omit<Scan, 'conditions'>;

export type Found = {
  jobs: JobView[];
  /** No further job matches, neither beyond the limit nor beyond the budget. */
  ended: boolean;
};

/** If SQL lets many rows through that do not match, batches grow up to this size. */
const maxPiece = 5000;

/**
 * The next matching jobs of a range, at most `limit`. SQL narrows the rows; the filter itself then
 * checks each job, as it does in the console's memory.
 */
export async function findMatching(
  query: Query,
  tenant: string,
  search: Search,
  range: ScanRange,
): Promise<Found> {
  const conditions = (values: Values) => conditionsOf(search.filter, search.resolved, values);
  const scan: Scan = { ...range, conditions };
  const found = new Map<string, JobView>();
  let { after, limit } = range;
  for (let scanned = 0; range.budget === null || scanned < range.budget; ) {
    const rows = await scanJobs(query, tenant, { ...scan, after, limit });
    scanned += rows.length;
    for (const row of rows) {
      const job = viewed(search, row);
      if (matches(search, job)) found.set(job.id, job);
    }
    if (rows.length < limit || range.each) {
      const ended = await scanEnded(query, tenant, { ...scan, after });
      return {
        jobs: [...found.values()].slice(0, range.each ? undefined : range.limit),
        ended,
      };
    }
    if (found.size >= range.limit) break;
    after = await positionOf(query, tenant, rows.at(-1)!.id);
    limit = Math.min(limit * 4, Math.max(range.limit, maxPiece));
  }
  return { jobs: [...found.values()].slice(0, range.limit), ended: false };
}

/** A job that needs attention, with the columns of its order only. */
export type UrgentJob = JobSummary & JobRank;

/** Matching jobs that need attention, each once. */
export async function findUrgent(
  query: Query,
  tenant: string,
  search: Search,
  range: ScanRange,
): Promise<UrgentJob[]> {
  const conditions = (values: Values) => conditionsOf(search.filter, search.resolved, values);
  const rows = await scanSummaries(query, tenant, { ...range, conditions });
  const { as_of, thresholds, scene } = search.resolved;
  const found = new Map<string, UrgentJob>();
  for (const row of rows) {
    if (found.has(row.id)) continue;
    const urgent = Object.assign(row, rankJob(row, as_of, thresholds, scene));
    if (isProblem(urgent) && matchesSummary(search, row)) found.set(row.id, urgent);
  }
  return [...found.values()];
}

function matchesSummary(search: Search, row: JobSummary): boolean {
  if (search.filter.terms.length === 0) return true;
  return matches(search, viewed(search, { ...emptyColumns, ...row }));
}

const emptyColumns = {
  tenant_id: '',
  idempotency_key: '',
  partition_start: null,
  partition_end: null,
  include_upstream: false,
  error_message: null,
  started_at: null,
  paused_at: null,
  version: 0,
  checkpoint_partition_key: null,
  estimated_completion_at: null,
  parent_job_id: null,
  max_upstream_depth: 0,
  upstream_job_count: 0,
  completed_upstream_jobs: 0,
  execution_order: 0,
  rate_base: null,
  eta_trend: null,
} satisfies Omit<Job & JobActivity, keyof JobSummary>;

export function gather(
  query: Query,
  tenant: string,
  search: Search,
  limit: number,
  budget: number | null,
): Promise<Found> {
  const segments = gatherScan(accessOf(search.filter, search.resolved), search.states);
  return findMatching(query, tenant, search, { segments, after: null, except: [], limit, budget });
}

export function viewed({ resolved }: Search, row: Job & JobActivity): JobView {
  return viewJob(row, resolved.as_of, resolved.thresholds, resolved.scene);
}

/** Whether the filter only names assets, and they have more than `most` jobs. */
export async function hasMoreOfAssets(
  query: Query,
  tenant: string,
  { filter, resolved, states }: Search,
  most: number,
): Promise<boolean> {
  const { asset_ids, ids } = accessOf(filter, resolved) ?? {};
  if (asset_ids === undefined || ids !== undefined || filter.terms.length > 1) return false;
  return (await countForAssets(query, tenant, asset_ids, states, most + 1)) > most;
}

export function matches(search: Search, job: JobView): boolean {
  return jobMatches(search.filter, job, search.resolved.deadlineOf);
}
