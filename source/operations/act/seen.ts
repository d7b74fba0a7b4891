import type { Job } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { type JobSettings, type Settable, settingsMoved } from '../../domain/job/settings.ts';
import { ServoError } from '../../errors.ts';

/** What was seen of a job when it was decided upon: an order that carries it is compare-and-set. */
export type Seen = Pick<Job, 'state' | 'version'> & Partial<Settable>;

/** The caller holds the job's row. @throws ServoError not_allowed where it is no longer what was seen */
export function refuseChanged(verb: string, job: Job, seen: Seen | undefined): void {
  if (seen === undefined) return;
  if (seen.state !== job.state || seen.version !== job.version) throw changedMeanwhile(verb, job);
}

/** A change of settings leaves the version alone, so they are compared for themselves. */
export function refuseMoved(job: Job, seen: Seen | undefined, wanted: JobSettings): void {
  if (seen?.execution_strategy === undefined) return;
  if (settingsMoved(job, seen as Settable, wanted)) throw changedMeanwhile('set', job);
}

/** What an idempotency key has prevented: the same plan was there before. */
export class AlreadyDone extends ServoError {
  constructor(participle: string, { id }: Job) {
    super('not_allowed', `${shortId(id)} has been ${participle} by this plan already`, {
      hint: `see: servo-tui events ${shortId(id)}`,
    });
  }
}

export function changedMeanwhile(verb: string, { id, state, version }: Job): ServoError {
  return new ServoError(
    'not_allowed',
    `cannot ${verb} ${shortId(id)} (it changed meanwhile: it is ${state} now, version ${version})`,
    { hint: 'look again, and decide again' },
  );
}
