import { type ActionParameters, actionRules, readParameters } from '../../../domain/job/action.ts';
import type { JobView } from '../../../domain/job/job.ts';
import { shortId } from '../../../domain/job/reference.ts';
import type { JobSettings } from '../../../domain/job/settings.ts';
import { isTerminal } from '../../../domain/job/state.ts';
import { secondsBetween } from '../../../presentation/job/eta-phrase.ts';
import { recentAction } from '../../../presentation/job/recent-action.ts';
import { formatAge } from '../../../presentation/text/format.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { followOf } from '../../background/follow.ts';
import { askRecentEvents } from '../../background/presence.ts';
import { isReadOnly, readOnlyText, whyNotWrite } from '../../model/access.ts';
import {
  type ActionName,
  actionOf,
  type ConsoleAction,
  type ParameterField,
  whatIfChanges,
} from '../../model/actions.ts';
import { ask, chain } from '../../model/asking.ts';
import type { DataAnswer } from '../../model/effects.ts';
import { tooSmall } from '../../model/layout.ts';
import { isStale, whyStale } from '../../model/link.ts';
import type { Card, CardFocus, CardPlan, FieldName, PlannedChange } from '../../model/overlay.ts';
import { noLongerThere, present, type Target } from '../../model/present.ts';
import { isOfChanges } from '../../model/run-items.ts';
import type { Follow, Question, State, Step } from '../../model/state.ts';
import { firstFocus } from '../form.ts';
import { zoned } from './typed-moment.ts';

export function whyNot(state: State, name: ActionName, target: Target | null): string | null {
  if (target === null) return 'no job is selected';
  const barred = whyNotWrite(state) ?? (target.gone ? noLongerThere : whyStale(state));
  if (barred !== null) return barred;
  const { job, as_of, received_at } = target;
  const follow = followOf(state, job.id);
  if (follow?.phase === 'sent') return 'the previous action on this job has no answer yet';
  if (follow?.phase === 'applied' && isBefore(follow, job, received_at)) {
    return 'the previous action on this job is not shown yet';
  }
  const refusal = actionRules[actionOf(name).action].refusal(job);
  const since = refusal?.endsWith(' paused') === true ? job.paused_at : null;
  if (since === null) return refusal;
  return `${refusal} for ${formatAge(secondsBetween(since, as_of))}`;
}

function isBefore(follow: Follow, job: JobView, received_at: number): boolean {
  return job.version < follow.applied_version || received_at <= (follow.applied_at ?? 0);
}

/**
 * Opens the dialog of an action; nothing is sent before `y`. `values`: initial texts of its fields.
 */
export function openCard(
  state: State,
  name: ActionName,
  target: Target,
  values: Partial<Card['values']> = {},
  only: string | null = null,
): Step {
  const { final } = actionRules[actionOf(name).action];
  return cardOn(state, name, target, null, final ? typedCheck(target.job) : null, values, only);
}

/** `expected` must be typed to enable the button. */
export function cardOn(
  state: State,
  name: ActionName,
  { job, as_of, received_at }: Target,
  plan: Card['plan'],
  expected: string | null,
  values: Partial<Card['values']> = {},
  only: string | null = null,
): Step {
  const token = state.next_request;
  const { fields } = actionOf(name);
  const initial = fields.map(({ name, initial = '' }) => [
    name,
    isTerminal(job.state) ? '' : initial,
  ]);
  const order = focusOrder({ name, plan, expected });
  const card: Card = {
    type: 'card',
    name,
    job,
    plan,
    as_of,
    zone: state.options.zone,
    seen_at: received_at,
    focus: firstFocus(order),
    caret: 0,
    values: { reason: '', check: '', ...Object.fromEntries(initial), ...values },
    expected,
    token,
    recent: null,
    known: null,
    forecast: { asked: null, answer: null },
    selected: only,
    only,
    others: null,
    painted_at: null,
    hint: null,
  };
  const opened: Step = [
    { ...state, overlay: caretAtEnd(card), notice: null, next_request: token + 1 },
    [{ type: 'announce-paint', token }],
  ];
  if (plan !== null) return chain(opened, (next) => askExplanationOfOne(next, card, plan));
  const asking = chain(opened, (next) => askRecentEvents(next, card));
  return chain(asking, (next) => askExplanation(next, card));
}

export function caretAtEnd(card: Card): Card {
  const field = fieldOf(card);
  return { ...card, caret: field === null ? 0 : (card.values[field] ?? '').length };
}

/** Explain knows silent executors, and what keeps the job from running. */
function askExplanation(state: State, { token, job }: Card): Step {
  return ask(state, 'card', { type: 'explain-job', id: job.id }, String(token));
}

/** For several jobs, of one: a limit or a missing executor usually affects all of them. */
function askExplanationOfOne(state: State, card: Card, plan: CardPlan): Step {
  const job = firstPossible(plan);
  return job === undefined || isOfChanges(plan)
    ? [state, []]
    : askExplanation(state, { ...card, job });
}

export function firstPossible({ jobs }: CardPlan): JobView | undefined {
  return jobs.find(({ refusal }) => refusal === null)?.job;
}

