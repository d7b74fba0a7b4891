import { months } from '../text/format.ts';

const hour = 3_600_000;
export const day = 24 * hour;

export type Calendar = {
  cell: string;
  /** Longest time of a cell, in milliseconds. */
  span: number;
  cells: number;
  /** Heading above the strips, as wide as they are. */
  ruler: string;
  strip: (at: Date) => string;
  index: (at: Date) => number;
};

const yearOf = (at: Date) => at.toISOString().slice(0, 4);
const monthOf = (at: Date) => at.toISOString().slice(0, 7);
const dayOf = (at: Date) => at.toISOString().slice(0, 10);
const dayOfYear = (at: Date) =>
  Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / day);

const hoursRuler = marks(
  24,
  [0, 6, 12, 18].map((at) => [at, String(at)]),
);
const daysRuler = marks(
  31,
  [1, 5, 10, 15, 20, 25, 30].map((date) => [date - 1, String(date)]),
);
const weeksRuler = marks(
  53,
  months.map((name, month) => [
    Math.floor(dayOfYear(new Date(Date.UTC(2023, month, 1))) / 7),
    name,
  ]),
);

/** The finest first. */
export const calendars: readonly Calendar[] = [
  {
    cell: '1 hour',
    span: hour,
    cells: 24,
    ruler: hoursRuler,
    strip: dayOf,
    index: (at) => at.getUTCHours(),
  },
  {
    cell: '1 day',
    span: day,
    cells: 31,
    ruler: daysRuler,
    strip: monthOf,
    index: (at) => at.getUTCDate() - 1,
  },
  {
    cell: '1 week',
    span: 7 * day,
    cells: 53,
    ruler: weeksRuler,
    strip: yearOf,
    index: (at) => Math.floor(dayOfYear(at) / 7),
  },
  {
    cell: '1 month',
    span: 31 * day,
    cells: 12,
    ruler: 'JFMAMJJASOND',
    strip: yearOf,
    index: (at) => at.getUTCMonth(),
  },
];

const shapes = [
  { pattern: /^\d{4}-\d\d-\d\dT\d\d$/, suffix: ':00Z', unit: hour },
  { pattern: /^\d{4}-\d\d-\d\d$/, suffix: 'T00:00Z', unit: day },
  { pattern: /^\d{4}-\d\d$/, suffix: '-01T00:00Z', unit: 31 * day },
] as const;

/**
 * Reads keys of one shape (hour, day, month) as times, with their unit in ms; null for other keys.
 */
export function timesOf(keys: readonly string[]): { times: Date[]; unit: number } | null {
  const shape = shapes.find(({ pattern }) => keys.every((key) => pattern.test(key)));
  if (shape === undefined || keys.length === 0) return null;
  const times = keys.map((key) => new Date(key + shape.suffix));
  return times.some((time) => Number.isNaN(time.getTime())) ? null : { times, unit: shape.unit };
}

function marks(width: number, labels: readonly (readonly [number, string])[]): string {
  const row = Array.from({ length: width }, () => ' ');
  for (const [at, label] of labels) {
    if (at + label.length <= width) row.splice(at, label.length, ...label);
  }
  return row.join('');
}
