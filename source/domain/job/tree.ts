import type { RelatedJob } from './insight.ts';

/** Related jobs so that each stands below the one it is related to, what was found first, first. A job may be there more than once. */
export function inTreeOrder<Row extends Pick<RelatedJob, 'id' | 'to' | 'depth'>>(
  rows: readonly Row[],
  root: string,
): Row[] {
  const below = (to: string, depth: number): Row[] =>
    rows
      .filter((row) => row.to === to && row.depth === depth)
      .flatMap((row) => [row, ...below(row.id, depth + 1)]);
  return below(root, 1);
}
