import type { ActionParameters, JobAction } from '../../domain/job/action.ts';
import type { ActionResult } from '../../domain/job/detail.ts';
import type { JobView } from '../../domain/job/job.ts';
import type { JobSettings } from '../../domain/job/settings.ts';
import { actionText } from '../../presentation/job/action-text.ts';
import { claimObstacle } from '../../presentation/job/claim-obstacle.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import type { Tone } from '../../presentation/text/tone.ts';
import { actEffect, reasonOf } from '../model/act-effect.ts';
import { actionOf } from '../model/actions.ts';
import { ask } from '../model/asking.ts';
import type { DataAnswer, Effect, Failure, PartitionCounts } from '../model/effects.ts';
import { failureText } from '../model/notice.ts';
import type { Card } from '../model/overlay.ts';
import { noLongerThere } from '../model/present.ts';
import { unconfirmed } from '../model/run-items.ts';
import type { Follow, Question, State, Step } from '../model/state.ts';
import { verdicts } from './verdicts.ts';

const watchMs = 500;
const patientAfterMs = 20_000;
const patientMs = 3000;
const lingerMs = 10_000;

export type CardInput = { parameters: ActionParameters; settings: JobSettings };

/** Sends the action. No success is shown before the database has answered. */
export function act(state: State, card: Card, input: CardInput): Step {
  const { name, job } = card;
  const follow: Follow = {
    id: job.id,
    asset_name: safeText(job.asset_name),
    name,
    seen: job,
    settings: input.settings,
    applied_version: job.version,
    watch_id: job.id,
    retried: { count: 0, keys: [] },
    phase: 'sent',
    sent_at: state.at,
    applied_at: null,
    looked_at: 0,
    text: unconfirmed,
    tone: 'plain',
    obstacle: card.known === null ? null : claimObstacle(card.known),
    text_changed_at: state.at,
  };
  const others = state.follows.filter(({ id, phase }) => id !== job.id && phase !== 'final');
  const order = actEffect(name, job, reasonOf(card.values.reason), input.parameters);
  const effect = card.only === null ? order : { ...order, keys: [card.only] };
  return ask({ ...state, follows: [...others, follow], notice: null }, 'act', effect);
}

export function followOf(state: State, id: string): Follow | null {
  return state.follows.find((follow) => follow.id === id) ?? null;
}

export function unanswered(state: State): Follow | null {
  return state.follows.find(({ phase }) => phase === 'sent') ?? null;
}

export function whyUnanswered(state: State): string | null {
  const open = unanswered(state);
  return open && `the database has not answered yet (${open.name} ${open.asset_name})`;
}

export function actAnswered(state: State, answer: DataAnswer, { id }: Question): Step {
  const follow = followOf(state, id ?? '');
  if (follow?.phase !== 'sent') return [state, []];
  if (answer.type === 'acted') return actionAnswered(state, follow, answer.result);
  return answer.type === 'failure' ? actionFailed(state, follow, answer.failure) : [state, []];
}

function actionAnswered(state: State, follow: Follow, result: ActionResult): Step {
  if (result.result === 'applied') {
    return watch(
      changed(state, {
        ...follow,
        phase: 'applied',
        applied_at: state.at,
        applied_version: result.version ?? follow.seen.version + Number(moves(follow)),
        watch_id: result.new_job_id ?? follow.id,
        retried: { count: result.retried_partitions ?? 0, keys: result.retried_keys ?? [] },
        text: 'accepted',
      }),
    );
  }
  const done = result.result === 'skipped' ? 'nothing was done' : 'failed';
  return finish(state, follow, `${done}: ${safeText(result.message)}`, 'warn');
}

/** A refusal is final. A lost connection is not: the action may have been applied. */
function actionFailed(state: State, follow: Follow, failure: Failure): Step {
  if (failure.code !== 'database_unreachable')
    return finish(state, follow, failureText(failure), 'bad');
  // Short, to fit 80 columns: the header shows the cause.
  const text = 'connection lost: outcome unknown';
  return watch(changed(state, { ...follow, phase: 'unknown', text, tone: 'bad' }));
}

