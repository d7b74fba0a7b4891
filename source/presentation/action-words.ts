import type { JobView } from '../domain/job.ts';
import type { Action } from '../domain/job-state.ts';
import { formatDuration, formatFullCount, formatMilliseconds, plural } from './format.ts';
import { safeText } from './safe-text.ts';

/** What the intent card says about an action. */
export type ActionWords = {
  verb: string;
  /** The button that does nothing. */
  keep: string;
  /** What the database and the executors will do. */
  will: (job: JobView) => string;
  /** What that means for the deadline, or for good. */
  after: (job: JobView, asOf: Date) => string | null;
};

export const actionWords: Readonly<Record<Action, ActionWords>> = {
  pause: {
    verb: 'Pause',
    keep: 'Keep running',
    will: (job) =>
      job.lanes === 0
        ? 'claim no more partitions; checkpoint and ETA figures are kept'
        : `claim no more; ${inFlight(job)}checkpoint and ETA figures are kept`,
    after: (job, asOf) => spareTime(job, asOf, 'at risk if it stays paused for longer than'),
  },
  resume: {
    verb: 'Resume',
    keep: 'Leave it paused',
    will: (job) => `become resuming; the next free executor claims it and ${goesOn(job)}`,
    after: (job, asOf) => spareTime(job, asOf, 'time to spare before the deadline:'),
  },
  cancel: {
    verb: 'Cancel the job',
    keep: 'Keep it',
    will: (job) =>
      `stop for good: ${inFlight(job)}${plural(left(job), 'partition')} will not run; ${formatFullCount(
        job.completed_partitions,
      )} done stay done`,
    after: () => 'this cannot be undone: what is left needs a new job',
  },
};

function goesOn({
  checkpoint_partition_key: key,
  remaining_partitions: left,
  eta_seconds,
}: JobView): string {
  if (left === 0) return 'ends it: nothing is left to do';
  const from = key === null ? '' : ` after ${safeText(key, { cap: 60 })}`;
  const about = eta_seconds === null ? '' : `, about ${formatDuration(eta_seconds)}`;
  return `goes on${from}; ${formatFullCount(left)} left${about}`;
}

function inFlight({ lanes, avg_partition_duration_ms: average }: JobView): string {
  if (lanes === 0) return '';
  const about = average === null ? '' : ` (about ${formatMilliseconds(average)})`;
  const those = lanes === 1 ? 'partition' : plural(lanes, 'partition');
  return `the ${those} in flight may finish${about}; `;
}

/** What nobody has begun. */
function left({ remaining_partitions, lanes }: JobView): number {
  return Math.max(0, remaining_partitions - lanes);
}

/** How long the job can wait before it would miss its deadline, where that is known. */
function spareTime(job: JobView, asOf: Date, words: string): string | null {
  if (job.sla_deadline_at === null || job.eta_seconds === null) return null;
  const spare = (job.sla_deadline_at.getTime() - asOf.getTime()) / 1000 - job.eta_seconds;
  return spare > 0
    ? `${words} ${formatDuration(spare)}`
    : 'it is late already: every minute counts';
}
