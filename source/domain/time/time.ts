/**
 * Beyond these a time is only told as what it is. They lie 300 years within what a Date can hold, so that a time may be
 * moved by any duration that this program reads and stays one.
 */
const reach = 8.64e15 - 1e13;

/**
 * A time that the database has and a Date cannot hold: `infinity`, `-infinity`, a year after 275,000. To arithmetic and to
 * comparisons it is the last (first) instant within reach; it is written as the database writes it.
 */
export class FarTime extends Date {
  /** As the database writes it, in UTC: `infinity`, `294276-12-31 23:59:59+00`. */
  readonly text: string;

  constructor(text: string) {
    super(text.startsWith('-') ? -reach : reach);
    this.text = text;
  }

  /** `infinity`, `-infinity`, or ISO 8601 with a year of more than four digits and its sign. */
  override toISOString(): string {
    const [, year, rest] = /^(\d+)(-\S+ [\d:.]+)\+00$/.exec(this.text) ?? [];
    return year === undefined ? this.text : `+${year}${rest!.replace(' ', 'T')}Z`;
  }
}

/** What never comes: an ETA that no calendar has. */
export const never = new FarTime('infinity');

/** `at` and so many milliseconds: never an invalid Date, however long that is. */
export function later(at: Date, milliseconds: number): Date {
  const time = at.getTime() + milliseconds;
  if (time < -reach) return new FarTime('-infinity');
  return time <= reach ? new Date(time) : never;
}

/** Whether a time is told by a word rather than by a calendar; also of a copy, which has lost its text. */
export function isFar(at: Date): boolean {
  return Math.abs(at.getTime()) >= reach;
}

/** The word for a time that is far. */
export function farWord(at: Date): string {
  if (at instanceof FarTime && at.text !== 'infinity') return at.text;
  return at.getTime() > 0 ? 'never' : '-infinity';
}

const written =
  /^([+-]?\d{4,})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?)?( BC)?$/;

/**
 * Reads a time as PostgreSQL writes it (DateStyle ISO, alone or within JSON) and as this program does. Without a zone it is UTC.
 * Null for anything else.
 */
export function readTime(text: string): Date | null {
  if (text === 'infinity' || text === '-infinity') return new FarTime(text);
  const parts = written.exec(text);
  if (parts === null) return null;
  const [, year, month, day, hour, minute, second, fraction, sign, hours, minutes, seconds, bc] =
    parts;
  const date = new Date(0);
  date.setUTCFullYear(bc ? 1 - Number(year) : Number(year), Number(month) - 1, Number(day));
  const milliseconds = Math.floor(Number(fraction ?? 0) * 1000 + 1e-6);
  date.setUTCHours(Number(hour), Number(minute), Number(second), milliseconds);
  const offset = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  const time = date.getTime() - (sign === '-' ? -1 : 1) * offset * 1000;
  if (Math.abs(time) < reach) return new Date(time);
  const zone = offset === 0 ? '+00' : `${sign}${hours}:${minutes ?? '00'}`;
  return new FarTime(
    `${Number(year)}-${month}-${day} ${hour}:${minute}:${second}${fraction ?? ''}${zone}`,
  );
}

/** A time as PostgreSQL reads it in any year, in UTC. */
export function writeTime(at: Date): string {
  if (at instanceof FarTime) return at.text;
  const text = at.toISOString();
  if (/^(?!0000)\d/.test(text)) return text;
  const [, sign, year, rest] = /^([+-]?)(\d+)(.*)$/.exec(text)!;
  return sign === '+'
    ? `${Number(year)}${rest}`
    : `${String(Number(year) + 1).padStart(4, '0')}${rest} BC`;
}
