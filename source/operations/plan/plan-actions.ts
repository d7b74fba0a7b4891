import { randomUUID } from 'node:crypto';
import type { Author, Database } from '../../database/database.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { readJobs } from '../../database/queries/read-job.ts';
import {
  type ActionParameters,
  actionRules,
  type JobAction,
  readParameters,
} from '../../domain/job/action.ts';
import type { JobFilter } from '../../domain/job/filter.ts';
import { type JobView, viewJob } from '../../domain/job/job.ts';
import { mostPlanned, type PlanFile, plannedJob } from '../../domain/plan/plan.ts';
import { type JobThresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { UsageError } from '../../errors.ts';
import { selectJobs } from './select-jobs.ts';

/** Jobs that are read at once. */
const batch = 1000;

/** Several jobs as they were at one moment. */
export type Draft = { id: string; created_at: Date; jobs: JobView[]; truncated: boolean };

/**
 * These jobs, or all that a filter matches, as they are now: their states and versions are frozen. Jobs that are not there are left out.
 * Changes nothing.
 * @throws as selectJobs
 */
export async function draftPlan(
  db: Database,
  tenant: string,
  which: readonly string[] | JobFilter,
  thresholds: JobThresholds = thresholdDefaults,
): Promise<Draft> {
  const selected =
    'terms' in which
      ? await selectJobs(db, tenant, which, { thresholds })
      : { jobs: which.map((id) => ({ id })), truncated: which.length > mostPlanned };
  const ids = [...new Set(selected.jobs.map(({ id }) => id))].slice(0, mostPlanned);
  return db.read(tenant, async (query) => {
    const created_at = await readClock(query);
    const jobs: JobView[] = [];
    for (let from = 0; from < ids.length; from += batch) {
      const some = ids.slice(from, from + batch);
      const found = new Map((await readJobs(query, tenant, some)).map((job) => [job.id, job]));
      for (const id of some) {
        const job = found.get(id);
        if (job !== undefined) jobs.push(viewJob(job, created_at, thresholds));
      }
    }
    return { id: randomUUID(), created_at, jobs, truncated: selected.truncated };
  });
}

export type PlanInput = {
  action: JobAction;
  parameters: ActionParameters;
  filter: JobFilter;
  /** How long the plan may be applied, in milliseconds. */
  lifetime: number;
  /** From how long before its deadline an ETA counts as at risk, for filters that ask. */
  thresholds?: JobThresholds;
};

/**
 * A plan for a second engineer: an action on every job that the filter matches at this moment. A relative deadline becomes the instant that
 * it means now.
 * @throws UsageError with every mistake in filter, parameters and reason
 */
export async function planActions(
  db: Database,
  author: Author,
  input: PlanInput,
): Promise<PlanFile> {
  const { action, filter, lifetime, thresholds } = input;
  const { tenant, actor } = author;
  const reason = author.reason?.trim() || null;
  const now = await db.read(tenant, readClock);
  const { settings, problems } = readParameters(action, input.parameters, now);
  problems.push(...filter.problems.map((message) => ({ message })));
  if (actionRules[action].needs_reason && reason === null) {
    problems.push({ message: `${action} wants a reason`, hint: '--reason "why"' });
  }
  if (problems.length > 0) throw new UsageError(problems);
  const deadline = settings.sla_deadline_at;
  const parameters =
    deadline instanceof Date
      ? { ...input.parameters, deadline: deadline.toISOString() }
      : input.parameters;
  const draft = await draftPlan(db, tenant, filter, thresholds);
  return {
    plan: 1,
    ...draft,
    tenant_id: tenant,
    action,
    jobs: draft.jobs.map((job) => plannedJob(action, job)),
    parameters,
    reason,
    author: actor,
    expires_at: new Date(draft.created_at.getTime() + lifetime),
    filter: filter.text,
  };
}
