import type { Job } from './row.ts';

type Ranked = Pick<Job, 'priority' | 'execution_order' | 'sla_deadline_at' | 'created_at'>;

const never = Number.POSITIVE_INFINITY;

/**
 * Claim order: priority, upstream first, deadline (none last), age. Negative if `one` comes first.
 */
export function compareRank(one: Ranked, other: Ranked): number {
  // The driver reads 'infinity' as a number.
  const deadline = (job: Ranked) => Number(job.sla_deadline_at ?? never);
  return (
    other.priority - one.priority ||
    one.execution_order - other.execution_order ||
    // Infinity − infinity is NaN, which counts as equal.
    deadline(one) - deadline(other) ||
    Number(one.created_at) - Number(other.created_at)
  );
}

/**
 * Whether a waiting job may take the next slot of a running one: by priority, or as a nearer
 * upstream.
 */
export function outranks(waiting: Ranked, working: Ranked): boolean {
  return (
    waiting.priority > working.priority ||
    (waiting.priority === working.priority && waiting.execution_order < working.execution_order)
  );
}
