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
import type { JobView } from '../../domain/job/job.ts';
import { mostPlanned, type PlanFile, plannedJob } from '../../domain/plan/plan.ts';
import { type JobThresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { UsageError } from '../../errors.ts';
import { viewJobs } from '../jobs/view-jobs.ts';
import { selectJobs } from './select-jobs.ts';

const batch = 1000;

type Draft = { id: string; created_at: Date; jobs: JobView[]; truncated: boolean };

/**
 * Freezes states and versions of these jobs, or of all that a filter matches. Jobs that do not
 * exist are left out. Changes nothing.
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
      const rows = await readJobs(query, tenant, some);
      const views = await viewJobs(query, tenant, rows, created_at, thresholds);
      const found = new Map(views.map((job) => [job.id, job]));
      jobs.push(...some.flatMap((id) => found.get(id) ?? []));
    }
    return { id: randomUUID(), created_at, jobs, truncated: selected.truncated };
  });
}

type PlanInput = {
  action: JobAction;
  parameters: ActionParameters;
  filter: JobFilter;
  /** How long the plan may be applied, in milliseconds. */
  lifetime: number;
  thresholds?: JobThresholds;
};

/**
 * A plan for a second engineer to apply: one action on every job that the filter matches now. A
 * relative deadline becomes an absolute one.
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
    problems.push({ message: `${action} requires a reason`, hint: '--reason "why"' });
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
