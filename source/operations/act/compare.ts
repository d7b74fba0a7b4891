import type { Job } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { type JobSettings, type Settable, settingsMoved } from '../../domain/job/settings.ts';
import { ServoError } from '../../errors.ts';

/** What was seen of a job when an action was decided: the action is done only if it still holds. */
export type JobSeen = Partial<Pick<Job, 'state' | 'version'>> & Partial<Settable>;

export function isUnchanged({ state, version }: Job, seen: JobSeen | undefined): boolean {
  return (seen?.state ?? state) === state && (seen?.version ?? version) === version;
}

/** The caller holds the job's row. @throws ServoError not_allowed if the job is no longer what was seen */
export function requireUnchanged(verb: string, job: Job, seen: JobSeen | undefined): void {
  if (!isUnchanged(job, seen)) throw jobChanged(verb, job);
}

/** A change of settings leaves the version alone, so settings are compared one by one. */
export function requireSettings(job: Job, seen: JobSeen | undefined, wanted: JobSettings): void {
  if (seen?.execution_strategy === undefined) return;
  if (settingsMoved(job, seen as Settable, wanted)) throw jobChanged('set', job);
}

/** The one message for all actions. */
export function jobChanged(verb: string, { id, state, version }: Job): ServoError {
  return new ServoError(
    'not_allowed',
    `cannot ${verb} ${shortId(id)}: the job has changed, it is ${state} now (version ${version})`,
    { hint: 'reload and try again' },
  );
}

/** An idempotency key shows that the same plan has done this before. */
export class AlreadyDone extends ServoError {
  constructor(participle: string, { id }: Job) {
    super('not_allowed', `${shortId(id)} was already ${participle} by this plan`, {
      hint: `see: servo-tui events ${shortId(id)}`,
    });
  }
}
