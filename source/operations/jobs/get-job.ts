import type { Database, Query } from '../../database/database.ts';
import { readOpenDialogs } from '../../database/queries/dialogs.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { jobEvents } from '../../database/queries/read-events.ts';
import { readJob } from '../../database/queries/read-job.ts';
import {
  executorsOf,
  failedPartitions,
  mapPartitions,
  mapRanges,
  openPartitions,
} from '../../database/queries/read-partitions.ts';
import { partitionStates } from '../../database/queries/retry-partitions.ts';
import { recorded, type Statement, scriptOf } from '../../database/statement-text.ts';
import type { JobDetail, KeyBounds } from '../../domain/job/detail.ts';
import type { JobView } from '../../domain/job/job.ts';
import { viewJob } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { type JobThresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { ServoError } from '../../errors.ts';
import { readInsight } from './read-insight.ts';
import { readScene } from './read-scene.ts';
import { viewOneJob } from './view-jobs.ts';

const limits = { failed: 100, open: 20, events: 50 };

/** One job with its derived figures. @throws ServoError not_found */
export function getJob(
  db: Database,
  tenant: string,
  id: string,
  thresholds: JobThresholds = thresholdDefaults,
): Promise<{ as_of: Date; tenant_id: string; job: JobView }> {
  return db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const job = await readJob(query, tenant, id);
    if (job === null) throw noSuchJob(id);
    return {
      as_of,
      tenant_id: tenant,
      job: await viewOneJob(query, tenant, job, as_of, thresholds),
    };
  });
}

type DetailOptions = {
  buckets: number;
  /** Parts of an earlier map to read again. */
  ranges?: readonly KeyBounds[];
  failed?: number;
  insight?: boolean;
  thresholds?: JobThresholds;
  /** The console that asks: its own dialog is left out. */
  console_id?: string;
};

/** One job with everything that `options` ask for. @throws ServoError not_found */
export function getJobDetail(
  db: Database,
  tenant: string,
  id: string,
  options: DetailOptions,
): Promise<JobDetail> {
  return db.read(tenant, (query) => readDetail(query, tenant, id, options));
}

/** The statements behind a job's detail, as a script for psql. @throws ServoError not_found */
export function getJobSql(
  db: Database,
  tenant: string,
  id: string,
  options: DetailOptions,
): Promise<string> {
  return db.read(tenant, async (query) => {
    const statements: Statement[] = [];
    await readDetail(recorded(query, statements), tenant, id, options);
    return scriptOf(tenant, statements);
  });
}

async function readDetail(
  query: Query,
  tenant: string,
  id: string,
  {
    buckets,
    ranges = [],
    failed = limits.failed,
    insight = false,
    thresholds = thresholdDefaults,
    console_id,
  }: DetailOptions,
): Promise<JobDetail> {
  // One flight: the scene is read for an ended job too, which does not need it.
  const [{ as_of, dialogs }, job, scene, map, changed, failures, open, events, executors] =
    await Promise.all([
      readOpenDialogs(query, tenant, { console_id, jobs: [id] }),
      readJob(query, tenant, id),
      readScene(query, tenant),
      buckets > 0 ? mapPartitions(query, tenant, id, buckets) : [],
      ranges.length > 0 ? mapRanges(query, tenant, id, ranges) : [],
      failed > 0 ? failedPartitions(query, tenant, id, failed) : [],
      openPartitions(query, tenant, id, limits.open),
      jobEvents(query, tenant, id, limits.events),
      executorsOf(query, tenant, id),
    ]);
  if (job === null) throw noSuchJob(id);
  return {
    as_of,
    tenant_id: tenant,
    job: viewJob(job, as_of, thresholds, isTerminal(job.state) ? null : scene),
    map,
    changed,
    insight: insight ? await readInsight(query, job, as_of, thresholds) : null,
    failed: failures,
    open,
    events,
    executors,
    dialogs,
  };
}

export async function countPartitions(
  db: Database,
  tenant: string,
  id: string,
  keys: readonly string[],
): Promise<Record<string, number>> {
  const rows = await db.read(tenant, (query) => partitionStates(query, tenant, id, keys));
  const counts: Record<string, number> = {};
  for (const { state } of rows) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

export function noSuchJob(id: string): ServoError {
  return new ServoError('not_found', `job ${shortId(id)} not found`, {
    hint: 'see: servo-tui list',
  });
}
