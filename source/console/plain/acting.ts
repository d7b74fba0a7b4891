import { actionRules } from '../../domain/action.ts';
import { dialogsOn } from '../../domain/dialog.ts';
import type { JobView } from '../../domain/job.ts';
import { actionWords } from '../../presentation/action-words.ts';
import { dialogWords } from '../../presentation/dialog-words.ts';
import { safeText } from '../../presentation/safe-text.ts';
import { stateWord } from '../../presentation/state-words.ts';
import { type ActionName, actionNames, actionOf } from '../actions.ts';
import { dropMs, typedCheck } from '../card.ts';
import type { Act } from '../effects.ts';
import type { Asking, PlainState, PlainStep } from './state.ts';
import { nameOf } from './words.ts';

/** What can be done by a line: the actions that ask for nothing but a reason. */
export const plainActions: readonly ActionName[] = actionNames.filter(
  (name) => actionOf(name).fields.length === 0,
);

const toStop = 'a full stop by itself leaves it';

/** Says what would be done, and asks the first question; nothing is sent before `yes`. */
export function openQuestion(
  state: PlainState,
  name: ActionName,
  job: JobView,
  at: number,
): PlainStep {
  const { action } = actionOf(name);
  const refusal = state.read_only
    ? 'this console is read-only'
    : state.down
      ? 'the database does not answer'
      : actionRules[action].refusal(job);
  if (refusal !== null) return { state, lines: [`${nameOf(job)}: ${refusal}`] };
  const as_of = state.as_of ?? job.created_at;
  const intent = { job, asOf: as_of, settings: {} };
  const words = actionWords[action];
  const after = words.after(intent);
  const others = dialogWords(dialogsOn(state.dialogs, job.id), as_of);
  const asking: Asking = {
    name,
    job,
    as_of,
    reason: null,
    value: null,
    question: 'reason',
    asked_at: at,
  };
  return {
    state: { ...state, asking },
    lines: [
      `${words.verb}: ${nameOf(job)}, ${stateWord(job.state).word}, version ${job.version}.`,
      `It will ${words.will(intent)}.`,
      ...(after === null ? [] : [`Then: ${after}.`]),
      ...(others === null ? [] : [`Also: ${others}.`]),
      questionOf(asking),
    ],
  };
}

export function questionOf({ name, job, question }: Asking): string {
  const { needs_reason } = actionRules[actionOf(name).action];
  switch (question) {
    case 'reason':
      return needs_reason
        ? `Reason? It must have one; ${toStop}.`
        : `Reason? An empty line is none; ${toStop}.`;
    case 'check':
      return `Type ${safeText(typedCheck(job))} to go on; ${toStop}.`;
    case 'confirm':
      return `Type yes to ${name} ${nameOf(job)}; anything else leaves it.`;
  }
}

/** The answer to the present question. Enter by itself never means yes. */
export function answerQuestion(
  state: PlainState,
  asking: Asking,
  text: string,
  at: number,
): PlainStep {
  const answer = text.trim();
  if (at < asking.asked_at + dropMs) {
    return { state, lines: [`That came before the question. ${questionOf(asking)}`] };
  }
  if (answer === '.') return left(state, asking);
  const { final, needs_reason } = actionRules[actionOf(asking.name).action];
  switch (asking.question) {
    case 'reason':
      if (needs_reason && answer === '') return { state, lines: [questionOf(asking)] };
      return next(state, { ...asking, reason: answer || null }, final ? 'check' : 'confirm', at);
    case 'check':
      return answer === typedCheck(asking.job)
        ? next(state, asking, 'confirm', at)
        : { state, lines: [`That is not it. ${questionOf(asking)}`] };
    case 'confirm':
      return /^yes$/i.test(answer) ? send(state, asking) : left(state, asking);
  }
}

function next(
  state: PlainState,
  asking: Asking,
  question: Asking['question'],
  asked_at: number,
): PlainStep {
  const following = { ...asking, question, asked_at };
  return { state: { ...state, asking: following }, lines: [questionOf(following)] };
}

/** Compare-and-set on what was seen when the question was opened. */
function send(state: PlainState, { name, job, reason }: Asking): PlainStep {
  const effect: Act = {
    type: 'act',
    action: actionOf(name).action,
    id: job.id,
    state: job.state,
    version: job.version,
    reason,
  };
  return {
    state: { ...state, asking: null },
    lines: [`${actionWords[effect.action].gerund} ${nameOf(job)}: sent, not confirmed yet`],
    effects: [{ type: 'data', effect }],
  };
}

function left(state: PlainState, { job }: Asking): PlainStep {
  return { state: { ...state, asking: null }, lines: [`${nameOf(job)}: nothing was done`] };
}

/** A job that changes under the question is no longer the one that was asked about. */
export function disarmed(state: PlainState, jobs: ReadonlyMap<string, JobView>): PlainStep | null {
  const { asking } = state;
  const now = asking === null ? undefined : jobs.get(asking.job.id);
  if (asking === null || now === undefined || now.version <= asking.job.version) return null;
  return {
    state: { ...state, asking: null },
    lines: [`${nameOf(now)} has changed meanwhile: nothing was done`],
  };
}
