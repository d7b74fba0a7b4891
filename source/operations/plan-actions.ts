import { randomUUID } from 'node:crypto';
import type { Author, Database, Query } from '../database/database.ts';
import { readClock } from '../database/queries/read-clock.ts';
import { readJobs } from '../database/queries/read-job.ts';
import {
  type ActionParameters,
  actionRules,
  type JobAction,
  readParameters,
} from '../domain/action.ts';
import type { JobFilter } from '../domain/job-filter.ts';
import { type JobPlan, mostPlanned, type PlanFile, plannedJob } from '../domain/plan.ts';
import { UsageError } from '../errors.ts';
import { selectJobs } from './select-jobs.ts';

/** Jobs that are read at once. */
const batch = 1000;

/**
 * What an action would do to each of these jobs as they are now: their states and versions are frozen, and what it is not possible on is
 * named with why. Jobs that are not there are left out. Changes nothing.
 */
export function planJobs(
  db: Database,
  tenant: string,
  action: JobAction,
  ids: readonly string[],
): Promise<JobPlan> {
  return db.read(tenant, (query) => planOf(query, tenant, action, ids));
}

async function planOf(
  query: Query,
  tenant: string,
  action: JobAction,
  ids: readonly string[],
): Promise<JobPlan> {
  const created_at = await readClock(query);
  const wanted = [...new Set(ids)];
  const jobs: JobPlan['jobs'] = [];
  for (let from = 0; from < Math.min(wanted.length, mostPlanned); from += batch) {
    const some = wanted.slice(from, Math.min(from + batch, mostPlanned));
    const found = new Map((await readJobs(query, tenant, some)).map((job) => [job.id, job]));
    for (const id of some) {
      const job = found.get(id);
      if (job !== undefined) jobs.push(plannedJob(action, job));
    }
  }
  const truncated = wanted.length > mostPlanned;
  return { id: randomUUID(), tenant_id: tenant, action, created_at, jobs, truncated };
}

export type PlanInput = {
  action: JobAction;
  parameters: ActionParameters;
  filter: JobFilter;
  /** How long the plan may be applied, in milliseconds. */
  lifetime: number;
  /** From how long before its deadline an ETA counts as at risk, for filters that ask. */
  early_warning_ms?: number;
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
  const { action, filter, lifetime, early_warning_ms } = input;
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
  const { jobs, truncated } = await selectJobs(db, tenant, filter, { early_warning_ms });
  const ids = jobs.map(({ id }) => id);
  const planned = { ...(await planJobs(db, tenant, action, ids)), truncated };
  return {
    plan: 1,
    ...planned,
    parameters,
    reason,
    author: actor,
    expires_at: new Date(planned.created_at.getTime() + lifetime),
    filter: filter.text,
  };
}
