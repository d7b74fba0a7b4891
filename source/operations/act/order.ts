import type { ActionParameters, JobAction } from '../../domain/job/action.ts';
import type { ActionResult } from '../../domain/job/detail.ts';
import type { Job } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { noSuchJob } from '../jobs/get-job.ts';
import type { JobSeen } from './compare.ts';

export type Order = {
  action: JobAction;
  id: string;
  seen?: JobSeen;
  parameters?: ActionParameters;
  keys?: readonly string[];
  plan?: PlanOrigin;
};

type PlanOrigin = {
  id: string;
  author: string;
  created_at: Date;
  /** The author comes from a plan file, so it is not authenticated. */
  from_file?: boolean;
  /** Tells several actions of the plan on one job apart. */
  step?: string;
};

export type Outcome = ActionResult & { hint: string | null };

/** `now`: the job after the action; null if it was not read. */
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
