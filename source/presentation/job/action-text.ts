import { etaSeconds } from '../../domain/forecast/eta.ts';
import type { JobAction } from '../../domain/job/action.ts';
import { type JobView, viewJob } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { changesOf, describeChanges, type JobSettings } from '../../domain/job/settings.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { readStrategy } from '../../domain/job/strategy.ts';
import type { Explanation } from '../../domain/triage/explanation.ts';
import { riskBadge } from '../risk/badge.ts';
import {
  formatAge,
  formatDuration,
  formatFullCount,
  formatInstant,
  formatMilliseconds,
  plural,
  type Zone,
} from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';
import { silentExecutors } from './claim-obstacle.ts';

/** An action on a job; `asOf` is the database's clock when the job was read. */
export type Intent = {
  job: JobView;
  asOf: Date;
  settings: JobSettings;
  /** Null: not known yet. */
  known?: Pick<Explanation, 'facts'> | null;
  only?: string | null;
  /** Zone of times in the text; default: ISO 8601. */
  zone?: Zone;
};

type ActionText = {
  verb: string;
  keep: string;
  gerund: string;
  will: (intent: Intent) => string;
  /** What follows for the deadline, or that it is final. */
  after: (intent: Intent) => string | null;
};

export const actionText: Readonly<Record<JobAction, ActionText>> = {
  pause: {
    verb: 'Pause',
    keep: 'Keep running',
    gerund: 'pausing',
    will: ({ job }) =>
      job.running_slots === 0
        ? 'claim no more partitions; checkpoint and ETA figures are kept'
        : `claim no more; ${inFlight(job)}checkpoint and ETA figures are kept`,
    after: ({ job, asOf }) => spareTime(job, asOf, 'at risk if it stays paused for longer than'),
  },
  resume: {
    verb: 'Resume',
    keep: 'Leave it paused',
    gerund: 'resuming',
    will: ({ job }) => `become resuming; the next free executor claims it and ${goesOn(job)}`,
    after: ({ job, asOf }) => spareTime(job, asOf, 'time to spare before the deadline:'),
  },
  cancel: {
    verb: 'Cancel the job',
    keep: 'Keep it',
    gerund: 'cancelling',
    will: ({ job }) =>
      `stop for good: ${inFlight(job)}${plural(left(job), 'partition')} will not run; ${formatFullCount(
        job.completed_partitions,
      )} done stay done`,
    after: () => 'cannot be undone: the remaining partitions need a new job',
  },
  retry: {
    verb: 'Retry',
    keep: 'Leave them failed',
    gerund: 'retrying',
    will: ({ job, only }) => {
      const failed = only
        ? `failed partition ${safeText(only, { cap: 60 })}`
        : plural(job.failed_partitions, 'failed partition');
      if (isTerminal(job.state)) {
        return `start a new job for the ${failed}, with this one's strategy, priority and deadline; completed partitions are kept`;
      }
      const when = job.state === 'paused' ? '; runs after resume' : '';
      return `make the ${failed} due now; resets the failure count, keeps the attempt count${when}`;
    },
    after: ({ job, only }) => {
      const count = only ? 1 : job.failed_partitions;
      const more = etaSeconds(count, slotsOf(job), job.avg_partition_duration_ms);
      return more === null ? null : `about ${formatDuration(more)} more of work`;
    },
  },
  reclaim: {
    verb: 'Reclaim',
    keep: 'Leave it',
    gerund: 'reclaiming',
    will: ({ job }) =>
      `revoke all its leases${
        job.running_slots === 0
          ? ' (none)'
          : `: what runs on ${plural(job.running_slots, 'slot')} runs again`
      }; the next free executor claims it`,
    after: ({ job, known }) => {
      const age = job.heartbeat_age_seconds;
      const silence = known ? silentExecutors(known) : null;
      if (silence !== null) return `${silence}: its partitions go to another executor`;
      if (age === null || job.heartbeat_stale) {
        return age === null
          ? 'no heartbeat yet'
          : `its heartbeat is ${formatAge(age)} old: its executor is dead or disconnected`;
      }
      return `its heartbeat is fresh (${formatAge(age)}): an executor is running it, and that work is repeated`;
    },
  },
  set: {
    verb: 'Set it',
    keep: 'Leave it as it is',
    gerund: 'setting',
    will: ({ job, settings, zone }) => {
      const { changes } = changesOf(job, settings);
      return changes.length === 0
        ? 'no changes yet'
        : `${describeChanges(changes, timesIn(zone))}; applies from the next batch`;
    },
    after: changedRisk,
  },
  recreate: {
    verb: 'Recreate it',
    keep: 'Keep it',
    gerund: 'recreating',
    will: ({ job, settings, zone }) => {
      const { changes } = changesOf(job, settings);
      const changed = changes.length === 0 ? 'as it is' : describeChanges(changes, timesIn(zone));
      const keys = plural(job.remaining_partitions + job.skipped_partitions, 'partition');
      const flight =
        job.running_slots === 0
          ? ''
          : `; ${inFlight(job).replace(/; $/, '')}: what completes there is not run again`;
      return isTerminal(job.state)
        ? `start a new job for the ${keys} that it skipped (${changed})${flight}${upstreams(job)}`
        : `cancel it and start a new job for the ${keys} not done (${changed}), in one transaction${flight}${upstreams(job)}`;
    },
    after: (intent) => changedRisk(intent, 'pending'),
  },
};

