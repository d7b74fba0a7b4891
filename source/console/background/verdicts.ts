import type { JobAction } from '../../domain/job/action.ts';
import type { JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { changesOf, describeChanges } from '../../domain/job/settings.ts';
import { type Action, actionTargets } from '../../domain/job/state.ts';
import { policy } from '../../domain/policy.ts';
import { timesIn } from '../../presentation/job/action-text.ts';
import { stateLabel } from '../../presentation/job/state-label.ts';
import { formatFullCount, plural, type Zone } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import type { Tone } from '../../presentation/text/tone.ts';
import { actionOf } from '../model/actions.ts';
import type { PartitionCounts } from '../model/effects.ts';
import type { Follow } from '../model/state.ts';

export type Verdict = { text: string; tone: Tone; final: boolean };

export type Look = {
  follow: Follow;
  job: JobView;
  counts: PartitionCounts;
  at: number;
  zone: Zone;
};

export const verdicts: Readonly<Record<JobAction, (look: Look) => Verdict>> = {
  pause: (look) => transition('pause', look) ?? onceIdle(look, pausedText),
  resume: (look) =>
    transition('resume', look) ?? (look.job.state === 'resuming' ? unclaimed(look) : resumed(look)),
  cancel: (look) => transition('cancel', look) ?? onceIdle(look, cancelledText),
  retry: retried,
  reclaim: (look) => {
    const { follow, job } = look;
    if (job.version === follow.seen.version) return unknownOutcome(look);
    if (job.state !== 'running') return changedByOthers(job);
    return job.heartbeat_stale ? unclaimed(look) : final(look, 'an executor runs it again');
  },
  set: (look) => {
    const { follow, job } = look;
    const { changes } = changesOf(job, follow.settings);
    if (changes.length === 0) {
      return final(
        look,
        describeChanges(changesOf(follow.seen, follow.settings).changes, timesIn(look.zone)) ||
          'already set',
      );
    }
    if (follow.phase === 'unknown') return unknownOutcome(look);
    return warning(
      `changed by someone else since: ${describeChanges(changes, timesIn(look.zone))} was requested`,
    );
  },
  recreate: (look) => {
    const { follow, job } = look;
    if (follow.watch_id === follow.id) return unknownOutcome(look);
    const name = `replaced by ${shortId(job.id)}`;
    if (job.state === 'pending')
      return { ...unclaimed(look), text: `${name}: ${unclaimed(look).text}` };
    return final(look, `${name}, ${stateLabel(job.state).word}, priority ${job.priority}`);
  },
};

function transition(action: Action, { follow, job }: Look): Verdict | null {
  if (job.state === actionTargets[action]) return null;
  // A resumed job may have been claimed, or have ended, before the first reading.
  if (action === 'resume' && ['running', 'completed', 'failed'].includes(job.state)) return null;
  return follow.phase === 'unknown' ? unknownOutcome({ follow, job }) : changedByOthers(job);
}

function onceIdle(look: Look, text: (job: JobView) => string): Verdict {
  const { running_slots, silent_slots } = look.job;
  if (running_slots === 0) return final(look, text(look.job));
  return silent_slots < running_slots
    ? waiting(`${plural(running_slots - silent_slots, 'partition')} still running`)
    : waiting(`${plural(silent_slots, 'partition')} still leased to a silent executor`);
}

function pausedText({ checkpoint_partition_key: key }: JobView): string {
  return key === null
    ? 'paused before its first partition'
    : `paused at ${safeText(key, { cap: 300 })}`;
}

function cancelledText(job: JobView): string {
  const left = job.remaining_partitions + job.skipped_partitions;
  const done = formatFullCount(job.completed_partitions);
  return `cancelled, ${done} done, ${formatFullCount(left)} will not run`;
}

function resumed(look: Look): Verdict {
  const { state } = look.job;
  return final(
    look,
    state === 'running' ? 'running again' : `resumed, now ${stateLabel(state).word}`,
  );
}

function retried(look: Look): Verdict {
  const { follow, job, counts } = look;
  const { count, keys } = follow.retried;
  if (follow.phase === 'unknown') return unknownOutcome(look);
  const where = follow.watch_id === follow.id ? '' : ` in the new job ${shortId(job.id)}`;
  if (keys.length < count)
    return final(look, `${plural(count, 'partition')} are due again${where}`);
  const { completed = 0, failed = 0, running = 0 } = counts;
  const parts = [
    completed > 0 ? `${formatFullCount(completed)} done` : [],
    failed > 0 ? `${formatFullCount(failed)} failed again` : [],
    running > 0 ? `${formatFullCount(running)} running` : [],
  ].flat();
  const text = `${plural(count, 'partition')}${where}: ${parts.join(', ') || 'due again'}`;
  if (completed + failed >= count) return final(look, text, failed > 0 ? 'warn' : 'good');
  if (job.state === 'paused')
    return { text: `${text}; the job is paused`, tone: 'plain', final: true };
  if (job.state === 'cancelled') return changedByOthers(job);
  return parts.length === 0 && unclaimed(look).tone === 'warn'
    ? { ...unclaimed(look), text: `${text}, ${unclaimed(look).text}` }
    : waiting(text);
}

function unclaimed({ follow, at }: Look): Verdict {
  const waited = at - (follow.applied_at ?? follow.sent_at);
  return waited < policy.unclaimed_ms
    ? waiting(
        follow.obstacle === null
          ? 'waiting for an executor to claim it'
          : `waiting: ${follow.obstacle}`,
      )
    : {
        text:
          follow.obstacle === null
            ? 'still not claimed: is an executor with its handler running?'
            : `still not claimed: ${follow.obstacle}`,
        tone: 'warn',
        final: false,
      };
}

/**
 * The answer was lost, and the job does not show the effect. A retry leaves the version as it is.
 */
function unknownOutcome({ follow, job }: Pick<Look, 'follow' | 'job'>): Verdict {
  const { seen, name } = follow;
  const same = job.state === seen.state && job.version === seen.version;
  const untouched = same && actionOf(name).action !== 'retry';
  const now = `${stateLabel(job.state).word}, version ${job.version}`;
  return warning(
    untouched
      ? `not applied so far: still ${now} (connection lost)`
      : `check whether it was applied: now ${now} (connection lost)`,
  );
}

function changedByOthers({ state }: JobView): Verdict {
  return warning(`now ${stateLabel(state).word}: changed by someone else`);
}

function waiting(text: string): Verdict {
  return { text, tone: 'plain', final: false };
}

function warning(text: string): Verdict {
  return { text, tone: 'warn', final: true };
}

function final({ follow, at }: Look, text: string, tone: Tone = 'good'): Verdict {
  const took = `${((at - follow.sent_at) / 1000).toFixed(1)} s`;
  return { text: `${text} (${took})`, tone, final: true };
}
