import type { Author, Database } from '../database/database.ts';
import { readClock } from '../database/queries/read-clock.ts';
import { roughDuration } from '../domain/duration.ts';
import type { PlanFile, PlannedJob } from '../domain/plan.ts';
import { messageOf, ServoError } from '../errors.ts';
import type { Outcome } from './act-on-job.ts';
import { runAction } from './run-action.ts';
import { settleJob } from './settle-job.ts';

/**
 * Runs a plan, one job after the other, each compare-and-set on what the plan saw, and tells what became of each. What the plan has done
 * already, in an earlier run, is not done again. When the database goes away the rest is not tried: run it again.
 * @throws ServoError not_allowed (expired, or another tenant's)
 */
export async function* applyPlan(
  db: Database,
  author: Author,
  plan: PlanFile,
): AsyncGenerator<Outcome> {
  await refusePlan(db, author, plan);
  let away: ServoError | null = null;
  for (const job of plan.jobs) {
    if (away !== null) {
      yield failed(job, 'not tried, because the database went away');
      continue;
    }
    try {
      yield await applyTo(db, author, plan, job);
    } catch (error) {
      const lost = error instanceof ServoError && error.code === 'database_unreachable';
      if (lost) away = error;
      yield failed(
        job,
        lost
          ? `no answer: it is not known whether this was done (${error.message})`
          : messageOf(error),
      );
    }
  }
}

async function refusePlan(db: Database, { tenant }: Author, plan: PlanFile): Promise<void> {
  if (plan.tenant_id !== tenant) {
    throw new ServoError(
      'not_allowed',
      `this plan is for tenant ${plan.tenant_id}, not ${tenant}`,
      {
        hint: `apply it with: --tenant ${plan.tenant_id}`,
      },
    );
  }
  const now = await db.read(tenant, readClock);
  if (now <= plan.expires_at) return;
  const ago = roughDuration(now.getTime() - plan.expires_at.getTime());
  throw new ServoError('not_allowed', `this plan has expired ${ago} ago`, {
    hint: 'jobs have changed since: make a new one',
  });
}

async function applyTo(
  db: Database,
  author: Author,
  plan: PlanFile,
  job: PlannedJob,
): Promise<Outcome> {
  const { id, state, version, refusal } = job;
  if (refusal !== null) {
    return { id, result: 'skipped', state, version, message: `as planned: ${refusal}`, hint: null };
  }
  const { priority, sla_deadline_at, execution_strategy } = job;
  const outcome = await runAction(
    db,
    { ...author, reason: plan.reason },
    {
      action: plan.action,
      id,
      seen: { state, version, priority, sla_deadline_at, execution_strategy },
      parameters: plan.parameters,
      plan: { id: plan.id, author: plan.author, created_at: plan.created_at },
    },
  );
  if (outcome.result === 'applied' && outcome.state === 'cancelled') {
    await settleJob(db, author, id);
  }
  return outcome;
}

function failed({ id, state, version }: PlannedJob, message: string): Outcome {
  const hint = 'apply the plan again: what is done is not done twice';
  return { id, result: 'failed', state, version, message, hint };
}
