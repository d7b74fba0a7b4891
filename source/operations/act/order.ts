import type { ActionParameters, JobAction } from '../../domain/job/action.ts';
import type { ActionResult } from '../../domain/job/detail.ts';
import type { Job } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { noSuchJob } from '../jobs/get-job.ts';
import type { JobSeen } from './compare.ts';

/** One action on one job, as a command, the console's dialog or a line of a plan asks for it. */
export type Order = {
  action: JobAction;
  id: string;
  /** Do it only if the job is still this. */
  seen?: JobSeen;
  parameters?: ActionParameters;
  /** Of a retry: these partitions only. */
  keys?: readonly string[];
  plan?: PlanOrigin;
};

/** The plan that an order is part of. The journal names it; what it has done is not done again. */
export type PlanOrigin = {
  id: string;
  author: string;
  created_at: Date;
  /** The author is the one that a file names. */
  from_file?: boolean;
  /** Which of several actions of the plan on this job. */
  step?: string;
};

/** A result, with what to do next if there is something. */
export type Outcome = ActionResult & { hint: string | null };

/** Of a job that the action was applied to, as it is now; null: not read. */
export function applied(id: string, now: Pick<Job, 'state' | 'version'> | null): Outcome {
  const { state = null, version = null } = now ?? {};
  return { id, result: 'applied', state, version, message: '', hint: null };
}

export function jobNotFound(id: string): Outcome {
  const { message, hint = null } = noSuchJob(id);
  return { id, result: 'failed', state: null, version: null, message, hint };
}

/** `cannot pause 3f2a9c1e (reason)` */
export function refused(
  verb: string,
  { id, state, version }: Pick<Job, 'id' | 'state' | 'version'>,
  reason: string,
  hint: string,
): Outcome {
  const message = `cannot ${verb} ${shortId(id)} (${reason})`;
  return { id, result: 'skipped', state, version, message, hint };
}

export const noExecutorHint =
  'no executor is running for this tenant. Start one: servo-tui --worker --handlers DIR';