export function timesIn(zone: Zone | undefined): ((at: Date) => string) | undefined {
  return zone === undefined ? undefined : (at) => formatInstant(at, zone);
}

function withSettings({ job, asOf, settings }: Intent): JobView {
  const { columns } = changesOf(job, settings);
  const running_slots = settings.strategy?.max_parallel ?? job.running_slots;
  return viewJob({ ...job, ...columns, running_slots }, asOf);
}

/** @param state the job's then */
function changedRisk(intent: Intent, state = intent.job.state): string | null {
  const { job, asOf, settings } = intent;
  if (isTerminal(job.state) || changesOf(job, settings).changes.length === 0) return null;
  const after = withSettings(intent);
  if (after.sla_deadline_at === null) return null;
  const [risk] = riskBadge({ ...after, state }, asOf).forms;
  const slots = settings.strategy?.max_parallel;
  const provided = slots === undefined ? '' : ` once it runs on ${plural(slots, 'slot')}`;
  return `${risk}${provided}`;
}

function goesOn({
  state,
  checkpoint_partition_key: key,
  remaining_partitions: left,
  eta_seconds,
  needs_seconds,
}: JobView): string {
  if (left === 0) return 'ends it: nothing is left to do';
  const from = key === null ? '' : ` after ${safeText(key, { cap: 60 })}`;
  const seconds = state === 'paused' ? needs_seconds : eta_seconds;
  const about = seconds === null ? '' : `, about ${formatDuration(seconds)}`;
  return `goes on${from}; ${formatFullCount(left)} left${about}`;
}

function inFlight({ running_slots, avg_partition_duration_ms: average }: JobView): string {
  if (running_slots === 0) return '';
  const about = average === null ? '' : ` (about ${formatMilliseconds(average)})`;
  const those = running_slots === 1 ? 'partition' : plural(running_slots, 'partition');
  return `the ${those} in flight may finish${about}; `;
}

/** Upstreams that the new job waits for, and the command if they are not repaired. */
function upstreams({ id, waiting_upstream_count: open }: JobView): string {
  if (open === 0) return '';
  return `; it waits for ${plural(open, 'open upstream job')}. If nothing runs them: servo-tui recreate ${shortId(id)} --include-upstream`;
}

function slotsOf({ running_slots, execution_strategy }: JobView): number {
  return running_slots > 0 ? running_slots : readStrategy(execution_strategy).max_parallel;
}

function left({ remaining_partitions, running_slots }: JobView): number {
  return Math.max(0, remaining_partitions - running_slots);
}

function spareTime(job: JobView, asOf: Date, label: string): string | null {
  const seconds = job.state === 'paused' ? job.needs_seconds : job.eta_seconds;
  if (job.sla_deadline_at === null || seconds === null) return null;
  const spare = (job.sla_deadline_at.getTime() - asOf.getTime()) / 1000 - seconds;
  return spare > 0 ? `${label} ${formatDuration(spare)}` : 'already late';
}
