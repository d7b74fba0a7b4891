import { outranks } from '../job/rank.ts';
import type { SnapshotJob } from './snapshot.ts';

/** The claim order of a snapshot's jobs, in numbers that are quick to compare. */
export type Ranks = {
  /** Place in the claim order of each job. */
  rank: Int32Array;
  /** One job outranks another if its level is lower (domain/job/rank.ts). */
  level: Int32Array;
  levels: number;
};

const never = Number.POSITIVE_INFINITY;

export function ranksOf(jobs: readonly SnapshotJob[]): Ranks {
  const deadline = jobs.map(({ sla_deadline_at: at }) => (at === null ? never : Number(at)));
  const created = jobs.map(({ created_at }) => Number(created_at));
  const order = jobs.map((_, index) => index);
  // As compareRank, without reading each date again at every comparison.
  order.sort((a, b) => {
    const [one, other] = [jobs[a]!, jobs[b]!];
    return (
      other.priority - one.priority ||
      one.execution_order - other.execution_order ||
      // Infinity − infinity is NaN, which counts as equal.
      deadline[a]! - deadline[b]! ||
      created[a]! - created[b]! ||
      a - b
    );
  });
  const rank = new Int32Array(jobs.length);
  const level = new Int32Array(jobs.length);
  let levels = 0;
  order.forEach((index, place) => {
    const before = order[place - 1];
    if (before !== undefined && outranks(jobs[before]!, jobs[index]!)) levels += 1;
    rank[index] = place;
    level[index] = levels;
  });
  return { rank, level, levels: levels + 1 };
}
