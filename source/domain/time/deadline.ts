import type { Problem } from '../../errors.ts';
import { parsePeriod } from '../partition/period.ts';
import { parseDuration, roughDuration } from './duration.ts';
import { later } from './time.ts';

/** A time as given: absolute, or milliseconds from now. */
export type Moment = { at: Date } | { after_ms: number };

/**
 * Reads `2024-01-17T00:00:00Z`, `2024-01-17` (its first instant; without a zone UTC) or `+2h`. Null
 * for anything else.
 */
export function parseMoment(text: string): Moment | null {
  const trimmed = text.trim();
  if (trimmed.startsWith('+')) {
    const after = parseDuration(trimmed.slice(1));
    return after === null ? null : { after_ms: after };
  }
  const period = parsePeriod(trimmed);
  return period === null ? null : { at: period.from };
}

/** @param now the database's clock, never this machine's */
export function momentAt(moment: Moment, now: Date): Date {
  return 'at' in moment ? moment.at : later(now, moment.after_ms);
}

/** A new deadline must be after `now`. */
export function problemOfDeadline(deadline: Date, now: Date, flag: string): Problem | null {
  if (deadline > now) return null;
  const ago = roughDuration(now.getTime() - deadline.getTime());
  return {
    message: `the deadline ${deadline.toISOString()} is in the past (${ago} ago)`,
    hint: `use a later one, e.g. --${flag} +2h`,
  };
}
