import { actionRules } from '../../domain/job/action.ts';
import { actionSql } from '../../domain/job/action-sql.ts';
import type { JobEvent } from '../../domain/job/detail.ts';
import { dialogsOn } from '../../domain/job/dialog.ts';
import type { JobView } from '../../domain/job/job.ts';
import { actionText } from '../../presentation/job/action-text.ts';
import { dialogText } from '../../presentation/job/dialog-text.ts';
import { recentAction } from '../../presentation/job/recent-action.ts';
import { stateLabel } from '../../presentation/job/state-label.ts';
import { plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { actEffect, reasonOf } from '../act-effect.ts';
import { type ActionName, actionOf, presently } from '../actions.ts';
import {
  focusOrder,
  needsReason,
  parametersOf,
  problemOfField,
  settingsOf,
  typedCheck,
} from '../card.ts';
import { dropMs } from '../dialog.ts';
import type { DraftPlan } from '../effects.ts';
import { plannedJobs } from '../planning.ts';
import { isOpen, unconfirmed } from '../run-items.ts';
import { fieldOfText, insertText } from '../text-field.ts';
import { nameOf } from './job-lines.ts';
import { beginRun } from './running.ts';
import type { Asking, PlainState, PlainStep } from './state.ts';

const toStop = 'a single . cancels';

function whyNotNow(state: PlainState): string | null {
  if (state.read_only) return 'this console is read-only';
  if (state.down) return 'no answer from the database';
  return state.run !== null && isOpen(state.run)
    ? 'an action on several jobs is still running'
    : null;
}

export function openQuestion(
  state: PlainState,
  name: ActionName,
  job: JobView,
  at: number,
): PlainStep {
  const rule = actionRules[actionOf(name).action];
  const refusal = whyNotNow(state) ?? rule.refusal(job);
  if (refusal !== null) return { state, lines: [`${nameOf(job)}: ${refusal}`] };
  const expected = rule.final ? typedCheck(job) : null;
  const asking = askingOf(name, job, state.as_of ?? job.created_at, null, expected);
  const opened = ask(state, asking, firstOf(asking), at);
  const seen = `${titleOf(name)}: ${nameOf(job)}, ${stateLabel(job.state).word}, version ${job.version}.`;
  return {
    state: opened.state,
    lines: [seen, ...withOthers(state, asking, opened.lines)],
    effects: [{ type: 'data', effect: { type: 'load-recent-events', id: job.id } }],
  };
}

/** The same for several jobs, listing each with its refusal, if any. */
export function openPlan(
  state: PlainState,
  name: ActionName,
  draft: DraftPlan,
  at: number,
): PlainStep {
  const [first] = draft.jobs;
  const refusal = whyNotNow(state) ?? (first === undefined ? 'no job matches' : null);
  if (first === undefined || refusal !== null) return { state, lines: [`${refusal}.`] };
  const { id, created_at } = draft;
  const plan = { id, created_at, jobs: plannedJobs(name, draft), hidden: [], missing: 0, top: 0 };
  const some = plan.jobs.filter((one) => one.refusal === null).length;
  const listed = plan.jobs.map(({ job, refusal: why }) => {
    const word = `${stateLabel(job.state).word}, version ${job.version}`;
    return why === null ? `${nameOf(job)}: ${word}` : `${nameOf(job)}: will be skipped: ${why}`;
  });
  const more = draft.truncated ? [' More jobs match than one action may include.'] : [];
  const head = `${titleOf(name)}: ${some} of ${plural(plan.jobs.length, 'job')}.${more}`;
  if (some === 0) return { state, lines: [...listed, `${head} No job can be changed.`] };
  const asking = askingOf(name, first, created_at, plan, String(some));
  const { state: next, lines } = ask(state, asking, firstOf(asking), at);
  return { state: next, lines: [...listed, head, ...withOthers(state, asking, lines)] };
}

/** Inserts other consoles' dialogs before the question. */
function withOthers(
  { dialogs }: PlainState,
  { job, plan, as_of }: Asking,
  lines: readonly string[] = [],
): string[] {
  const ids = plan?.jobs.map((one) => one.job.id) ?? [job.id];
  const open = new Set(ids.flatMap((id) => dialogsOn(dialogs, id)));
  const others = dialogText([...open], as_of);
  return others === null ? [...lines] : lines.toSpliced(-1, 0, `Also: ${others}.`);
}

function askingOf(
  name: ActionName,
  job: JobView,
  as_of: Date,
  plan: Asking['plan'],
  expected: string | null,
): Asking {
  const initial = actionOf(name).fields.map(({ name: field, initial = '' }) => [field, initial]);
  const values = { reason: '', check: '', ...Object.fromEntries(initial) };
  return { name, job, plan, as_of, values, expected, question: 'confirm', asked_at: 0 };
}

function titleOf(name: ActionName): string {
  const { action, verb } = actionOf(name);
  return verb?.replace(/ of$/, '') ?? actionText[action].verb;
}

type Question = Asking['question'];

function questionsOf(asking: Asking): Question[] {
  return focusOrder(asking).filter((one) => one !== 'cancel');
}

function firstOf(asking: Asking): Question {
  return questionsOf(asking)[0]!;
}

function ask(state: PlainState, asking: Asking, question: Question, asked_at: number): PlainStep {
  const following = { ...asking, question, asked_at };
  const intent = question === 'reason' ? intentLines(following) : [];
  return {
    state: { ...state, asking: following },
    lines: [...intent, questionOf(following)],
  };
}

function intentLines(asking: Asking): string[] {
  const { action } = actionOf(asking.name);
  const job = asking.plan?.jobs.find(({ refusal }) => refusal === null)?.job ?? asking.job;
  const settings = settingsOf(asking);
  const sql = actionSql(action, job, settings).replace(/\s+/g, ' ');
  const text = safeText(sql, { cap: 2000 });
  if (asking.plan !== null) return [`SQL of each, as of ${nameOf(job)}: ${text}`];
  const intent = { job, asOf: asking.as_of, settings };
  const after = actionText[action].after(intent);
  return [
    `It will ${actionText[action].will(intent)}.`,
    ...(after === null ? [] : [`Then: ${after}.`]),
    `SQL: ${text}`,
  ];
}

export function questionOf(asking: Asking): string {
  const { name, job, plan, question, expected } = asking;
  switch (question) {
    case 'reason':
      return needsReason(asking)
        ? `Reason (required)? ${toStop}.`
        : `Reason (optional)? Enter skips it; ${toStop}.`;
    case 'check':
      return `Type ${safeText(expected ?? '')} to continue; ${toStop}.`;
    case 'confirm':
      return `Type yes to ${name} ${plan === null ? nameOf(job) : plural(Number(expected), 'job')}; anything else cancels.`;
    default:
      return fieldQuestion(asking, question);
  }
}

function fieldQuestion({ name, job, plan, values }: Asking, question: Question): string {
  const field = actionOf(name).fields.find((one) => one.name === question)!;
  const now = new Set((plan?.jobs ?? [{ job }]).map((one) => presently(field, one.job, 'utc')));
  const empty = values[field.name] === '' ? 'keeps it' : `sets ${values[field.name]}`;
  const how = field.name === 'deadline' ? ', as +2h, 2024-01-17T00:00Z or none' : '';
  return `${field.label}, now ${now.size === 1 ? [...now][0] : 'various'}${how}? Enter ${empty}; ${toStop}.`;
}

/** Enter alone does not confirm. */
export function answerQuestion(
  state: PlainState,
  asking: Asking,
  text: string,
  at: number,
): PlainStep {
  const answer = text.trim();
  if (at < asking.asked_at + dropMs) {
    return { state, lines: [`Ignored: typed before the question. ${questionOf(asking)}`] };
  }
  const { question, expected } = asking;
  if (answer === '.') return left(state, asking);
  if (question === 'confirm')
    return /^yes$/i.test(answer) ? send(state, asking, at) : left(state, asking);
  if (question === 'check' && answer !== expected)
    return { state, lines: [`That does not match. ${questionOf(asking)}`] };
  if (question === 'reason' && needsReason(asking) && answer === '')
    return { state, lines: [questionOf(asking)] };
  return answered(state, asking, answer, at);
}

function answered(state: PlainState, asking: Asking, answer: string, at: number): PlainStep {
  const { question, values, name } = asking;
  const field = actionOf(name).fields.find((one) => one.name === question);
  const kept =
    field !== undefined && answer === ''
      ? values[field.name]
      : insertText(fieldOfText(''), answer).value;
  const next: Asking = { ...asking, values: { ...values, [question]: kept } };
  const problem = field === undefined ? null : problemOfField(next, field);
  if (problem !== null)
    return { state, lines: [`${safeText(problem, { cap: 300 })}. ${questionOf(asking)}`] };
  const order = questionsOf(asking);
  const following = order[order.indexOf(question) + 1]!;
  const { needs_parameter } = actionRules[actionOf(name).action];
  if (following === 'reason' && needs_parameter && Object.keys(parametersOf(next)).length === 0) {
    return left(state, asking);
  }
  return ask(state, next, following, at);
}

/** Compare-and-set on what was shown when the question was opened. */
function send(state: PlainState, asking: Asking, at: number): PlainStep {
  const { name, job, plan, values } = asking;
  const refusal = whyNotNow(state);
  if (refusal !== null) {
    return { state: { ...state, asking: null }, lines: [`${refusal}: nothing was done`] };
  }
  if (plan !== null) return beginRun({ ...state, asking: null }, asking, plan, at);
  const effect = actEffect(name, job, reasonOf(values.reason), parametersOf(asking));
  return {
    state: { ...state, asking: null, acting: state.acting + 1 },
    lines: [`${actionText[effect.action].gerund} ${nameOf(job)}: ${unconfirmed}`],
    effects: [{ type: 'data', effect }],
  };
}

function left(state: PlainState, { job, plan }: Asking): PlainStep {
  const what = plan === null ? nameOf(job) : plural(plan.jobs.length, 'job');
  return { state: { ...state, asking: null }, lines: [`${what}: nothing was done`] };
}

/** Prints recent actions of others before the question is answered. */
export function showRecent(
  state: PlainState,
  id: string,
  events: readonly JobEvent[],
  as_of: Date,
): PlainStep {
  const { asking } = state;
  const news = recentAction(events, as_of);
  if (asking?.job.id !== id || asking.plan !== null || news === null) return { state };
  return { state, lines: [`News: ${news}.`, questionOf(asking)] };
}

/** Drops the question when its job has changed. A plan compares each job when it is sent. */
export function disarmed(state: PlainState, jobs: ReadonlyMap<string, JobView>): PlainStep | null {
  const { asking } = state;
  const now = asking === null || asking.plan !== null ? undefined : jobs.get(asking.job.id);
  if (asking === null || now === undefined || now.version <= asking.job.version) return null;
  return {
    state: { ...state, asking: null },
    lines: [`${nameOf(now)} has changed meanwhile: nothing was done`],
  };
}
