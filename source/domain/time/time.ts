/**
 * Largest absolute time: 300 years within a Date's range, so that adding any duration that this
 * program reads is valid.
 */
const reach = 8.64e15 - 1e13;

/**
 * A time of the database that a Date cannot hold: `infinity`, `-infinity`, a year after 275,000.
 * Arithmetic and comparisons see the last (first) instant in reach; it is written as the database
 * writes it.
 */
export class FarTime extends Date {
  /** In UTC: `infinity`, `294276-12-31 23:59:59+00`. */
  readonly text: string;

  constructor(text: string) {
    super(text.startsWith('-') ? -reach : reach);
    this.text = text;
  }

  /** `infinity`, `-infinity`, or ISO 8601 with a signed year of more than four digits. */
  override toISOString(): string {
    const [, year, rest] = /^(\d+)(-\S+ [\d:.]+)\+00$/.exec(this.text) ?? [];
    return year === undefined ? this.text : `+${year}${rest!.replace(' ', 'T')}Z`;
  }
}

export const never = new FarTime('infinity');

/** `at` plus milliseconds: never an invalid Date. */
export function later(at: Date, milliseconds: number): Date {
  const time = at.getTime() + milliseconds;
  if (time < -reach) return new FarTime('-infinity');
  return time <= reach ? new Date(time) : never;
}

/** Whether a time is shown as a word. True for a copy too, which has lost its text. */
export function isFar(at: Date): boolean {
  return Math.abs(at.getTime()) >= reach;
}

export function farWord(at: Date): string {
  if (at instanceof FarTime && at.text !== 'infinity') return at.text;
  return at.getTime() > 0 ? 'never' : '-infinity';
}

const written =
  /^([+-]?\d{4,})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?)?( BC)?$/;

/**
 * Reads a time as PostgreSQL writes it (DateStyle ISO, alone or in JSON) and as this program does.
 * Without a zone it is UTC. Null for anything else.
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
