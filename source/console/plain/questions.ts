import { actionSql } from '../../domain/job/action-sql.ts';
import { dialogsOn } from '../../domain/job/dialog.ts';
import type { JobView } from '../../domain/job/job.ts';
import { actionText } from '../../presentation/job/action-text.ts';
import { dialogText } from '../../presentation/job/dialog-text.ts';
import { stateLabel } from '../../presentation/job/state-label.ts';
import { plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import {
  firstPossible,
  needsReason,
  problemOfField,
  settingsOf,
  wantedField,
} from '../dialogs/card/state.ts';
import { isDropping } from '../dialogs/form.ts';
import { actionOf, presently } from '../model/actions.ts';
import type { Card, CardPlan, FieldName } from '../model/overlay.ts';
import type { State } from '../model/state.ts';
import { goBack } from '../screens/navigate.ts';
import { nameOf } from './job-lines.ts';
import type { Plain } from './lines.ts';

export function cardOf({ overlay }: State): Card | null {
  return overlay?.type === 'card' ? overlay : null;
}

const toStop = 'a single . cancels';

export function openingLines(state: State, card: Card): string[] {
  const { name, job, plan, as_of } = card;
  const { action, verb } = actionOf(name);
  const title = verb?.replace(/ of$/, '') ?? actionText[action].verb;
  const planned = plan?.jobs ?? [{ job, refusal: null }];
  const { dialogs } = state.jobs.list!.page;
  const open = new Set(planned.flatMap((one) => dialogsOn(dialogs, one.job.id)));
  const others = dialogText([...open], as_of);
  const also = others === null ? [] : [`Also: ${others}.`];
  return [
    ...(plan === null ? [] : planned.map((one) => `${nameOf(one.job)}: ${plannedText(one)}`)),
    `${title}: ${plan === null ? `${nameOf(job)}, ${seenText(job)}.` : countText(card, plan)}`,
    ...questionLines(card).toSpliced(-1, 0, ...also),
  ];
}

function seenText({ state, version }: JobView): string {
  return `${stateLabel(state).word}, version ${version}`;
}

function plannedText({ job, refusal }: CardPlan['jobs'][number]): string {
  return refusal === null ? seenText(job) : `will be skipped: ${refusal}`;
}

function countText({ expected }: Card, { jobs, truncated }: CardPlan): string {
  const more = truncated ? ' More jobs match than one action may include.' : '';
  return `${expected} of ${plural(jobs.length, 'job')}.${more}`;
}

export function questionLines(card: Card): string[] {
  return [...(card.focus === 'reason' ? intentLines(card) : []), questionOf(card)];
}

function intentLines(card: Card): string[] {
  const { name, plan, as_of: asOf, zone, known } = card;
  const { action } = actionOf(name);
  const job = (plan === null ? undefined : firstPossible(plan)) ?? card.job;
  const settings = settingsOf(card);
  const sql = safeText(actionSql(action, job, settings).replace(/\s+/g, ' '), { cap: 2000 });
  if (plan !== null) return [`SQL of each, as of ${nameOf(job)}: ${sql}`];
  const intent = { job, asOf, settings, zone, known };
  const after = actionText[action].after(intent);
  return [
    `It will ${actionText[action].will(intent)}.`,
    ...(after === null ? [] : [`Then: ${after}.`]),
    `SQL: ${sql}`,
  ];
}

export function questionOf(card: Card): string {
  const { name, job, plan, focus, expected } = card;
  switch (focus) {
    case 'reason':
      return needsReason(card)
        ? `Reason (required)? ${toStop}.`
        : `Reason (optional)? Enter skips it; ${toStop}.`;
    case 'check':
      return `Type ${safeText(expected ?? '')} to continue; ${toStop}.`;
    case 'cancel':
    case 'confirm':
      return `Type yes to ${name} ${plan === null ? nameOf(job) : plural(Number(expected), 'job')}; anything else cancels.`;
    default:
      return fieldQuestion(card, focus);
  }
}

function fieldQuestion({ name, job, plan, values, zone }: Card, focus: FieldName): string {
  const field = actionOf(name).fields.find((one) => one.name === focus)!;
  const now = new Set((plan?.jobs ?? [{ job }]).map((one) => presently(field, one.job, zone)));
  const empty = values[focus] === '' ? 'keeps it' : `sets ${values[focus]}`;
  const how = focus === 'deadline' ? ', as +2h, 2024-01-17T00:00Z or none' : '';
  return `${field.label}, now ${now.size === 1 ? [...now][0] : 'various'}${how}? Enter ${empty}; ${toStop}.`;
}

/**
 * The text goes into the field, then Tab; a single `.` is Esc, `yes` at the end is `y`. Enter alone
 * does not confirm.
 */
export function answerQuestion(view: Plain, card: Card, answer: string): readonly string[] {
  const { focus } = card;
  if (isDropping(card, view.at)) return [`Ignored: typed before the question. ${questionOf(card)}`];
  if (answer === '.') return view.run(goBack);
  if (focus === 'confirm' || focus === 'cancel') {
    if (/^yes$/i.test(answer)) view.press('y');
    // Refused by the dialog, with nothing left to type.
    return cardOf(view.state)?.focus === focus ? view.run(goBack) : [];
  }
  if (answer !== '') fill(view, answer);
  const typed = cardOf(view.state);
  if (typed === null) return [];
  const complaint = complaintOf(typed, focus);
  if (complaint !== null) {
    fill(view, card.values[focus] ?? '');
    return [`${complaint}${questionOf(card)}`];
  }
  const { fields } = actionOf(card.name);
  // After the last field: nothing is to be changed.
  const isLast = fields.at(-1)?.name === focus;
  if (isLast && wantedField(typed) === fields[0]!.name) return view.run(goBack);
  view.press('tab');
  return [];
}

function fill(view: Plain, text: string): void {
  view.press('ctrl-u');
  view.send({ type: 'paste', text });
}

function complaintOf(card: Card, name: FieldName): string | null {
  const { values, expected } = card;
  if (name === 'check') return values.check === expected ? null : 'That does not match. ';
  if (name === 'reason') return needsReason(card) && values.reason.trim() === '' ? '' : null;
  const field = actionOf(card.name).fields.find((one) => one.name === name)!;
  const problem = problemOfField(card, field);
  return problem === null ? null : `${safeText(problem, { cap: 300 })}. `;
}
