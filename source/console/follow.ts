import type { JobView } from '../domain/job.ts';
import type { ActionResult } from '../domain/job-detail.ts';
import { type Action, actionTargets } from '../domain/job-state.ts';
import { formatFullCount, plural } from '../presentation/format.ts';
import { safeText } from '../presentation/safe-text.ts';
import { stateWord } from '../presentation/state-words.ts';
import type { Tone } from '../presentation/tone.ts';
import type { DataEffect, Effect, Failure } from './effects.ts';
import { ask } from './loading.ts';
import type { Card, Follow, State, Step } from './state.ts';

/** How often the followed job is read until it is where the action leads. */
const watchMs = 500;
/** A resume that nobody has claimed for so long needs a person (backfill-operations, "Stuck in Resuming"). */
const unclaimedMs = 30_000;
/** How long the last word stays. */
const lingerMs = 10_000;

const gerunds: Readonly<Record<Action, string>> = {
  pause: 'pausing',
  resume: 'resuming',
  cancel: 'cancelling',
};

/** Sends the action that the card describes. Nothing is claimed before the database has answered. */
export function act(state: State, card: Card): Step {
  const { action, job } = card;
  const request = state.next_request;
  const follow: Follow = {
    id: job.id,
    asset_name: safeText(job.asset_name),
    action,
    version: job.version,
    request,
    phase: 'sent',
    sent_at: state.at,
    applied_at: null,
    looked_at: 0,
    text: 'sent, not confirmed yet',
    tone: 'plain',
  };
  const others = state.follows.filter(({ id, phase }) => id !== job.id && phase !== 'settled');
  const effect: DataEffect = {
    type: 'act',
    action,
    id: job.id,
    state: job.state,
    version: job.version,
    reason: card.reason.trim() === '' ? null : card.reason.trim(),
  };
  return [
    { ...state, follows: [...others, follow], notice: null, next_request: request + 1 },
    [{ type: 'data', request, effect }],
  ];
}

export function followOf(state: State, id: string): Follow | null {
  return state.follows.find((follow) => follow.id === id) ?? null;
}

/** An action that still waits for its first answer: leaving now would leave it unknown. */
export function unanswered(state: State): Follow | null {
  return state.follows.find(({ phase }) => phase === 'sent') ?? null;
}

export function actionAnswered(state: State, follow: Follow, result: ActionResult): Step {
  if (result.result === 'applied') {
    return watch(
      changed(state, { ...follow, phase: 'applied', applied_at: state.at, text: 'accepted' }),
    );
  }
  const done = result.result === 'skipped' ? 'nothing was done' : 'failed';
  return settle(state, follow, `${done}: ${safeText(result.message)}`, 'warn');
}

/** A refusal is final. A lost connection is not: the action may have been applied. */
export function actionFailed(state: State, follow: Follow, failure: Failure): Step {
  const hint = failure.hint === undefined ? '' : ` (${safeText(failure.hint)})`;
  const message = `${safeText(failure.message)}${hint}`;
  if (failure.code !== 'database_unreachable') return settle(state, follow, message, 'bad');
  const text = `no answer: it is not known whether this was done. ${message}`;
  return watch(changed(state, { ...follow, phase: 'unknown', text, tone: 'bad' }));
}

/** Looks at the job that was looked at the longest ago, one at a time. */
export function watch(state: State): Step {
  const open = state.follows.filter(({ phase }) => phase === 'applied' || phase === 'unknown');
  const next = open.toSorted((a, b) => a.looked_at - b.looked_at)[0];
  if (next === undefined) return [state, []];
  return ask(state, 'watch', { type: 'load-job', id: next.id, map_buckets: 0 });
}

/** A fresh look at a followed job. */
export function watched(state: State, job: JobView): Step {
  const follow = followOf(state, job.id);
  if (follow === null || (follow.phase !== 'applied' && follow.phase !== 'unknown'))
    return watch(state);
  const { text, tone, settled } = verdict(follow, job, state.at);
  if (settled) return settle(state, follow, text, tone);
  return [changed(state, { ...follow, text, tone, looked_at: state.at }), [lookAgain(watchMs)]];
}

