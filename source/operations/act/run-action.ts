import type { Author, Database } from '../../database/database.ts';
import { endsReason } from '../../database/queries/read-events.ts';
import { readJob } from '../../database/queries/read-job.ts';
import { type ActionParameters, isTransition, type JobAction } from '../../domain/job/action.ts';
import { shortId } from '../../domain/job/reference.ts';
import { describeChanges } from '../../domain/job/settings.ts';
import { planMark } from '../../domain/plan/plan.ts';
import { ServoError } from '../../errors.ts';
import { actOnJob, type Outcome } from './act-on-job.ts';
import { reclaimJob } from './reclaim.ts';
import { recreateJob } from './recreate.ts';
import { retryJob } from './retry.ts';
import { AlreadyDone, type Seen } from './seen.ts';
import { setJob } from './set.ts';

/** Any action on one job, as the console's card and a plan's line have it. */
export type ActionOrder = {
  action: JobAction;
  id: string;
  /** Only if the job is still what was seen. */
  seen?: Seen;
  parameters?: ActionParameters;
  /** Of a retry: these partitions, and not all that have failed. */
  keys?: readonly string[];
  /** The plan that it is a part of: the journal says so, and what the plan has done already is not done again. */
  plan?: {
    id: string;
    author: string;
    created_at: Date;
    /** The author is whom a file names. */
    from_file?: boolean;
    /** Which of several things that the plan does to this job. */
    step?: string;
  };
};

type Run = (db: Database, author: Author, order: ActionOrder) => Promise<Outcome>;

/**
 * Does to one job what the order says, by the operation that the command of that name runs. What is not possible, or no longer, is
 * `skipped`, and an unknown job `failed`: only mistakes in the order, and a lost database, are thrown.
 * @throws UsageError, ServoError database_unreachable
 */
export async function runAction(
  db: Database,
  author: Author,
  order: ActionOrder,
): Promise<Outcome> {
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
    return refused(db, author.tenant, order.id, error);
  }
}

const transition: Run = (db, author, { action, id, seen }) => {
  if (!isTransition(action)) throw new ServoError('internal', `${action} is no transition`);
  return actOnJob(db, author, { action, id, state: seen?.state, version: seen?.version });
};

const runs: Readonly<Record<JobAction, Run>> = {
  pause: transition,
  resume: transition,
  cancel: transition,
  reclaim: (db, author, { id, seen }) => reclaimJob(db, author, id, seen),
  retry: async (db, author, { id, seen, plan, keys: named }) => {
    const options = { seen, before: plan?.created_at, idempotency_key: keyOf(plan, id) };
    const retried = await retryJob(db, author, id, named ?? null, options);
    const { job, created, retried_partitions, keys } = retried;
    const count = retried_partitions === 1 ? '1 partition' : `${retried_partitions} partitions`;
    return {
      ...appliedTo(id, created ? await present(db, author.tenant, id) : job),
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
      changes.length === 0 ? `${name} is so already` : `set ${name}: ${describeChanges(changes)}`;
    return { ...appliedTo(id, job), message };
  },
  recreate: async (db, author, { id, seen, parameters = {}, plan }) => {
    const { deadline, ...rest } = parameters;
    const input = { ...rest, sla_deadline: deadline, seen, idempotency_key: keyOf(plan, id) };
    const { job, replaced } = await recreateJob(db, author, id, input);
    return {
      ...appliedTo(id, replaced),
      message: `${replaced.state} ${shortId(id)}, and started ${job!.asset_name} ${shortId(job!.id)} in its place`,
      new_job_id: job!.id,
    };
  },
};

/** A new job of a plan is made once. */
function keyOf(plan: ActionOrder['plan'], id: string): string | undefined {
  return plan && `plan ${plan.id} ${id}`;
}

function isJournalled(db: Database, tenant: string, id: string, mark: string): Promise<boolean> {
  return db.read(tenant, (query) => endsReason(query, tenant, id, mark));
}

async function doneBefore(db: Database, tenant: string, { id }: ActionOrder): Promise<Outcome> {
  const job = await present(db, tenant, id);
  return {
    ...appliedTo(id, job),
    result: 'skipped',
    message: `${job === null ? 'job' : job.asset_name} ${shortId(id)}: this plan has done it already`,
    already: true,
  };
}

function appliedTo(id: string, now: { state: string; version: number } | null): Outcome {
  const { state = null, version = null } = now ?? {};
  return { id, result: 'applied', state, version, message: '', hint: null };
}

function present(db: Database, tenant: string, id: string) {
  return db.read(tenant, (query) => readJob(query, tenant, id));
}

/** What cannot be done is an answer, with what the job is now. */
async function refused(
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
