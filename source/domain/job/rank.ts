import type { Job } from './job.ts';

type Ranked = Pick<Job, 'priority' | 'execution_order' | 'sla_deadline_at' | 'created_at'>;

const never = Number.POSITIVE_INFINITY;

/** Claim order: priority, then upstream first, then deadline (none last), then age. Negative if `one` comes first. */
export function compareRank(one: Ranked, other: Ranked): number {
  // The driver reads 'infinity' as a number.
  const deadline = (job: Ranked) => Number(job.sla_deadline_at ?? never);
  return (
    other.priority - one.priority ||
    one.execution_order - other.execution_order ||
    // Two jobs without a deadline: the difference of infinities is not a number, and counts as none.
    deadline(one) - deadline(other) ||
    Number(one.created_at) - Number(other.created_at)
  );
}

/** Whether a waiting job may take the next slot from one that works: only a higher priority does, or a nearer upstream. */
export function outranks(waiting: Ranked, working: Ranked): boolean {
  return (
    waiting.priority > working.priority ||
    (waiting.priority === working.priority && waiting.execution_order < working.execution_order)
  );
}
