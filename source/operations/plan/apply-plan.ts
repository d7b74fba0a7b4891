import type { Author, Database } from '../../database/database.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { readJobs } from '../../database/queries/read-job.ts';
import { actionRules, readParameters } from '../../domain/job/action.ts';
import type { Job } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import {
  longestLifetime,
  mostPlanned,
  type PlanFile,
  type PlannedJob,
  type ReviewedJob,
  skippedNow,
} from '../../domain/plan/plan.ts';
import { roughDuration } from '../../domain/time/duration.ts';
import { messageOf, type Problem, ServoError, UsageError } from '../../errors.ts';
import { actOnJob } from '../act/act-on-job.ts';
import type { Outcome } from '../act/order.ts';

const batch = 1000;

/**
 * Applies a plan job by job, each compare-and-set on what the plan saw, and yields each result.
 * Applying it again skips what is done. If the database goes away, the remaining jobs are not
 * tried.
 * @throws as reviewPlan, before anything is done
 */
export async function* applyPlan(
  db: Database,
  author: Author,
  plan: PlanFile,
  { from_file = true }: { from_file?: boolean } = {},
): AsyncGenerator<Outcome> {
  await reviewPlan(db, author, plan);
  let away: ServoError | null = null;
  for (const job of plan.jobs) {
    if (away !== null) {
      yield failed(job, 'not tried: the database became unreachable');
      continue;
    }
    try {
      yield await applyTo(db, author, plan, job, from_file);
    } catch (error) {
      const lost = error instanceof ServoError && error.code === 'database_unreachable';
      if (lost) away = error;
      yield failed(
        job,
        lost ? `no answer, the action may have been done (${error.message})` : messageOf(error),
      );
    }
  }
}

/**
 * What a plan file would do. Everything in the file is validated again and its jobs are read from
 * the database. Changes nothing.
 * @throws ServoError not_allowed (another tenant, expired, valid for too long, jobs of other assets
 * than named); UsageError with every mistake in action, reason, settings and jobs
 */
export async function reviewPlan(
  db: Database,
  { tenant }: Author,
  plan: PlanFile,
): Promise<ReviewedJob[]> {
  if (plan.tenant_id !== tenant) {
    throw new ServoError(
      'not_allowed',
      `this plan is for tenant ${plan.tenant_id}, not ${tenant}`,
      { hint: `apply it with: --tenant ${plan.tenant_id}` },
    );
  }
  const ids = plan.jobs.map(({ id }) => id);
  return db.read(tenant, async (query) => {
    const now = await readClock(query);
    refuseTimes(plan, now);
    const problems = problemsOf(plan, now);
    if (problems.length > 0) throw new UsageError(problems);
    const found = new Map<string, Job>();
    for (let from = 0; from < ids.length; from += batch) {
      const jobs = await readJobs(query, tenant, ids.slice(from, from + batch));
      for (const job of jobs) found.set(job.id, job);
    }
    const reviewed = plan.jobs.map((planned): ReviewedJob => {
      const job = found.get(planned.id) ?? null;
      return { planned, now: job, skipped: skippedNow(plan.action, planned, job) };
    });
    refuseOtherAssets(reviewed);
    return reviewed;
  });
}

/** The file's own times are not trusted beyond what a plan may have. */
function refuseTimes({ created_at, expires_at }: PlanFile, now: Date): void {
  const hint = 'jobs may have changed since: make a new plan';
  if (now > expires_at) {
    const ago = roughDuration(now.getTime() - expires_at.getTime());
    throw new ServoError('not_allowed', `this plan expired ${ago} ago`, { hint });
  }
  if (created_at > now || expires_at.getTime() - created_at.getTime() > longestLifetime) {
    throw new ServoError(
      'not_allowed',
      `invalid plan times: created ${created_at.toISOString()}, expires ${expires_at.toISOString()}; expected to be created in the past and to expire within 7 days`,
      { hint: 'the file was edited: make a new plan' },
    );
  }
}

function problemsOf(plan: PlanFile, now: Date): Problem[] {
  const { action, parameters, reason, jobs } = plan;
  const { problems } = readParameters(action, parameters, now);
  if (actionRules[action].needs_reason && !reason?.trim())
    problems.push({ message: `${action} requires a reason, and the plan has none` });
  const ids = new Set(jobs.map(({ id }) => id));
  if (ids.size < jobs.length)
    problems.push({
      message: `${jobs.length - ids.size} of the plan's ${jobs.length} jobs are listed more than once`,
    });
  if (jobs.length > mostPlanned)
    problems.push({ message: `the plan has ${jobs.length} jobs; the maximum is ${mostPlanned}` });
  return problems;
}

/** A reviewer approved the asset names, so the ids must belong to them. */
function refuseOtherAssets(reviewed: readonly ReviewedJob[]): void {
  const other = reviewed.filter(
    ({ planned, now }) => now !== null && now.asset_name !== planned.asset_name,
  );
  const [first] = other;
  if (first === undefined) return;
  const more = other.length > 1 ? `, and ${other.length - 1} more` : '';
  throw new ServoError(
    'not_allowed',
    `the plan lists ${shortId(first.planned.id)} as a job of ${first.planned.asset_name}; in the database it is a job of ${first.now!.asset_name}${more}`,
    { hint: 'the file was edited, or belongs to another database: make a new plan' },
  );
}

async function applyTo(
  db: Database,
  author: Author,
  plan: PlanFile,
  job: PlannedJob,
  from_file: boolean,
): Promise<Outcome> {
  const { id, state, version, refusal } = job;
  if (refusal !== null) {
    return { id, result: 'skipped', state, version, message: `as planned: ${refusal}`, hint: null };
  }
  const { priority, sla_deadline_at, execution_strategy } = job;
  return actOnJob(
    db,
    { ...author, reason: plan.reason },
    {
      action: plan.action,
      id,
      seen: { state, version, priority, sla_deadline_at, execution_strategy },
      parameters: plan.parameters,
      plan: {
        id: plan.id,
        author: plan.author,
        created_at: plan.created_at,
        from_file,
      },
    },
  );
}

function failed({ id, state, version }: PlannedJob, message: string): Outcome {
  const hint = 'apply the plan again: finished actions are skipped';
  return { id, result: 'failed', state, version, message, hint };
}
