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
  /** The only partition to retry. */
  only?: string | null;
  /** Zone of times in the text; default: ISO 8601. */
  zone?: Zone;
};

/** Texts of an action's confirmation. */
export type ActionText = {
  /** The confirming button and the title. */
  verb: string;
  /** The button that does nothing. */
  keep: string;
  /** Shown while the action runs. */
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
    after: () => 'this cannot be undone: what is left needs a new job',
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
        return `start a new job of the ${failed}, with this one's strategy, priority and deadline; what is done stays done`;
      }
      const when = job.state === 'paused' ? '; they wait until it is resumed' : '';
      return `make the ${failed} due again at once: failures are forgotten, attempts are counted on${when}`;
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
      `void every lease on it: ${
        job.running_slots === 0
          ? 'nobody holds one'
          : `what runs on ${plural(job.running_slots, 'slot')} is taken back and tried again`
      }; the next free executor claims it`,
    after: ({ job, known }) => {
      const age = job.heartbeat_age_seconds;
      const silence = known ? silentExecutors(known) : null;
      if (silence !== null) return `${silence}: what it holds goes to another executor`;
      if (age === null || job.heartbeat_stale) {
        return age === null
          ? 'it has never had a heartbeat'
          : `its heartbeat is ${formatAge(age)} old: whoever ran it is gone or cut off`;
      }
      return `its heartbeat is fresh (${formatAge(age)}): somebody is at work, and that work is done again`;
    },
  },
  set: {
    verb: 'Set it',
    keep: 'Leave it as it is',
    gerund: 'setting',
    will: ({ job, settings, zone }) => {
      const { changes } = changesOf(job, settings);
      return changes.length === 0
        ? 'change nothing yet'
        : `${describeChanges(changes, timesIn(zone))}; from its next step on`;
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
        ? `start a new job of the ${keys} that it skipped (${changed})${flight}${upstreams(job)}`
        : `cancel it and start a new job of the ${keys} not done (${changed}), in one transaction${flight}${upstreams(job)}`;
    },
    after: changedRisk,
  },
};

export function timesIn(zone: Zone | undefined): ((at: Date) => string) | undefined {
  return zone === undefined ? undefined : (at) => formatInstant(at, zone);
}

/** The job with the settings, once it has as many slots as they allow. */
function withSettings({ job, asOf, settings }: Intent): JobView {
  const { columns } = changesOf(job, settings);
  const running_slots = settings.strategy?.max_parallel ?? job.running_slots;
  return viewJob({ ...job, ...columns, running_slots }, asOf);
}

function changedRisk(intent: Intent): string | null {
  const { job, asOf, settings } = intent;
  if (isTerminal(job.state) || changesOf(job, settings).changes.length === 0) return null;
  const after = withSettings(intent);
  if (after.sla_deadline_at === null) return null;
  const [risk] = riskBadge(after, asOf).forms;
  const slots = settings.strategy?.max_parallel;
  const provided =
    slots === undefined
      ? ''
      : ` once ${plural(slots, 'slot')} ${slots === 1 ? 'is' : 'are'} at work`;
  return `${risk}${provided}`;
}

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

function inFlight({ running_slots, avg_partition_duration_ms: average }: JobView): string {
  if (running_slots === 0) return '';
  const about = average === null ? '' : ` (about ${formatMilliseconds(average)})`;
  const those = running_slots === 1 ? 'partition' : plural(running_slots, 'partition');
  return `the ${those} in flight may finish${about}; `;
}

/** Upstreams that the new job waits for, and the command if they are not repaired. */
function upstreams({ id, waiting_upstream_count: open }: JobView): string {
  if (open === 0) return '';
  return `; it waits for whoever does ${plural(open, 'open upstream job')} now. Where nobody does: servo-tui recreate ${shortId(id)} --include-upstream`;
}

function slotsOf({ running_slots, execution_strategy }: JobView): number {
  return running_slots > 0 ? running_slots : readStrategy(execution_strategy).max_parallel;
}

/** Partitions that have not started. */
function left({ remaining_partitions, running_slots }: JobView): number {
  return Math.max(0, remaining_partitions - running_slots);
}

/** How long the job can wait without missing its deadline. */
function spareTime(job: JobView, asOf: Date, words: string): string | null {
  if (job.sla_deadline_at === null || job.eta_seconds === null) return null;
  const spare = (job.sla_deadline_at.getTime() - asOf.getTime()) / 1000 - job.eta_seconds;
  return spare > 0
    ? `${words} ${formatDuration(spare)}`
    : 'it is late already: every minute counts';
}
