import {
  countStarts,
  floorTo,
  type Granularity,
  parsePeriod,
  startAfter,
  units,
  type WrittenPeriod,
} from './period.ts';

/** The width of backfill_partitions.partition_key. */
export const maxKeyLength = 255;

/** A range with more partitions is taken for a typing error. */
export const maxPartitions = 10_000_000;

/**
 * backfill_jobs.partition_keys lists at most this many; above it the partition rows are the list.
 */
export const maxListedKeys = 10_000;

/**
 * The key of the partition that contains `at`, in UTC: hour `2024-01-31T05`, day `2024-01-31`, week
 * its Monday's date, month `2024-01`. Text order is time order.
 */
export function keyOf(granularity: Granularity, at: Date): string {
  return nameOf(granularity, floorTo(granularity, at));
}

function nameOf(granularity: Granularity, start: Date): string {
  return start.toISOString().slice(0, keyLengths[granularity]);
}

const keyLengths: Readonly<Record<Granularity, number>> = { hour: 13, day: 10, week: 10, month: 7 };

/** Granularity by shape, for assets without one: a week's key looks like a day's. */
const shapes: readonly (readonly [RegExp, Granularity])[] = [
  [/^\d{4}-\d\d$/, 'month'],
  [/^\d{4}-\d\d-\d\d$/, 'day'],
  [/^\d{4}-\d\d-\d\dT\d\d$/, 'hour'],
];

/**
 * The time of a key, ISO 8601 in UTC: `{start: '2024-03-10T02:00:00Z', end:
 * '2024-03-10T03:00:00Z'}`, the end exclusive. Null if the key does not fit `granularity` (null:
 * the key's own shape). The same as servo_key_start in strategy.sql.
 */
export function periodOfKey(
  key: string,
  granularity: Granularity | null,
): { start: string; end: string } | null {
  const every = granularity ?? shapes.find(([shape]) => shape.test(key))?.[1];
  if (every === undefined) return null;
  const start = parsePeriod(key)?.from;
  if (start === undefined || keyOf(every, start) !== key) return null;
  return { start: instantText(start), end: instantText(startAfter(every, start)) };
}

/** Without milliseconds; years after 9999 as Postgres reads them, not as `+010000`. */
function instantText(at: Date): string {
  return at.toISOString().replace('.000Z', 'Z').replace(/^\+0/, '');
}

export type KeyRange = {
  granularity: Granularity;
  first: string;
  last: string;
  /** Starts of the first and the last partition. */
  from: Date;
  to: Date;
  count: number;
};

/**
 * From the partition that `start` begins in to the one that `end` ends in: `--end 2024-01` includes
 * all of January at any granularity.
 * @returns a sentence for each mistake instead of the range
 */
export function parseRange(
  granularity: Granularity,
  start: string,
  end: string,
): { range: KeyRange } | { problems: string[] } {
  const first = parsePeriod(start);
  const last = parsePeriod(end);
  const problems = [
    ...(first === null ? [`invalid --start "${start}": not a date`] : []),
    ...(last === null ? [`invalid --end "${end}": not a date`] : []),
  ];
  if (first === null || last === null) return { problems };
  const widened = [
    problemOfBound(granularity, first, `"${start}"`, '--start'),
    problemOfBound(granularity, last, `"${end}"`, '--end'),
  ].filter((problem) => problem !== null);
  if (widened.length > 0) return { problems: widened };
  const range = rangeOver(granularity, first.from, last.to);
  if (range.to < range.from) {
    return { problems: [`the range ends (${end}) before it starts (${start})`] };
  }
  const problem = problemOfRange(range);
  return problem === null ? { range } : { problems: [problem] };
}

/**
 * A bound names a partition or a longer time; the partition around a shorter one would run more
 * than was requested.
 */
function problemOfBound(
  granularity: Granularity,
  { from, unit }: WrittenPeriod,
  text: string,
  flag: string,
): string | null {
  const finest = granularity === 'week' ? 'day' : granularity;
  if (units.indexOf(unit) > units.indexOf(finest)) {
    return `invalid ${flag} ${text}: finer than the step of the range, ${article(granularity)}`;
  }
  const start = floorTo(granularity, from);
  // Within a week, or with a zone, a partition may begin earlier.
  if (unit !== finest || start.getTime() === from.getTime()) return null;
  return `invalid ${flag} ${text}: not the start of ${article(granularity)} in UTC, "${nameOf(granularity, start)}" is`;
}

