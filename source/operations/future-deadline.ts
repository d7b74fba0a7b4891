import { type Moment, momentAt } from '../domain/deadline.ts';
import { roughDuration } from '../domain/duration.ts';
import { UsageError } from '../errors.ts';

/** The instant of a deadline that somebody gives now. @throws UsageError where it has passed */
export function futureDeadline(moment: Moment, now: Date, flag = 'sla-deadline'): Date {
  const deadline = momentAt(moment, now);
  if (deadline > now) return deadline;
  const ago = roughDuration(now.getTime() - deadline.getTime());
  throw new UsageError([
    {
      message: `the deadline ${deadline.toISOString()} is in the past (${ago} ago)`,
      hint: `give a later one, as --${flag} +2h`,
    },
  ]);
}
