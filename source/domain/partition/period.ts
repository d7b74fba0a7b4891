import { UTCDateMini } from '@date-fns/utc/date/mini';
import { addDays } from 'date-fns/addDays';
import { addHours } from 'date-fns/addHours';
import { addMonths } from 'date-fns/addMonths';
import { addWeeks } from 'date-fns/addWeeks';
import { differenceInCalendarDays } from 'date-fns/differenceInCalendarDays';
import { differenceInCalendarISOWeeks } from 'date-fns/differenceInCalendarISOWeeks';
import { differenceInCalendarMonths } from 'date-fns/differenceInCalendarMonths';
import { differenceInHours } from 'date-fns/differenceInHours';
import { endOfDay } from 'date-fns/endOfDay';
import { endOfHour } from 'date-fns/endOfHour';
import { endOfMinute } from 'date-fns/endOfMinute';
import { endOfMonth } from 'date-fns/endOfMonth';
import { endOfSecond } from 'date-fns/endOfSecond';
import { endOfYear } from 'date-fns/endOfYear';
import { startOfDay } from 'date-fns/startOfDay';
import { startOfHour } from 'date-fns/startOfHour';
import { startOfISOWeek } from 'date-fns/startOfISOWeek';
import { startOfMonth } from 'date-fns/startOfMonth';

/** Width of a time partition. Days begin at 00:00 UTC, weeks on Monday. */
export const granularities = ['hour', 'day', 'week', 'month'] as const;
export type Granularity = (typeof granularities)[number];

export function isGranularity(word: unknown): word is Granularity {
  return granularities.includes(word as Granularity);
}

/** Both ends included, in whole milliseconds. */
type Period = { from: Date; to: Date };

/** Precision of a written time; a fraction counts as a second. */
export const units = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;
export type Unit = (typeof units)[number];
export type WrittenPeriod = Period & { unit: Unit };

const pattern =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?)?)?$/;

/**
 * Reads an ISO 8601 date or time at the precision it has: `2024` is the year, `2024-01-31T05` the
 * hour. Without a zone it is UTC. Null for anything else, and for `2024-02-30`.
 */
export function parsePeriod(text: string): WrittenPeriod | null {
  const match = pattern.exec(text.trim());
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const written = [year, month, day, hour, minute, second, fraction?.padEnd(3, '0')].map((part) =>
    part === undefined ? undefined : Number(part),
  );
  const start = dateOf(written);
  if (start === null) return null;
  const finest = written.findLastIndex((part) => part !== undefined);
  const offset = zone === undefined || zone === 'Z' ? 0 : offsetMinutes(zone);
  if (offset === null) return null;
  const shift = offset * 60_000;
  const from = start.getTime() - shift;
  const to = finest === 6 ? from : endOf(start, finest) - shift;
  return { from: new Date(from), to: new Date(to), unit: units[Math.min(finest, 5)]! };
}

export function floorTo(granularity: Granularity, at: Date): Date {
  return plain(calendar[granularity].start(at, inUtc));
}

export function startAfter(granularity: Granularity, start: Date): Date {
  return plain(calendar[granularity].add(start, 1, inUtc));
}

/** Starts of an hour, day, week or month from `first` to `last`, themselves starts. */
export function countStarts(granularity: Granularity, first: Date, last: Date): number {
  return calendar[granularity].between(last, first, inUtc) + 1;
}

/** The other UTC date of the library builds formats when it loads: 12 ms of every start. */
const inUtc = { in: (value: Date | number | string) => new UTCDateMini(+new Date(value)) };

const calendar = {
  hour: { start: startOfHour, add: addHours, between: differenceInHours },
  day: { start: startOfDay, add: addDays, between: differenceInCalendarDays },
  week: { start: startOfISOWeek, add: addWeeks, between: differenceInCalendarISOWeeks },
  month: { start: startOfMonth, add: addMonths, between: differenceInCalendarMonths },
} as const;

/** A UTCDate prints in UTC; callers get a plain Date. */
function plain(date: Date): Date {
  return new Date(date.getTime());
}

/** Year, month (1..12), day, hour, minute, second, millisecond; null if one is out of range. */
function dateOf(parts: (number | undefined)[]): Date | null {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, ms = 0] = parts;
  const date = new Date(0);
  // Date.UTC maps the years 0 to 99 to 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, ms);
  const kept =
    year > 0 &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  return kept ? date : null;
}

/** The last millisecond of the unit (0 = year … 5 = second) that begins at `start`. */
function endOf(start: Date, finest: number): number {
  return ends[finest]!(start, inUtc).getTime();
}

const ends = [endOfYear, endOfMonth, endOfDay, endOfHour, endOfMinute, endOfSecond] as const;

function offsetMinutes(zone: string): number | null {
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || 0);
  if (hours > 14 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
