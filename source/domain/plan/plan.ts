import { type ActionParameters, actionRules, type JobAction } from '../job/action.ts';
import type { Job } from '../job/job.ts';
import { shortId } from '../job/reference.ts';

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
  /** Why it will be skipped; null if the action is possible. */
  refusal: string | null;
};

/** One action on a fixed list of jobs. `created_at` is the database's clock. */
export type JobPlan = {
  id: string;
  tenant_id: string;
  action: JobAction;
  created_at: Date;
  jobs: PlannedJob[];
  truncated: boolean;
};

export type PlanFile = JobPlan & {
  plan: 1;
  parameters: ActionParameters;
  reason: string | null;
  author: string;
  expires_at: Date;
  filter: string;
};

export type ReviewedJob = {
  planned: PlannedJob;
  now: Job | null;
  skipped: string | null;
};

/** Longest time that a plan can be applied, in milliseconds. */
export const longestLifetime = 7 * 86_400_000;

/** Most jobs of one action. */
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

export function applicable({ jobs }: Pick<JobPlan, 'jobs'>): PlannedJob[] {
  return jobs.filter(({ refusal }) => refusal === null);
}

/** Why a planned job will be skipped, by its row now; the file is not trusted. */
export function skippedNow(action: JobAction, planned: PlannedJob, now: Job | null): string | null {
  if (now === null) return 'job not found';
  if (planned.refusal !== null) return `as planned: ${planned.refusal}`;
  if (planned.state !== now.state || planned.version !== now.version)
    return `changed since it was planned (${planned.state}, version ${planned.version})`;
  return actionRules[action].refusal(now);
}

/**
 * Ends the journal's reasons, so that a repeated plan knows what it has done. The author of a plan
 * file is known only from the file.
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