/** Default granularity of a range: a day, or an hour if a bound has hours. */
export function stepOf(...bounds: readonly (string | undefined)[]): Granularity {
  const fine = bounds.some((bound) => {
    const written = parsePeriod(bound ?? '');
    return written !== null && units.indexOf(written.unit) >= units.indexOf('hour');
  });
  return fine ? 'hour' : 'day';
}

export function rangeOver(granularity: Granularity, first: Date, last: Date): KeyRange {
  const from = floorTo(granularity, first);
  const to = floorTo(granularity, last);
  return {
    granularity,
    first: nameOf(granularity, from),
    last: nameOf(granularity, to),
    from,
    to,
    count: countStarts(granularity, from, to),
  };
}

export function problemOfRange({ count }: KeyRange): string | null {
  return count > maxPartitions
    ? `too many partitions for one job: ${count.toLocaleString('en')} (at most ${maxPartitions.toLocaleString('en')})`
    : null;
}

/**
 * What is wrong with a key given by name, or null. A key in the shape of a date must be a date, of
 * the asset's granularity if it has one. With `any`, or without a granularity, other shapes are
 * accepted.
 */
export function problemOfKey(
  key: string,
  granularity: Granularity | null,
  any = false,
): string | null {
  if (key.trim() === '') return 'empty partition key';
  const length = [...key].length;
  if (length > maxKeyLength) {
    return `partition key "${shorten(key)}" is longer than ${maxKeyLength} characters (${length})`;
  }
  if (hasControlCharacters(key))
    return `partition key ${JSON.stringify(key)} contains a control character`;
  if (!looksLikeDate(key)) {
    if (granularity === null || any) return null;
    return `partition key "${shorten(key)}" is not ${article(granularity)}`;
  }
  const period = parsePeriod(key);
  if (period === null) return `partition key "${key}" is not a calendar date`;
  if (granularity === null) return null;
  const proper = keyOf(granularity, period.from);
  return proper === key
    ? null
    : `partition key "${key}" is not ${article(granularity)}: expected "${proper}"`;
}

function looksLikeDate(key: string): boolean {
  return /^\d{4}-\d\d(-\d\d(T\d\d)?)?$/.test(key);
}

/** A first line that is no date above dates only. */
export function isHeader([first, ...others]: readonly string[]): boolean {
  return (
    first !== undefined && !looksLikeDate(first) && others.length > 0 && others.every(looksLikeDate)
  );
}

/**
 * What is wrong with a line that is not a plain key, or null: quoted as a whole, or a date beside a
 * comma. Other keys may contain commas and quotes.
 */
export function problemOfLine(line: string): string | null {
  if (/^"[^"]*"(,"[^"]*")*$/.test(line)) return `line ${shorten(line)} is quoted`;
  const cells = line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  return cells.length > 1 && cells.some(looksLikeDate)
    ? `line "${shorten(line)}" contains a date and other text`
    : null;
}

/**
 * Keys of a partitions file: one a line; blank lines and lines that begin with `#` are skipped.
 * @returns the keys, and a sentence for each duplicate (at most five)
 */
export function parseKeyFile(text: string): { keys: string[]; problems: string[] } {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const seen = new Map<string, number>();
  const problems: string[] = [];
  lines.forEach((line, index) => {
    const key = line.trim();
    if (key === '' || key.startsWith('#')) return;
    const before = seen.get(key);
    if (before === undefined) seen.set(key, index + 1);
    else problems.push(`duplicate key "${shorten(key)}" on lines ${before} and ${index + 1}`);
  });
  return { keys: [...seen.keys()], problems: firstFew(problems) };
}

/** At most five sentences and the number of others. */
export function firstFew(problems: readonly string[]): string[] {
  if (problems.length <= 5) return [...problems];
  return [...problems.slice(0, 5), `and ${problems.length - 5} more like these`];
}

function shorten(key: string): string {
  const characters = [...key];
  return characters.length > 40 ? `${characters.slice(0, 39).join('')}…` : key;
}

function article(granularity: Granularity): string {
  return granularity === 'hour' ? 'an hour' : `a ${granularity}`;
}

function hasControlCharacters(text: string): boolean {
  return /[\u0000-\u001f\u007f-\u009f]/.test(text);
}