export function watch(state: State): Step {
  const open = state.follows.filter(({ phase }) => isOpen(phase));
  const next = open.toSorted((a, b) => a.looked_at - b.looked_at)[0];
  if (next === undefined) return [state, []];
  const { keys } = next.retried;
  const about = { insight: false, ...(keys.length > 0 ? { keys } : {}) };
  return ask(state, 'watch', { type: 'load-job', id: next.watch_id, map_buckets: 0, ...about });
}

export function watchAnswered(state: State, answer: DataAnswer, { id }: Question): Step {
  if (answer.type === 'job') return watched(state, answer.detail.job, answer.of_keys ?? {});
  return answer.type === 'failure' ? watchFailed(state, id ?? '', answer.failure) : [state, []];
}

function watched(state: State, job: JobView, counts: PartitionCounts): Step {
  const follow = state.follows.find(({ watch_id, phase }) => watch_id === job.id && isOpen(phase));
  if (follow === undefined) return watch(state);
  const look = { follow, job, counts, at: state.at, zone: state.options.zone };
  const { text, tone, final } = verdicts[actionOf(follow.name).action](look);
  if (final) return finish(state, follow, text, tone);
  const wait = state.at - follow.sent_at < patientAfterMs ? watchMs : patientMs;
  return [changed(state, { ...follow, text, tone, looked_at: state.at }), [lookAgain(wait)]];
}

function watchFailed(state: State, id: string, failure: Failure): Step {
  const follow = state.follows.find(({ watch_id, phase }) => watch_id === id && isOpen(phase));
  if (follow !== undefined && failure.code === 'not_found') {
    return finish(state, follow, noLongerThere, 'warn');
  }
  return [state, [lookAgain(4 * watchMs)]];
}

function isOpen(phase: Follow['phase']): boolean {
  return phase === 'applied' || phase === 'unknown';
}

/** Whether the action increments the job's version. */
function moves({ name }: Follow): boolean {
  const still: readonly JobAction[] = ['set', 'retry'];
  return !still.includes(actionOf(name).action);
}

function finish(state: State, follow: Follow, text: string, tone: Tone): Step {
  // The final text must not be hidden by an earlier notice.
  const free = { ...state, notice: null };
  const [next, effects] = watch(changed(free, { ...follow, phase: 'final', text, tone }));
  return [next, [...effects, { type: 'timer', name: 'notice', after_ms: lingerMs }]];
}

function changed(state: State, follow: Follow): State {
  const follows = state.follows.map((other) => {
    if (other.id !== follow.id) return other;
    return other.text === follow.text ? follow : { ...follow, text_changed_at: state.at };
  });
  return { ...state, follows };
}

function lookAgain(after_ms: number): Effect {
  return { type: 'timer', name: 'watch', after_ms };
}

/** After this long without a change the message line is free for other texts. */
const newsMs = 30_000;

/**
 * What the message line shows: the newest action, else one on the selected job; and how many others
 * are pending.
 */
export function followShown(
  { at, follows }: State,
  selected: string | null,
): { follow: Follow | null; others: number } {
  const fresh = follows.filter(
    ({ phase, text_changed_at }) => phase === 'final' || at - text_changed_at < newsMs,
  );
  const newest = fresh.toSorted((a, b) => a.text_changed_at - b.text_changed_at).at(-1);
  const follow = newest ?? follows.find(({ id }) => id === selected) ?? null;
  const open = follows.filter((one) => one !== follow && one.phase !== 'final');
  return { follow, others: open.length };
}

/** `pausing orders_daily: 2 partitions still running`; without the verb once final. */
export function followText(follow: Follow): string {
  return follow.phase === 'final'
    ? `${follow.asset_name}: ${follow.text}`
    : `${actionText[actionOf(follow.name).action].gerund} ${follow.asset_name}: ${follow.text}`;
}