/** Recent events and the explanation. The dialog works without them. */
export function cardAnswered(state: State, answer: DataAnswer, { id }: Question): Step {
  const { overlay: card } = state;
  // Another dialog has been opened meanwhile.
  if (card?.type !== 'card' || String(card.token) !== id) return [state, []];
  if (answer.type === 'explained')
    return [{ ...state, overlay: { ...card, known: answer.diagnosed } }, []];
  if (answer.type !== 'recent-events') return [state, []];
  return [
    { ...state, overlay: { ...card, recent: recentAction(answer.events, answer.as_of) } },
    [],
  ];
}

/** The asset's name; if that cannot be typed on a plain keyboard, the job's short id. */
export function typedCheck(job: JobView): string {
  return /^[\x21-\x7e]{1,80}$/.test(job.asset_name) ? job.asset_name : shortId(job.id);
}

export type Asked = Pick<Card, 'name' | 'as_of' | 'values' | 'expected'> &
  Partial<Pick<Card, 'plan' | 'zone'>>;

export function actionOfCard({ name, plan }: Pick<Asked, 'name' | 'plan'>): ConsoleAction {
  return plan && isOfChanges(plan) ? whatIfChanges : actionOf(name);
}

export function needsReason(card: Asked): boolean {
  return actionRules[actionOfCard(card).action].needs_reason;
}

export function focusOrder(card: Pick<Asked, 'name' | 'plan' | 'expected'>): CardFocus[] {
  return [
    'cancel',
    ...actionOfCard(card).fields.map(({ name }) => name),
    'reason',
    ...(card.expected === null ? [] : (['check'] as const)),
    'confirm',
  ];
}

export function fieldOf({ focus }: Card): FieldName | null {
  return focus === 'cancel' || focus === 'confirm' ? null : focus;
}

export function parametersOf(card: Asked): ActionParameters {
  const { fields } = actionOfCard(card);
  const given = fields.flatMap(({ name }) => {
    const text = typedIn(card, name);
    return text === '' ? [] : [[name, text]];
  });
  const parameters: ActionParameters = Object.fromEntries(given);
  const { sla_deadline_at: deadline } = settingsOf(card, parameters);
  return deadline instanceof Date
    ? { ...parameters, deadline: deadline.toISOString() }
    : parameters;
}

function typedIn(card: Asked, name: FieldName): string {
  const text = card.values[name]?.trim() ?? '';
  return name === 'deadline' ? zoned(text, card.zone ?? 'utc', clockOf(card)) : text;
}

export function settingsOf(card: Asked, parameters = parametersOf(card)): JobSettings {
  return readParameters(actionOfCard(card).action, parameters, clockOf(card)).settings;
}

export function settingsOfChange(card: Asked, { name, parameters }: PlannedChange): JobSettings {
  return readParameters(actionOf(name).action, parameters, clockOf(card)).settings;
}

/** What is wrong with a field, or null. An empty field changes nothing and is valid. */
export function problemOfField(card: Asked, { name }: ParameterField): string | null {
  const text = typedIn(card, name);
  if (text === '') return null;
  const { action } = actionOfCard(card);
  const [problem] = readParameters(action, { [name]: text }, clockOf(card)).problems;
  return problem === undefined
    ? null
    : (problem.hint ?? problem.message).replace(/--[a-z-]+ /g, '');
}

/**
 * The database's clock at the reading; relative deadlines count from it, so that they do not tick.
 */
function clockOf({ as_of }: Asked): Date {
  return new Date(Math.floor(as_of.getTime() / 1000) * 1000);
}

export function missing(state: State, card: Card): string | null {
  if (isReadOnly(state)) return readOnlyText(state);
  if (isGone(state, card)) return noLongerThere;
  if (changedMeanwhile(state, card) !== null) return 'the job has changed: close and try again';
  if (isStale(state)) return 'no answer from the database';
  const small = tooSmall(state.size);
  if (small !== null) return small;
  const { action, fields } = actionOfCard(card);
  for (const field of fields) {
    const problem = problemOfField(card, field);
    if (problem !== null) return `${field.label.toLowerCase()}: ${problem}`;
  }
  if (actionRules[action].needs_parameter && Object.keys(parametersOf(card)).length === 0) {
    return 'type a new value first';
  }
  if (needsReason(card) && card.values.reason.trim() === '') return 'a reason is required';
  if (card.expected !== null && card.values.check !== card.expected) {
    return `type ${safeText(card.expected)} to enable the button`;
  }
  return null;
}

export function wantedField(card: Card): FieldName | null {
  const { action, fields } = actionOfCard(card);
  const [wrong] = fields.filter((field) => problemOfField(card, field) !== null);
  if (wrong !== undefined) return wrong.name;
  const [first] = fields;
  const lacksOne =
    actionRules[action].needs_parameter && Object.keys(parametersOf(card)).length === 0;
  if (lacksOne && first !== undefined) return first.name;
  if (needsReason(card) && card.values.reason.trim() === '') return 'reason';
  return card.expected !== null && card.values.check !== card.expected ? 'check' : null;
}

export function changedMeanwhile(state: State, card: Card): JobView | null {
  // A plan compares each job when it is sent.
  if (card.plan !== null) return null;
  const now = present(state)
    .jobs(state)
    .find(({ id }) => id === card.job.id);
  if (now === undefined) return null;
  const same = now.state === card.job.state && now.version === card.job.version;
  return same || now.version < card.job.version ? null : now;
}

export function isGone(state: State, { job, plan }: Card): boolean {
  return plan === null && present(state).lost(state, job.id);
}
