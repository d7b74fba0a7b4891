import type { Author, Database, Query } from '../../database/database.ts';
import { lockStarts } from '../../database/queries/create-job.ts';
import { lockJob } from '../../database/queries/lock-job.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { readJob } from '../../database/queries/read-job.ts';
import { followInFlight } from '../../database/queries/replace-job.ts';
import {
  hasFailed,
  keysInState,
  partitionStates,
  retryPartitions,
} from '../../database/queries/retry-partitions.ts';
import { wakeExecutors, writeEvent } from '../../database/queries/write-event.ts';
import type { Job, JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { isJobState, isTerminal } from '../../domain/job/state.ts';
import { type JobThresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { ServoError } from '../../errors.ts';
import { createJob } from '../jobs/create-job.ts';
import { noSuchJob } from '../jobs/get-job.ts';
import { viewOneJob } from '../jobs/view-jobs.ts';
import { AlreadyDone, type JobSeen, requireUnchanged } from './compare.ts';
import { followUp } from './follow-up.ts';
import { refuseOverlap } from './overlap.ts';

export type Retried = {
  as_of: Date;
  tenant_id: string;
  id: string;
  created: boolean;
  retried_partitions: number;
  /** At most 1,000. */
  keys: string[];
  job: JobView;
};

type RetryOptions = {
  /** Rows per transaction. It locks the job's row: 10,000 take about 150 ms. */
  batch?: number;
  seen?: JobSeen;
  /** Only partitions that had failed by then. */
  before?: Date;
  /** Of the new job, if one is created. A second retry with the same key is refused. */
  idempotency_key?: string;
  thresholds?: JobThresholds;
};

const maxKeys = 1000;

/**
 * Runs failed partitions again: all, or those named. In an unfinished job in place, with failure
 * counts reset and attempt counts kept; else as a new job with the same strategy, priority and
 * deadline. Journalled with actor and reason.
 * @throws ServoError not_found, or not_allowed if nothing has failed or an unfinished job has one
 * of the keys
 */
export async function retryJob(
  db: Database,
  author: Author,
  id: string,
  partitions: readonly string[] | null = null,
  options: RetryOptions = {},
): Promise<Retried> {
  const named = partitions?.length ? [...new Set(partitions)] : null;
  const seen = await db.read(author.tenant, async (query) => {
    const job = await readJob(query, author.tenant, id);
    if (job === null) throw noSuchJob(id);
    await refuseUnfailed(query, job, named);
    return { job, before: options.before ?? (await readClock(query)) };
  });
  const which = { keys: named, before: seen.before, limit: options.batch ?? 10_000 };
  const inPlace = await retryInPlace(db, author, id, which, options.seen);
  const { retried, keys } = inPlace;
  if (!inPlace.ended)
    return answer(db, author.tenant, { id, in: id, retried, keys, created: false }, options);
  const newJob = await db.write(author, (query) =>
    retryInNewJob(query, author, id, named, options),
  );
  if (newJob === null && retried === 0) throw nothingFailed(seen.job);
  return answer(
    db,
    author.tenant,
    {
      id,
      in: newJob?.id ?? id,
      retried: retried + (newJob?.keys.length ?? 0),
      keys: [...keys, ...(newJob?.keys ?? [])].slice(0, maxKeys),
      created: newJob !== null,
    },
    options,
  );
}

type Which = Parameters<typeof retryPartitions>[3];

const kind = 'retry requested';

/** In batches, because each holds the job's row. `ended`: the rest needs a new job. */
async function retryInPlace(
  db: Database,
  author: Author,
  id: string,
  which: Which,
  seen: JobSeen | undefined,
): Promise<{ retried: number; keys: string[]; ended: boolean }> {
  const keys: string[] = [];
  for (let retried = 0; ; ) {
    const batch = await db.write(author, async (query) => {
      const job = await lockJob(query, author.tenant, id);
      if (job === null) throw noSuchJob(id);
      if (retried === 0) requireUnchanged('retry', job, seen);
      if (isTerminal(job.state)) return null;
      if (!isJobState(job.state)) throw unknownState(job);
      const again = await retryPartitions(query, author.tenant, id, which);
      const begun = again.length === which.limit;
      // Not the plan's mark (`isJournalled`): the plan may be applied again.
      if (begun && retried === 0)
        await writeEvent(
          query,
          { ...author, reason: `${author.reason ?? ''} (begun)`.trim() },
          id,
          kind,
        );
      if (!begun) await writeEvent(query, author, id, kind);
      await wakeExecutors(query, author.tenant);
      return again;
    });
    if (batch === null) return { retried, keys, ended: true };
    retried += batch.length;
    keys.push(...batch.slice(0, maxKeys - keys.length));
    if (batch.length < which.limit) return { retried, keys, ended: false };
  }
}

async function retryInNewJob(
  query: Query,
  author: Author,
  id: string,
  named: readonly string[] | null,
  { seen, idempotency_key }: RetryOptions,
): Promise<{ id: string; keys: string[] } | null> {
  const { tenant } = author;
  const ended = await readJob(query, tenant, id);
  if (ended === null) throw noSuchJob(id);
  requireUnchanged('retry', ended, seen);
  await lockStarts(query, tenant, ended.asset_id);
  const list = await keysInState(query, tenant, id, ['failed'], named);
  if (list.length === 0) return null;
  const key = idempotency_key === undefined ? {} : { idempotency_key };
  const job = followUp(author, ended, list, key);
  await refuseOverlap(query, job, { list });
  const created = await createJob(query, job, { list });
  if (created === null) throw new AlreadyDone('retried', ended);
  await followInFlight(query, tenant, created, id);
  await writeEvent(query, author, id, kind);
  return { id: created, keys: list };
}

async function refuseUnfailed(
  query: Query,
  job: Job,
  named: readonly string[] | null,
): Promise<void> {
  if (named === null) {
    if (!(await hasFailed(query, job.tenant_id, job.id))) throw nothingFailed(job);
    return;
  }
  const found = await partitionStates(query, job.tenant_id, job.id, named);
  const known = new Map(found.map((row) => [row.partition_key, row.state]));
  const unknown = named.filter((key) => !known.has(key));
  const others = found.filter((row) => row.state !== 'failed');
  const sentences = [
    ...unknown.map((key) => `job ${shortId(job.id)} has no partition ${key}`),
    ...others.map((row) => `partition ${row.partition_key} is ${row.state}`),
  ];
  if (sentences.length === 0) return;
  throw new ServoError(unknown.length > 0 ? 'not_found' : 'not_allowed', sentences.join('; '), {
    hint: `only failed partitions can be retried; see: servo-tui status ${shortId(job.id)}`,
  });
}

function nothingFailed(job: Job): ServoError {
  const open = isTerminal(job.state) && job.skipped_partitions > 0;
  return new ServoError(
    'not_allowed',
    `${job.asset_name} ${shortId(job.id)} has no failed partitions (it is ${job.state})`,
    {
      hint: open
        ? `run its skipped partitions: servo-tui recreate ${shortId(job.id)} --reason "why"`
        : `see: servo-tui status ${shortId(job.id)}`,
    },
  );
}

function unknownState(job: Job): ServoError {
  return new ServoError('not_allowed', `${shortId(job.id)} is in the unknown state ${job.state}`, {
    hint: 'update servo-tui on this host',
  });
}

function answer(
  db: Database,
  tenant: string,
  retried: { id: string; in: string; retried: number; keys: string[]; created: boolean },
  { thresholds = thresholdDefaults }: RetryOptions,
): Promise<Retried> {
  return db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const job = await readJob(query, tenant, retried.in);
    if (job === null) throw noSuchJob(retried.in);
    const { id, created, keys } = retried;
    return {
      as_of,
      tenant_id: tenant,
      id,
      created,
      retried_partitions: retried.retried,
      keys,
      job: await viewOneJob(query, tenant, job, as_of, thresholds),
    };
  });
}
