import type { Author, Database } from '../../database/database.ts';
import { endsReason } from '../../database/queries/read-events.ts';
import { readJob } from '../../database/queries/read-job.ts';
import type { JobAction } from '../../domain/job/action.ts';
import { shortId } from '../../domain/job/reference.ts';
import { describeChanges } from '../../domain/job/settings.ts';
import type { Action } from '../../domain/job/state.ts';
import { planMark } from '../../domain/plan/plan.ts';
import { ServoError } from '../../errors.ts';
import { AlreadyDone } from './compare.ts';
import { finalizeJob } from './finalize.ts';
import { applied, type Order, type Outcome } from './order.ts';
import { reclaimJob } from './reclaim.ts';
import { recreateJob } from './recreate.ts';
import { retryJob } from './retry.ts';
import { setJob } from './set.ts';
import { transition } from './transition.ts';

/**
 * `skipped` if the job's state does not allow it, `failed` for an unknown job. `finalize`: whether
 * to wait for the finalizing of a cancelled job, which takes seconds for a big one. @throws
 * UsageError for mistakes in the order; ServoError database_unreachable
 */
export async function actOnJob(
  db: Database,
  author: Author,
  order: Order,
  finalize: 'wait' | 'background' = 'wait',
): Promise<Outcome> {
  const outcome = await act(db, author, order);
  if (outcome.result === 'applied' && outcome.state === 'cancelled') {
    // If this fails, the next executor finalizes the job.
    const done = finalizeJob(db, author, order.id).catch(() => {});
    if (finalize === 'wait') await done;
  }
  return outcome;
}

async function act(db: Database, author: Author, order: Order): Promise<Outcome> {
  const { plan } = order;
  const mark = plan && planMark(plan);
  if (mark !== undefined && (await isJournalled(db, author.tenant, order.id, mark))) {
    return doneBefore(db, author.tenant, order);
  }
  const reason = mark === undefined ? author.reason : `${author.reason ?? ''} ${mark}`.trim();
  try {
    return await runs[order.action](db, { ...author, reason }, order);
  } catch (error) {
    if (!(error instanceof ServoError)) throw error;
    if (error.code !== 'not_allowed' && error.code !== 'not_found') throw error;
    return refusalOf(db, author.tenant, order.id, error);
  }
}

type Run = (db: Database, author: Author, order: Order) => Promise<Outcome>;

const change =
  (action: Action): Run =>
  (db, author, { id, seen }) =>
    transition(db, author, { action, id, seen });

const runs: Readonly<Record<JobAction, Run>> = {
  pause: change('pause'),
  resume: change('resume'),
  cancel: change('cancel'),
  reclaim: (db, author, { id, seen }) => reclaimJob(db, author, id, seen),
  retry: async (db, author, { id, seen, plan, keys: named }) => {
    const options = { seen, before: plan?.created_at, idempotency_key: keyOf(plan, id) };
    const retried = await retryJob(db, author, id, named ?? null, options);
    const { job, created, retried_partitions, keys } = retried;
    const count = retried_partitions === 1 ? '1 partition' : `${retried_partitions} partitions`;
    return {
      ...applied(id, created ? await present(db, author.tenant, id) : job),
      message: `retrying ${count} ${created ? `as the new job ${shortId(job.id)}` : `of ${job.asset_name} ${shortId(id)}`}`,
      new_job_id: created ? job.id : null,
      retried_partitions,
      retried_keys: keys,
    };
  },
  set: async (db, author, { id, seen, parameters = {} }) => {
    const { changes, job } = await setJob(db, author, id, parameters, seen);
    const name = `${job.asset_name} ${shortId(id)}`;
    const message =
      changes.length === 0
        ? `${name} already has these settings`
        : `set ${name}: ${describeChanges(changes)}`;
    return { ...applied(id, job), message };
  },
  recreate: async (db, author, { id, seen, parameters = {}, plan }) => {
    const { deadline, ...rest } = parameters;
    const input = { ...rest, sla_deadline: deadline, seen, idempotency_key: keyOf(plan, id) };
    const { job, replaced } = await recreateJob(db, author, id, input);
    return {
      ...applied(id, replaced),
      message: `started ${job!.asset_name} ${shortId(job!.id)} in place of ${shortId(id)}, which is ${replaced.state}`,
      new_job_id: job!.id,
    };
  },
};

/** Applying a plan twice creates a new job once. */
function keyOf(plan: Order['plan'], id: string): string | undefined {
  return plan && `plan ${plan.id} ${id}`;
}

function isJournalled(db: Database, tenant: string, id: string, mark: string): Promise<boolean> {
  return db.read(tenant, (query) => endsReason(query, tenant, id, mark));
}

async function doneBefore(db: Database, tenant: string, { id }: Order): Promise<Outcome> {
  const job = await present(db, tenant, id);
  return {
    ...applied(id, job),
    result: 'skipped',
    message: `${job === null ? 'job' : job.asset_name} ${shortId(id)}: already done by this plan`,
    already: true,
  };
}

function present(db: Database, tenant: string, id: string) {
  return db.read(tenant, (query) => readJob(query, tenant, id));
}

/** A refusal is a result, not an error: it carries the job's present state. */
async function refusalOf(
  db: Database,
  tenant: string,
  id: string,
  error: ServoError,
): Promise<Outcome> {
  const job = await present(db, tenant, id);
  const { code, message, hint } = error;
  const result = code === 'not_found' ? 'failed' : 'skipped';
  return {
    id,
    result,
    state: job?.state ?? null,
    version: job?.version ?? null,
    message,
    hint: hint ?? null,
    ...(error instanceof AlreadyDone ? { already: true } : {}),
  };
}
