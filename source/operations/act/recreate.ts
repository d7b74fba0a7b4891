import type { Author, Database, Query } from '../../database/database.ts';
import { lockJob } from '../../database/queries/lock-job.ts';
import { findAssetById } from '../../database/queries/read-assets.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { readJob } from '../../database/queries/read-job.ts';
import {
  followInFlight,
  replaceInTree,
  unfinishedKeys,
} from '../../database/queries/replace-job.ts';
import { setJobState } from '../../database/queries/set-job-state.ts';
import { insertUpstreams, upstreamsOf } from '../../database/queries/upstreams.ts';
import { writeEvent } from '../../database/queries/write-event.ts';
import type { Job } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { isNone } from '../../domain/job/settings-input.ts';
import { canTransition, isTerminal } from '../../domain/job/state.ts';
import { changeStrategy } from '../../domain/job/strategy.ts';
import {
  type OptionsInput,
  readDepth,
  readOptions,
  type UpstreamInput,
} from '../../domain/start/request.ts';
import type { JobThresholds } from '../../domain/triage/thresholds.ts';
import { type Problem, ServoError, UsageError } from '../../errors.ts';
import { createJob } from '../jobs/create-job.ts';
import { noSuchJob } from '../jobs/get-job.ts';
import { viewOneJob } from '../jobs/view-jobs.ts';
import { lockTree, matchTree, readTree } from '../start/create-tree.ts';
import { futureDeadline } from '../start/future-deadline.ts';
import { planOf, type Started } from '../start/start-backfill.ts';
import { AlreadyDone, type JobSeen, requireUnchanged } from './compare.ts';
import { finalizeJob } from './finalize.ts';
import { followUp } from './follow-up.ts';
import { refuseOverlap } from './overlap.ts';
import { repairedUpstreams } from './repaired-upstreams.ts';

/** With the deadline `none` the new job has none. */
type RecreateInput = OptionsInput &
  UpstreamInput & {
    /** Run it although upstreams of the old job did not complete. */
    without_upstream?: boolean;
    dry_run?: boolean;
    seen?: JobSeen;
    /** Recreating again with the same key is refused. */
    idempotency_key?: string;
    thresholds?: JobThresholds;
  };

export type Recreated = Started & {
  replaced: {
    id: string;
    state: string;
    version: number;
    /** Partitions still running there. If they complete, the new job does not run them again. */
    in_flight: number;
  };
};

/**
 * Cancels a job and creates a new one of its unfinished partitions, in one transaction. Options
 * that are not given are those of the old job. Keys that still run in the cancelled job are claimed
 * only after that attempt has ended, and are completed here too if it completes
 * (migrations/functions/adopt.sql). Of an ended job, the skipped partitions are taken. The new job
 * waits for the jobs that now run its upstreams' work; `include_upstream` creates jobs for what is
 * missing.
 * @throws UsageError (no reason, or a mistake in the options); ServoError not_found, or not_allowed
 * if nothing is left to run, or if work of an upstream is neither done nor planned
 */
