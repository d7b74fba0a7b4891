import type { Job } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { type JobSettings, type Settable, settingsMoved } from '../../domain/job/settings.ts';
import { ServoError } from '../../errors.ts';

/** What the user saw of a job. The action is done only if it still holds. */
export type JobSeen = Partial<Pick<Job, 'state' | 'version'>> & Partial<Settable>;

export function isUnchanged({ state, version }: Job, seen: JobSeen | undefined): boolean {
  return (seen?.state ?? state) === state && (seen?.version ?? version) === version;
}

/** The caller holds the job's row. @throws ServoError not_allowed if the job has changed */
export function requireUnchanged(verb: string, job: Job, seen: JobSeen | undefined): void {
  if (!isUnchanged(job, seen)) throw jobChanged(verb, job);
}

/** Settings do not raise the version, so they are compared one by one. */
export function requireSettings(job: Job, seen: JobSeen | undefined, wanted: JobSettings): void {
  if (seen?.execution_strategy === undefined) return;
  if (settingsMoved(job, seen as Settable, wanted)) throw jobChanged('set', job);
}

export function jobChanged(verb: string, { id, state, version }: Job): ServoError {
  return new ServoError(
    'not_allowed',
    `cannot ${verb} ${shortId(id)}: the job has changed, it is ${state} now (version ${version})`,
    { hint: 'reload and try again' },
  );
}

/** An idempotency key shows that this plan has already done it. */
export class AlreadyDone extends ServoError {
  constructor(participle: string, { id }: Job) {
    super('not_allowed', `${shortId(id)} was already ${participle} by this plan`, {
      hint: `see: servo-tui events ${shortId(id)}`,
    });
  }
}
