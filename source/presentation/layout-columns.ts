import type { JobView } from '../domain/job.ts';
import { type JobColumn, jobColumns, narrowings } from './job-columns.ts';

export type LaidColumn = { column: JobColumn; width: number };

/**
 * The columns that fit into `width`, each with its width. Infinity = all of them, as wide as they like.
 * Nothing ever wraps: below the least width the asset's name is all that is left.
 */
export function layoutColumns(jobs: readonly JobView[], width: number): LaidColumn[] {
  const widths = new Map(jobColumns.map((column) => [column.name, column.width(jobs)]));
  for (const { column, to, elastic } of narrowings) {
    const excess = total(widths) - width;
    if (excess <= 0) break;
    const present = widths.get(column) ?? 0;
    const next = Math.min(present, elastic ? Math.max(to, present - excess) : to);
    if (next > 0) widths.set(column, next);
    else widths.delete(column);
  }
  const laid = jobColumns.filter(({ name }) => widths.has(name));
  return laid.map((column) => ({ column, width: grown(column, widths, width) }));
}

/** Spare space goes to the columns that can use it, in their order. */
function grown(column: JobColumn, widths: Map<string, number>, width: number): number {
  const present = widths.get(column.name)!;
  if (column.grows_to === undefined || width === Number.POSITIVE_INFINITY) return present;
  const spare = Math.max(0, width - total(widths));
  const next = Math.max(present, Math.min(column.grows_to, present + spare));
  widths.set(column.name, next);
  return next;
}

function total(widths: Map<string, number>): number {
  return jobColumns.reduce(
    (sum, { name, gap }) => sum + (widths.has(name) ? widths.get(name)! + gap : 0),
    0,
  );
}