export async function recreateJob(
  db: Database,
  author: Author,
  id: string,
  input: RecreateInput,
): Promise<Recreated> {
  const { tenant } = author;
  const reason = author.reason?.trim() || null;
  const problems: Problem[] = [];
  const none = isNone(input.sla_deadline);
  const options = readOptions(none ? { ...input, sla_deadline: undefined } : input, problems);
  const depth = readDepth(input, problems);
  if (input.include_upstream && input.without_upstream)
    problems.push({ message: '--include-upstream and --without-upstream are mutually exclusive' });
  if (reason === null)
    problems.push({ message: 'recreate requires a reason', hint: '--reason "why"' });
  if (problems.length > 0) throw new UsageError(problems);
  const transaction = input.dry_run
    ? (work: (query: Query) => Promise<Recreated>) => db.read(tenant, work)
    : (work: (query: Query) => Promise<Recreated>) => db.write({ ...author, reason }, work);
  const recreated = await transaction(async (query) => {
    const now = await readClock(query);
    const known = await readJob(query, tenant, id);
    if (known === null) throw noSuchJob(id);
    const asset = (await findAssetById(query, tenant, known.asset_id)) ?? {
      id: known.asset_id,
      name: known.asset_name,
      granularity: null,
    };
    const levels =
      input.max_upstream_depth === undefined ? Math.max(depth, known.max_upstream_depth) : depth;
    const plan = await readTree(query, tenant, asset, input.include_upstream ? levels : -1);
    if (!input.dry_run) await lockTree(query, tenant, plan);
    const old = input.dry_run ? known : await lockJob(query, tenant, id);
    if (old === null) throw noSuchJob(id);
    requireUnchanged('recreate', old, input.seen);
    const { state, version } = input.dry_run ? old : await cancel(query, old, reason);
    const unfinished = await unfinishedKeys(query, tenant, id, isTerminal(old.state));
    if (unfinished.length === 0) throw nothingLeft(old);
    const list = unfinished.map(({ key }) => key);
    const withoutUpstreams = input.include_upstream || input.without_upstream;
    const upstreams = withoutUpstreams ? [] : await repairedUpstreams(query, old);
    // A job of an external writer, without upstream jobs yet: the claiming executor creates them.
    const upstreamsMissing =
      !withoutUpstreams &&
      old.include_upstream &&
      old.started_at === null &&
      (await upstreamsOf(query, tenant, id)).length === 0;
    const job = followUp(author, old, list, {
      execution_strategy: changeStrategy(old.execution_strategy, options.strategy),
      ...(input.idempotency_key === undefined ? {} : { idempotency_key: input.idempotency_key }),
      sla_deadline_at: options.deadline
        ? futureDeadline(options.deadline, now)
        : none
          ? null
          : old.sla_deadline_at,
      priority: options.priority ?? old.priority,
      include_upstream: upstreamsMissing || (input.include_upstream ?? false),
      max_upstream_depth: upstreamsMissing
        ? old.max_upstream_depth
        : input.include_upstream
          ? levels
          : 0,
      state: upstreams.length > 0 ? 'waiting_upstream' : 'pending',
    });
    const in_flight = unfinished.filter(({ running }) => running).length;
    const answer = { as_of: now, tenant_id: tenant, replaced: { id, state, version, in_flight } };
    if (input.dry_run) {
      const tree = await matchTree(query, tenant, plan, { list }, known.created_at);
      return { ...answer, created: false, job: null, plan: planOf(job, { list }, tree) };
    }
    await refuseOverlap(query, job, { list });
    const tree = await matchTree(query, tenant, plan, { list }, known.created_at);
    const created = await createJob(query, job, { list }, tree);
    if (created === null) throw new AlreadyDone('recreated', old);
    if (upstreams.length > 0) await insertUpstreams(query, tenant, created, upstreams);
    await replaceInTree(query, tenant, id, created);
    await followInFlight(query, tenant, created, id);
    // An ended job does not change its state, so this event is the only record.
    if (isTerminal(old.state))
      await writeEvent(query, { ...author, reason }, id, 'recreate requested');
    const row = (await readJob(query, tenant, created))!;
    const view = await viewOneJob(query, tenant, row, now, input.thresholds);
    return { ...answer, created: true, job: view, plan: null };
  });
  if (recreated.created) await finalizeJob(db, author, id).catch(() => {});
  return recreated;
}

/** The row is locked, so its state is the one that was read. */
async function cancel(
  query: Query,
  job: Job,
  reason: string | null,
): Promise<{ state: string; version: number }> {
  if (isTerminal(job.state)) return job;
  if (!canTransition(job.state, 'cancelled')) {
    throw new ServoError('not_allowed', `cannot recreate ${shortId(job.id)} (it is ${job.state})`, {
      hint: 'update servo-tui on this host: this version does not know that state',
    });
  }
  return (await setJobState(query, job.tenant_id, 'cancel', job, reason))!;
}

function nothingLeft(job: Job): ServoError {
  const failed = job.failed_partitions > 0;
  return new ServoError(
    'not_allowed',
    `${job.asset_name} ${shortId(job.id)} has no unfinished partitions (it is ${job.state})`,
    {
      hint: failed
        ? `retry the failed partitions: servo-tui retry ${shortId(job.id)}`
        : `start a new job: servo-tui start ${job.asset_name} …`,
    },
  );
}
