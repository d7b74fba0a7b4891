import type { PartitionBucket } from '../../domain/job/detail.ts';
import { fitted } from '../text/fitted.ts';
import { safeText } from '../text/safe-text.ts';
import type { Cell } from '../text/tone.ts';
import { widthOf } from '../text/width.ts';
import { type Calendar, calendars, day, timesOf } from './calendars.ts';
import {
  addCounts,
  type CellKind,
  cellKinds,
  kindOf,
  noCounts,
  type PartitionCounts,
  partitionCell,
} from './cell.ts';
import { weekdayBands, weekdays } from './weekday-calendar.ts';

export type PartitionMap = { lines: Cell[][]; legend: Cell[] };

type Size = { width: number; height: number };
type Strip = { label: string; cells: PartitionCounts[] };

/**
 * Time keys as a calendar, as fine as fits; other keys as blocks, each row starting with its first
 * key.
 */
export function partitionMap(buckets: readonly PartitionBucket[], size: Size): PartitionMap {
  if (buckets.length === 0 || size.width < 8 || size.height < 1) return { lines: [], legend: [] };
  return calendarMap(buckets, size) ?? blockMap(buckets, size);
}

function calendarMap(buckets: readonly PartitionBucket[], size: Size): PartitionMap | null {
  const first = timesOf(buckets.map((bucket) => bucket.first_key));
  const last = timesOf(buckets.map((bucket) => bucket.last_key));
  if (first === null || last === null) return null;
  const span = neededSpan(first.times, last.times, first.unit);
  const weekdays =
    first.unit === day && span <= day ? weekdayMap(buckets, first.times, size) : null;
  if (weekdays !== null) return weekdays;
  for (const calendar of calendars.filter((calendar) => calendar.span >= span)) {
    const strips = stripsOf(calendar, first.times, buckets);
    const lines = flow(calendar, strips, size);
    if (lines !== null) return { lines, legend: legend(strips, calendar.cell) };
  }
  return null;
}

/** Months across, weekdays down; null if it does not fit or the days are too sparse. */
function weekdayMap(
  buckets: readonly PartitionBucket[],
  times: readonly Date[],
  { width, height }: Size,
): PartitionMap | null {
  const counts = new Map(buckets.map((bucket, at) => [times[at]!.getTime() / day, bucket]));
  const labelWidth = 5;
  const most = Math.floor(height / (weekdays.length + 1)) * (width - labelWidth) * weekdays.length;
  const first = times[0]!.getTime();
  const last = times.at(-1)!.getTime();
  // Checked before the layout: one key in a wrong century would make a million days.
  if (Math.abs(last - first) / day > most) return null;
  for (const apart of [true, false]) {
    const bands = weekdayBands(counts, width - labelWidth, apart);
    if (bands === null || bands.length * (weekdays.length + 1) > height) continue;
    const lines = bands.flatMap(({ year, ruler, rows }): Cell[][] => [
      [{ text: `${year.padEnd(labelWidth)}${ruler}`, tone: 'dim' }],
      ...rows.map((row, index): Cell[] => [
        { text: ` ${weekdays[index]}  `, tone: 'dim' },
        ...drawn(row),
      ]),
    ]);
    return { lines, legend: legend([{ label: '', cells: [...counts.values()] }], '1 day') };
  }
  return null;
}

/** A cell finer than a bucket or than the step of the keys would leave holes. */
function neededSpan(first: readonly Date[], last: readonly Date[], unit: number): number {
  const widest = first.reduce(
    (span, from, index) => Math.max(span, last[index]!.getTime() - from.getTime() + unit),
    0,
  );
  const steps = first.slice(1).map((from, index) => from.getTime() - first[index]!.getTime());
  return steps.length === 0 ? widest : Math.max(widest, Math.min(...steps));
}

