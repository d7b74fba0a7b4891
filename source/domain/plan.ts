import { type ActionParameters, actionRules, type JobAction } from './action.ts';
import type { Job } from './job.ts';
import { shortId } from './job-reference.ts';

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

/** What the journal's reasons end with, by which a plan that is run again knows what it has done. */
export function planMark(id: string, author: string, step?: string): string {
  const which = step === undefined ? shortId(id) : `${shortId(id)}/${step}`;
  return `(plan ${which} by ${author})`;
}
