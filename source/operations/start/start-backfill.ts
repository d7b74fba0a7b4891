import { randomUUID } from 'node:crypto';
import type { Author, Database, Query } from '../../database/database.ts';
import {
  findStart,
  hasKeys,
  type KnownStart,
  type NewJob,
} from '../../database/queries/create-job.ts';
import { assetNames, findAsset } from '../../database/queries/read-assets.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { readHistory } from '../../database/queries/read-history.ts';
import { readJob } from '../../database/queries/read-job.ts';
import { readSnapshot } from '../../database/queries/read-snapshot.ts';
import { effectOfStart, type StartEffect } from '../../domain/advice/start.ts';
import { type Forecast, forecastOf } from '../../domain/forecast/forecast.ts';
import { handledSlots } from '../../domain/forecast/what-if.ts';
import type { JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { readStrategy, writeStrategy } from '../../domain/job/strategy.ts';
import type { Asset } from '../../domain/start/asset.ts';
import {
  type KeySource,
  readStart,
  type StartInput,
  type StartRequest,
} from '../../domain/start/request.ts';
import { countKeys } from '../../domain/start/upstream-keys.ts';
import type { PlanNode } from '../../domain/start/upstream-plan.ts';
import { momentAt } from '../../domain/time/deadline.ts';
import { type JobThresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { ServoError, UsageError } from '../../errors.ts';
import { refuseOverlap } from '../act/overlap.ts';
import { createJob } from '../jobs/create-job.ts';
import { viewOneJob } from '../jobs/view-jobs.ts';
import { lockTree, matchTree, readTree, type TreeNode } from './create-tree.ts';
import { futureDeadline } from './future-deadline.ts';
import { unknownAsset } from './unknown-asset.ts';
import type { UpstreamPlan } from './upstream-plan.ts';
import { virtualJobs } from './virtual-jobs.ts';

export type StartPlan = {
  asset_name: string;
  total_partitions: number;
  first_key: string;
  last_key: string;
  execution_strategy: Record<string, unknown>;
  priority: number;
  sla_deadline_at: Date | null;
  upstreams: UpstreamPlan[];
  /** Null in the preview of a recreated job. */
  forecast: Forecast | null;
  /** When it would be done if started now, and whom that costs; null as `forecast`. */
  effect: StartEffect | null;
};

export type Started = {
  as_of: Date;
  tenant_id: string;
  /** False for a dry run, and if an earlier start had the same idempotency key. */
  created: boolean;
  job: JobView | null;
  plan: StartPlan | null;
};

/**
 * Starts a backfill: the job and all its partitions in one transaction.
 * @throws UsageError with every mistake; ServoError not_found (no such asset) or not_allowed (an
 * unfinished job of the asset has one of the keys; the idempotency key was used for something else)
 */
export async function startBackfill(
  db: Database,
  author: Author,
  input: StartInput,
  thresholds: JobThresholds = thresholdDefaults,
): Promise<Started> {
  const { tenant } = author;
  if (input.dry_run) {
    return db.read(tenant, async (query) => {
      const { now, asset, request, job, keys } = await prepare(query, author, input);
      const known = await findKnown(query, job, keys, input);
      if (known === null) await checkNew(query, request, now, job, keys);
      const tree = await matchTree(query, tenant, await readUpstreams(query, asset, job), keys);
      const plan = planOf(job, keys, tree);
      const told = await readForecast(query, job, plan, now, thresholds);
      return answer(query, tenant, known?.id ?? null, false, { ...plan, ...told }, thresholds);
    });
  }
  return db.write(author, async (query) => {
    const { now, asset, request, job, keys } = await prepare(query, author, input);
    const plan = await readUpstreams(query, asset, job);
    await lockTree(query, tenant, plan);
    const known = await findKnown(query, job, keys, input);
    if (known !== null) return answer(query, tenant, known.id, false, null, thresholds);
    await checkNew(query, request, now, job, keys);
    const id = await createJob(query, job, keys, await matchTree(query, tenant, plan, keys));
    if (id === null) {
      // A start of another asset, which our lock does not stop, has just used the key.
      const other = await findKnown(query, job, keys, input);
      return answer(query, tenant, other!.id, false, null, thresholds);
    }
    return answer(query, tenant, id, true, null, thresholds);
  });
}

type Prepared = { now: Date; asset: Asset; request: StartRequest; job: NewJob; keys: KeySource };

function readUpstreams(query: Query, asset: Asset, job: NewJob): Promise<PlanNode[]> {
  return readTree(query, job.tenant_id, asset, job.include_upstream ? job.max_upstream_depth : -1);
}

/** Validates the input against the database. Every mistake is collected before it fails. */
async function prepare(query: Query, author: Author, input: StartInput): Promise<Prepared> {
  const { tenant } = author;
  const now = await readClock(query);
  const asset = await findAsset(query, tenant, input.asset);
  const { request, problems } = readStart(input, asset?.granularity ?? null);
  const missing =
    asset === null ? unknownAsset(input.asset, await assetNames(query, tenant, 5000)) : null;
  if (missing !== null && problems.length === 0) throw missing;
  if (missing !== null) problems.unshift({ message: missing.message, hint: missing.hint });
  if (request === null || asset === null) throw new UsageError(problems);
  return { now, asset, request, job: newJob(author, asset, request, now), keys: request.keys };
}

function newJob(author: Author, asset: Asset, request: StartRequest, now: Date): NewJob {
  const range = 'range' in request.keys ? request.keys.range : null;
  return {
    tenant_id: author.tenant,
    asset_id: asset.id,
    asset_name: asset.name,
    idempotency_key: request.idempotency_key ?? randomUUID(),
    execution_strategy: writeStrategy({ ...asset.defaults, ...request.strategy }, request.strategy),
    partition_start: range?.first ?? null,
    partition_end: range?.last ?? null,
    total_partitions: countKeys(request.keys),
    created_by: [...author.actor].slice(0, 255).join(''),
    sla_deadline_at: request.deadline && momentAt(request.deadline, now),
    priority: request.priority,
    include_upstream: request.include_upstream,
    max_upstream_depth: request.max_upstream_depth,
    state: 'pending',
    parent_job_id: null,
    execution_order: 0,
  };
}

async function checkNew(
  query: Query,
  request: StartRequest,
  now: Date,
  job: NewJob,
  keys: KeySource,
): Promise<void> {
  if (request.deadline !== null) futureDeadline(request.deadline, now);
  await refuseOverlap(query, job, keys);
}

/** The job of an earlier start with the same idempotency key. @throws not_allowed if it differs */
async function findKnown(
  query: Query,
  job: NewJob,
  keys: KeySource,
  input: StartInput,
): Promise<KnownStart | null> {
  if (input.idempotency_key === undefined) return null;
  const known = await findStart(query, job.tenant_id, job.idempotency_key);
  if (known === null) return null;
  const differing = differences(known, job, input);
  if (!(await hasKeys(query, job.tenant_id, known.id, keys))) differing.push('partitions');
  if (differing.length === 0) return known;
  throw new ServoError(
    'not_allowed',
    `the idempotency key "${job.idempotency_key}" was used for job ${shortId(known.id)}, which differs in ${differing.join(', ')}`,
    { hint: `use another key, or see that job: servo-tui status ${shortId(known.id)}` },
  );
}

function differences(known: KnownStart, job: NewJob, input: StartInput): string[] {
  // "+2h" is another instant each time.
  const relative = input.sla_deadline?.trim().startsWith('+') === true;
  const sameDeadline = relative
    ? known.sla_deadline_at !== null
    : known.sla_deadline_at?.getTime() === job.sla_deadline_at?.getTime();
  return [
    ...(known.asset_id === job.asset_id ? [] : [`asset (${known.asset_name})`]),
    ...(known.priority === job.priority ? [] : [`priority (${known.priority})`]),
    ...(sameDeadline ? [] : [`deadline (${known.sla_deadline_at?.toISOString() ?? 'none'})`]),
    ...(known.include_upstream === job.include_upstream &&
    known.max_upstream_depth === job.max_upstream_depth
      ? []
      : ['upstreams']),
    ...(sameJson(known.execution_strategy, job.execution_strategy) ? [] : ['execution strategy']),
  ];
}

function sameJson(one: Record<string, unknown>, other: Record<string, unknown>): boolean {
  const sorted = (value: Record<string, unknown>) =>
    JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(one) === sorted(other);
}

export function planOf(job: NewJob, keys: KeySource, tree: readonly TreeNode[]): StartPlan {
  const [first, last] = endsOf(keys);
  const names = new Map(tree.map((node) => [node.asset.id, node.asset.name]));
  return {
    asset_name: job.asset_name,
    total_partitions: job.total_partitions,
    first_key: first,
    last_key: last,
    execution_strategy: job.execution_strategy,
    priority: job.priority,
    sla_deadline_at: job.sla_deadline_at,
    forecast: null,
    effect: null,
    upstreams: tree.slice(0, -1).map((node) => {
      const [first_key, last_key] = node.new_keys === null ? [null, null] : endsOf(node.new_keys);
      return {
        asset_name: node.asset.name,
        direct: node.needed_by.includes(job.asset_id),
        needs: node.needs.map((id) => names.get(id)!),
        execution_order: node.execution_order,
        total_partitions: node.new_keys === null ? 0 : countKeys(node.new_keys),
        first_key,
        last_key,
        existing: node.existing.map((one) => one.id),
      };
    }),
  };
}

const pastJobs = 5;

async function readForecast(
  query: Query,
  job: NewJob,
  plan: StartPlan,
  now: Date,
  { early_warning }: JobThresholds,
): Promise<Pick<StartPlan, 'forecast' | 'effect'>> {
  const { tenant_id, asset_id, asset_name } = job;
  const keys = { first: plan.first_key, last: plan.last_key };
  const history = await readHistory(query, tenant_id, asset_id, keys, pastJobs);
  const snapshot = await readSnapshot(query, tenant_id);
  const { max_parallel } = readStrategy(job.execution_strategy);
  const effect = effectOfStart(
    snapshot,
    await virtualJobs(query, job, plan.upstreams, max_parallel),
  );
  const handled = handledSlots(snapshot, asset_name);
  const { finish_at } = effect;
  return {
    effect,
    forecast: forecastOf(job, max_parallel, handled, history, now, early_warning, finish_at),
  };
}

function endsOf(keys: KeySource): [string, string] {
  if ('range' in keys) return [keys.range.first, keys.range.last];
  const sorted = [...keys.list].sort();
  return [sorted[0]!, sorted.at(-1)!];
}

async function answer(
  query: Query,
  tenant: string,
  id: string | null,
  created: boolean,
  plan: StartPlan | null,
  thresholds: JobThresholds,
): Promise<Started> {
  const as_of = await readClock(query);
  const job = id === null ? null : await readJob(query, tenant, id);
  const view = job && (await viewOneJob(query, tenant, job, as_of, thresholds));
  return { as_of, tenant_id: tenant, created, job: view, plan };
}