function stripsOf(
  calendar: Calendar,
  times: readonly Date[],
  buckets: readonly PartitionBucket[],
): Strip[] {
  const strips = new Map<string, Strip>();
  buckets.forEach((bucket, at) => {
    const label = calendar.strip(times[at]!);
    const strip = strips.get(label) ?? { label, cells: emptyCells(calendar.cells) };
    const index = calendar.index(times[at]!);
    strip.cells[index] = addCounts(strip.cells[index] ?? noCounts, bucket);
    strips.set(label, strip);
  });
  return [...strips.values()];
}

/** Strips in columns, filled downwards; null if they do not fit. */
function flow(calendar: Calendar, strips: readonly Strip[], size: Size): Cell[][] | null {
  const labelWidth = widthOf(strips[0]!.label) + 1;
  const stripWidth = labelWidth + calendar.cells;
  const across = Math.floor((size.width + 1) / (stripWidth + 1));
  if (across < 1) return null;
  const rows = Math.ceil(strips.length / across);
  if (rows > size.height) return null;
  const columns = Math.ceil(strips.length / rows);
  const gap = ' '.repeat(columns * (stripWidth + 2) - 2 <= size.width ? 2 : 1);
  const body = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => strips[column * rows + row])
      .filter((strip) => strip !== undefined)
      .flatMap((strip, column) => [
        { text: `${column > 0 ? gap : ''}${strip.label} `, tone: 'dim' } as const,
        ...drawn(strip.cells),
      ]),
  );
  if (rows + 1 > size.height) return body;
  const ruler = ' '.repeat(labelWidth) + calendar.ruler;
  const heading = Array.from({ length: columns }, () => ruler).join(gap);
  return [[{ text: heading, tone: 'dim' }], ...body];
}

function blockMap(buckets: readonly PartitionBucket[], { width, height }: Size): PartitionMap {
  const labelWidth = Math.min(
    Math.floor(width / 3),
    24,
    Math.max(...buckets.map(({ first_key }) => widthOf(safeText(first_key, { cap: 64 })))),
  );
  const across = width - labelWidth - 1;
  const per = Math.ceil(buckets.length / (across * height));
  const cells = chunks(buckets, per).map((group) => ({
    label: group[0]!.first_key,
    counts: group.reduce<PartitionCounts>(addCounts, noCounts),
  }));
  const strips = chunks(cells, across).map((row) => ({
    label: fitted(safeText(row[0]!.label, { cap: 64 }), labelWidth),
    cells: row.map(({ counts }) => counts),
  }));
  const partitions = Math.max(...cells.map(({ counts }) => sum(counts)));
  const cell = partitions === 1 ? '1 partition' : `${partitions} partitions`;
  return {
    lines: strips.map((strip) => [{ text: `${strip.label} `, tone: 'dim' }, ...drawn(strip.cells)]),
    legend: legend(strips, cell),
  };
}

function drawn(cells: readonly PartitionCounts[]): Cell[] {
  const runs: Cell[] = [];
  for (const counts of cells) {
    const next = partitionCell(counts);
    const run = runs.at(-1);
    if (run?.tone === next.tone) run.text += next.text;
    else runs.push({ ...next });
  }
  return runs;
}

function legend(strips: readonly Strip[], cell: string): Cell[] {
  const present = new Set(strips.flatMap((strip) => strip.cells.map(kindOf)));
  const shown = (Object.keys(cellKinds) as CellKind[]).filter((kind) => present.has(kind));
  return [
    ...shown.flatMap((kind): Cell[] => [
      { text: cellKinds[kind].glyph, tone: cellKinds[kind].tone },
      { text: ` ${cellKinds[kind].word}  `, tone: 'dim' },
    ]),
    { text: `1 cell = ${cell}`, tone: 'dim' },
  ];
}

function emptyCells(count: number): PartitionCounts[] {
  return Array.from({ length: count }, () => noCounts);
}

function sum(counts: PartitionCounts): number {
  return counts.pending + counts.running + counts.completed + counts.failed + counts.skipped;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
