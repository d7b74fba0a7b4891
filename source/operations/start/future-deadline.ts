import { type Moment, momentAt, problemOfDeadline } from '../../domain/time/deadline.ts';
import { UsageError } from '../../errors.ts';

/** @throws UsageError if the deadline has passed */
export function futureDeadline(moment: Moment, now: Date, flag = 'sla-deadline'): Date {
  const deadline = momentAt(moment, now);
  const problem = problemOfDeadline(deadline, now, flag);
  if (problem === null) return deadline;
  throw new UsageError([problem]);
}
