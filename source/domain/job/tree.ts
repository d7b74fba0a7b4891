import type { RelatedJob } from './insight.ts';

/** Related jobs as a tree, each below the one it is related to. A job may appear more than once. */
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
