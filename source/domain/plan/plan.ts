import { type ActionParameters, actionRules, type JobAction } from '../job/action.ts';
import type { Job } from '../job/job.ts';
import { shortId } from '../job/reference.ts';

/** A job as it was when it was planned: what an action on it compares with, and why none is possible. */
export type PlannedJob = Pick<
  Job,
  | 'id'
  | 'asset_name'
  | 'state'
  | 'version'
  | 'priority'
  | 'sla_deadline_at'
  | 'execution_strategy'
  | 'total_partitions'
  | 'completed_partitions'
  | 'failed_partitions'
  | 'skipped_partitions'
> & {
  /** Why it will be skipped, as a sentence; null where the action is possible. */
  refusal: string | null;
};

/** One action on a frozen list of jobs. `created_at` is the database's clock. */
export type JobPlan = {
  id: string;
  tenant_id: string;
  action: JobAction;
  created_at: Date;
  jobs: PlannedJob[];
  /** More jobs matched than a plan may hold. */
  truncated: boolean;
};

/** A plan as one engineer writes it and another one checks and runs it. */
export type PlanFile = JobPlan & {
  /** The version of this shape. */
  plan: 1;
  parameters: ActionParameters;
  reason: string | null;
  author: string;
  expires_at: Date;
  /** What selected the jobs. */
  filter: string;
};

/** A job of a plan file, and what the database says of it now. */
export type ReviewedJob = {
  /** As the file has it: what an action compares with. */
  planned: PlannedJob;
  /** As the database has it; null where there is no such job. */
  now: Job | null;
  /** Why nothing will be done to it, as a sentence; null where it will. */
  skipped: string | null;
};

/** A plan may be applied for so long at most, in milliseconds. */
export const longestLifetime = 7 * 86_400_000;

/** More jobs than these are not acted upon in one go. */
export const mostPlanned = 10_000;

export function plannedJob(action: JobAction, job: Job): PlannedJob {
  return {
    id: job.id,
    asset_name: job.asset_name,
    state: job.state,
    version: job.version,
    priority: job.priority,
    sla_deadline_at: job.sla_deadline_at,
    execution_strategy: job.execution_strategy,
    total_partitions: job.total_partitions,
    completed_partitions: job.completed_partitions,
    failed_partitions: job.failed_partitions,
    skipped_partitions: job.skipped_partitions,
    refusal: actionRules[action].refusal(job),
  };
}

/** The jobs of a plan that the action is possible on. */
export function applicable({ jobs }: Pick<JobPlan, 'jobs'>): PlannedJob[] {
  return jobs.filter(({ refusal }) => refusal === null);
}

/** Why a job of a plan file will be left alone, by the job as it is now rather than as the file says. */
export function skippedNow(action: JobAction, planned: PlannedJob, now: Job | null): string | null {
  if (now === null) return 'there is no such job';
  if (planned.refusal !== null) return `as planned: ${planned.refusal}`;
  if (planned.state !== now.state || planned.version !== now.version)
    return `it has changed since it was planned (${planned.state}, version ${planned.version})`;
  return actionRules[action].refusal(now);
}

/**
 * What the journal's reasons end with, by which a plan that is run again knows what it has done. Who wrote a plan file is only
 * known from the file.
 */
export function planMark({
  id,
  author,
  step,
  from_file,
}: {
  id: string;
  author: string;
  step?: string;
  from_file?: boolean;
}): string {
  const which = step === undefined ? shortId(id) : `${shortId(id)}/${step}`;
  return `(plan ${which} ${from_file ? 'from a file that names' : 'by'} ${author})`;
}