/** The look failed: keep what is known and look again. */
export function watchFailed(state: State, id: string, failure: Failure): Step {
  const follow = followOf(state, id);
  if (follow !== null && failure.code === 'not_found') {
    return settle(state, follow, 'this job is no longer there', 'warn');
  }
  return [state, [lookAgain(4 * watchMs)]];
}

type Verdict = { text: string; tone: Tone; settled: boolean };

function verdict(follow: Follow, job: JobView, at: number): Verdict {
  if (job.state !== actionTargets[follow.action] && !arrived(follow.action, job)) {
    const word = stateWord(job.state).word;
    return follow.phase === 'unknown'
      ? {
          text: `the connection was lost; the job is ${word}, version ${job.version}`,
          tone: 'warn',
          settled: true,
        }
      : {
          text: `it is ${word} now: somebody or something else changed it`,
          tone: 'warn',
          settled: true,
        };
  }
  return verdicts[follow.action](job, follow, at);
}

/** A resumed job may have been claimed, and even have ended, before the first look. */
function arrived(action: Action, job: JobView): boolean {
  return action === 'resume' && ['running', 'completed', 'failed'].includes(job.state);
}

const verdicts: Readonly<Record<Action, (job: JobView, follow: Follow, at: number) => Verdict>> = {
  pause: (job, follow, at) => {
    if (job.lanes > 0) return waiting(`${plural(job.lanes, 'partition')} in flight`);
    const { checkpoint_partition_key: key } = job;
    const where = key === null ? 'before its first partition' : `at ${safeText(key, { cap: 300 })}`;
    return { text: `paused ${where} (${took(follow, at)})`, tone: 'good', settled: true };
  },
  resume: (job, follow, at) => {
    if (job.state !== 'resuming') {
      const word = stateWord(job.state).word;
      const text = job.state === 'running' ? 'running again' : `resumed, and ${word} already`;
      return { text: `${text} (${took(follow, at)})`, tone: 'good', settled: true };
    }
    const waited = at - (follow.applied_at ?? follow.sent_at);
    return waited < unclaimedMs
      ? waiting('waiting for an executor to claim it')
      : {
          text: 'still not claimed: is an executor alive that has a handler for it?',
          tone: 'warn',
          settled: false,
        };
  },
  cancel: (job, follow, at) => {
    if (job.lanes > 0) return waiting(`${plural(job.lanes, 'partition')} in flight`);
    const left = job.remaining_partitions + job.skipped_partitions;
    const done = formatFullCount(job.completed_partitions);
    return {
      text: `cancelled, ${done} done, ${formatFullCount(left)} will not run (${took(follow, at)})`,
      tone: 'good',
      settled: true,
    };
  },
};

function waiting(text: string): Verdict {
  return { text, tone: 'plain', settled: false };
}

function took(follow: Follow, at: number): string {
  return `${((at - follow.sent_at) / 1000).toFixed(1)} s`;
}

function settle(state: State, follow: Follow, text: string, tone: Tone): Step {
  // The last word must not hide behind an earlier remark.
  const free = { ...state, notice: null };
  const [next, effects] = watch(changed(free, { ...follow, phase: 'settled', text, tone }));
  return [next, [...effects, { type: 'timer', name: 'notice', after_ms: lingerMs }]];
}

function changed(state: State, follow: Follow): State {
  return {
    ...state,
    follows: state.follows.map((other) => (other.id === follow.id ? follow : other)),
  };
}

function lookAgain(after_ms: number): Effect {
  return { type: 'timer', name: 'watch', after_ms };
}

/** `pausing orders_daily: 2 partitions in flight`; once settled the verb is gone. */
export function followText(follow: Follow): string {
  return follow.phase === 'settled'
    ? `${follow.asset_name}: ${follow.text}`
    : `${gerunds[follow.action]} ${follow.asset_name}: ${follow.text}`;
}
