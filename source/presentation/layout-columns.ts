import type { JobView } from '../domain/job.ts';
import { type JobColumn, jobColumns, narrowings } from './job-columns.ts';

export type LaidColumn = { column: JobColumn; width: number };

/**
 * Who gets the space that is left over, and up to what width: first to last, and one very long name
 * does not take it all. No limit = what the column would like.
 */
const heirs: readonly (readonly [column: string, limit?: number])[] = [
  ['asset', 28],
  ['sla'],
  ['eta'],
  ['state'],
  ['progress', 20],
  ['asset'],
  ['progress'],
];

/**
 * The columns that fit into `width`, each with its width. Infinity = all of them, as wide as they like.
 * Nothing ever wraps: below the least width the asset's name is all that is left.
 */
export function layoutColumns(jobs: readonly JobView[], width: number): LaidColumn[] {
  const wanted = new Map(jobColumns.map((column) => [column.name, column.width(jobs)]));
  const widths = new Map(wanted);
  for (const { column, to, elastic } of narrowings) {
    const excess = total(widths) - width;
    if (excess <= 0) break;
    const present = widths.get(column) ?? 0;
    const next = Math.min(present, elastic ? Math.max(to, present - excess) : to);
    if (next > 0) widths.set(column, next);
    else widths.delete(column);
  }
  if (width !== Number.POSITIVE_INFINITY) shareOut(widths, wanted, width);
  return jobColumns
    .filter(({ name }) => widths.has(name))
    .map((column) => ({ column, width: widths.get(column.name)! }));
}

function shareOut(widths: Map<string, number>, wanted: Map<string, number>, width: number): void {
  for (const [name, limit = Number.POSITIVE_INFINITY] of heirs) {
    const column = jobColumns.find((column) => column.name === name)!;
    const present = widths.get(name);
    if (present === undefined) continue;
    const spare = Math.max(0, width - total(widths));
    const most = Math.max(present, Math.min(limit, column.grows_to ?? wanted.get(name)!));
    const elastic = narrowings.some((step) => step.column === name && step.elastic);
    // Half a longer form is of no use.
    if (elastic || most - present <= spare) widths.set(name, Math.min(most, present + spare));
  }
}

function total(widths: Map<string, number>): number {
  return jobColumns.reduce(
    (sum, { name, gap }) => sum + (widths.has(name) ? widths.get(name)! + gap : 0),
    0,
  );
}
