import { actionOf, type ParameterField, presently } from '../console/actions.ts';
import {
  actionOfCard,
  changedMeanwhile,
  firstPossible,
  isGone,
  missing,
  needsReason,
  noLongerThere,
  problemOfField,
  settingsOf,
  settingsOfChange,
} from '../console/card.ts';
import { turnKey } from '../console/card-keys.ts';
import { keyName } from '../console/key-names.ts';
import { tooSmall } from '../console/layout.ts';
import type { Card, CardPlan, FieldName } from '../console/overlay.ts';
import { isOfChanges } from '../console/run-items.ts';
import type { State } from '../console/state.ts';
import type { JobAction } from '../domain/job/action.ts';
import { actionSql } from '../domain/job/action-sql.ts';
import type { JobView } from '../domain/job/job.ts';
import { shortId } from '../domain/job/reference.ts';
import { actionText, type Intent } from '../presentation/job/action-text.ts';
import { claimObstacle, mayNotFinish } from '../presentation/job/claim-obstacle.ts';
import { dialogText } from '../presentation/job/dialog-text.ts';
import { stateLabel } from '../presentation/job/state-label.ts';
import { cutMessage, wrap } from '../presentation/text/fitted.ts';
import {
  formatAge,
  formatDuration,
  formatFullCount,
  formatInstant,
  formatSecond,
  plural,
} from '../presentation/text/format.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { signOf } from '../presentation/text/tone.ts';
import { planLines } from './plan-lines.ts';
import { cut, type Line, lineWidth, message, type Span, span, spread } from './widgets/spans.ts';
import { fieldText, unfocusedText } from './widgets/text-field.ts';

/**
 * Inside of an action's dialog: what was seen, what will happen, and the questions. On a low
 * terminal the questions stay, with a note that something is missing.
 */
export function cardLines(state: State, card: Card, width: number, height: number): Line[] {
  const small = tooSmall(state.size);
  if (small !== null) {
    const why = wrap(small, width).map((text): Line => [span(text, 'warn')]);
    return [...why, ...detailLines(state, card, width, height - why.length)].slice(0, height);
  }
  const controls = controlLines(state, card, width);
  const details = detailLines(state, card, width, height - controls.length - 2);
  const spare = height - details.length - controls.length;
  if (spare >= 2) return [...details, [], ...controls.slice(0, -1), [], ...controls.slice(-1)];
  if (spare >= 0) return [...details, ...controls];
  const kept = Math.max(0, height - controls.length - 1);
  const note: Line = [span('… the terminal is too small to show everything', 'warn')];
  return [
    ...details.slice(0, kept),
    ...(height > controls.length ? [note] : []),
    ...controls.slice(-height),
  ];
}

function detailLines(state: State, card: Card, width: number, room: number): Line[] {
  const { job } = card;
  const { action } = actionOfCard(card);
  if (card.plan !== null) {
    const sql = isOfChanges(card.plan) ? changeSql(card, card.plan) : planSql(card, card.plan);
    const first = firstPossible(card.plan);
    const lines = [
      ...(first ? obstacleLine(card, first, width, `${shortId(first.id)}: `) : []),
      ...labelled('SQL', sql.replace(/\s+/g, ' '), width, 3, 'dim'),
    ];
    return [...planLines(card, card.plan, width, room - lines.length), ...lines];
  }
  const settings = settingsOf(card);
  const { as_of: asOf, zone, known, only } = card;
  const intent: Intent = { job, asOf, settings, zone, known, only };
  const words = actionText[action];
  const after = words.after(intent);
  const seen = [
    ...labelled('Seen', seenText(state, card), width, 2),
    ...changedLine(state, card, width),
    ...othersLine(card, width),
  ];
  const news = card.recent === null ? [] : labelled('News', card.recent, width, 2, 'warn');
  const will = [
    ...labelled('Will', words.will(intent), width, 3),
    ...(after === null ? [] : labelled('Then', after, width, 2)),
    ...obstacleLine(card, job, width),
    ...mayNotFinishLine(card, width),
  ];
  // What will happen takes precedence over recent events.
  const fits = seen.length + news.length + will.length <= room;
  const lines = fits ? [...seen, ...news, ...will] : [...seen, ...will, ...news];
  const which = only === null ? '' : ` -- only ${safeText(only, { cap: 60 })}`;
  const sql = `${actionSql(action, job, settings).replace(/\s+/g, ' ')}${which}`;
  return [...lines, ...labelled('SQL', sql, width, Math.max(6, room - lines.length), 'dim')];
}

function controlLines(state: State, card: Card, width: number): Line[] {
  const { fields } = actionOfCard(card);
  const reason = needsReason(card) ? 'Reason (required)' : 'Reason (optional)';
  const check = card.expected === null ? null : `Type ${safeText(card.expected)}`;
  return [
    ...scopeLine(card, width),
    ...fields.flatMap((field) => parameterLines(card, field, width)),
    fieldLine(card, 'reason', reason, width),
    ...(check === null ? [] : [fieldLine(card, 'check', check, width)]),
    buttonsLine(state, card, width),
  ];
}

/** A retry opened on one failed partition: only that one, or all. */
function scopeLine({ selected, only, job }: Card, width: number): Line[] {
  if (selected === null || job.failed_partitions < 2) return [];
  const all = `all ${formatFullCount(job.failed_partitions)} failed partitions`;
  const one = `only ${safeText(selected, { cap: 60 })}`;
  const [now, other] = only === null ? [all, one] : [one, all];
  const turn = ` (${keyName(turnKey)}: ${other})`;
  return [cut([span(` Retries ${now}`), span(turn, 'dim')], width)];
}

function planSql(card: Card, plan: CardPlan): string {
  const job = firstPossible(plan) ?? card.job;
  const { action } = actionOfCard(card);
  return `of each, as of ${shortId(job.id)}: ${actionSql(action, job, settingsOf(card))}`;
}

function changeSql(card: Card, { jobs, top }: CardPlan): string {
  const possible = ({ refusal }: CardPlan['jobs'][number]) => refusal === null;
  const line = jobs.slice(top).find(possible) ?? jobs.find(possible);
  if (line?.change === undefined) return '';
  const { action } = actionOf(line.change.name);
  const settings = settingsOfChange(card, line.change);
  return `of ${action} ${shortId(line.job.id)}: ${actionSql(action, line.job, settings)}`;
}

export function cardTitle(card: Card): string {
  const verb = verbOf(card);
  if (card.plan !== null && isOfChanges(card.plan)) {
    const jobs = new Set(card.plan.jobs.map(({ job }) => job.id)).size;
    return `${verb} ${plural(card.plan.jobs.length, 'change')} to ${plural(jobs, 'job')}`;
  }
  if (card.plan !== null) return `${verb} ${plural(card.plan.jobs.length, 'job')}`;
  const which = card.only === null ? '' : `${safeText(card.only, { cap: 60 })} of `;
  return `${verb} ${which}${safeText(card.job.asset_name)} · ${shortId(card.job.id)}`;
}

/** Before an object: `Pause`, `Set deadline of`. */
function verbOf(card: Card): string {
  const { action, verb } = actionOfCard(card);
  return verb ?? (action === 'cancel' ? 'Cancel' : actionText[action].verb);
}

function seenText(state: State, { job, seen_at }: Card): string {
  const ago = Math.floor((state.at - seen_at) / 5000) * 5;
  const when = ago < 5 ? 'just now' : `${ago < 60 ? `${ago}s` : formatAge(ago)} ago`;
  const flight = job.running_slots > 0 ? `, ${plural(job.running_slots, 'partition')} running` : '';
  return `${when}: ${stateLabel(job.state).word}, version ${job.version}, ${formatFullCount(job.completed_partitions)}/${formatFullCount(job.total_partitions)}${flight}`;
}

function othersLine({ others }: Card, width: number): Line[] {
  const text = others && dialogText(others.dialogs, others.as_of);
  return text === null ? [] : labelled('Also', text, width, 2, 'warn');
}

const makesWork: readonly JobAction[] = ['resume', 'retry', 'recreate', 'reclaim'];

/** Why the job would not run after the action. `of`: which job, where there are several. */
function obstacleLine(card: Card, { state }: JobView, width: number, of = ''): Line[] {
  const { action } = actionOfCard(card);
  const paused = state === 'paused' && action !== 'resume';
  if (card.known === null || paused || !makesWork.includes(action)) return [];
  const text = claimObstacle(card.known);
  return text === null ? [] : labelled('But', of + text, width, 2, 'warn');
}

/** The dialog of reclaim says itself what happens to these partitions. */
function mayNotFinishLine(card: Card, width: number): Line[] {
  if (card.known === null || actionOfCard(card).action === 'reclaim') return [];
  const text = mayNotFinish(card.known);
  return text === null ? [] : labelled('But', text, width, 2, 'warn');
}

function changedLine(state: State, card: Card, width: number): Line[] {
  if (isGone(state, card)) return labelled('Now', noLongerThere, width, 1, 'bad');
  const now = changedMeanwhile(state, card);
  if (now === null) return [];
  return labelled(
    'Now',
    `${stateLabel(now.state).word}, version ${now.version}: the job has changed`,
    width,
    1,
    'bad',
  );
}

const labelWidth = 6;

function labelled(
  label: string,
  text: string,
  width: number,
  most: number,
  tone: Span['tone'] = 'plain',
): Line[] {
  const lines = wrap(text, width - labelWidth);
  const shown = lines.slice(0, most);
  if (lines.length > most) {
    // The end of the text is kept.
    const rest = [shown.pop() ?? '', ...lines.slice(most)].join(' ');
    shown.push(cutMessage(rest, width - labelWidth));
  }
  return shown.map((line, index) => [
    span((index === 0 ? label : '').padEnd(labelWidth), 'dim'),
    span(line, tone),
  ]);
}

function parameterLines(card: Card, field: ParameterField, width: number): Line[] {
  const jobs = card.plan?.jobs.map(({ job }) => job) ?? [card.job];
  const now = new Set(jobs.map((job) => presently(field, job, card.zone)));
  const label = `${field.label} (now ${now.size === 1 ? [...now][0] : 'various'})`;
  const problem = problemOfField(card, field);
  const read = problem === null ? readBack(card, field) : `invalid: ${problem}`;
  if (read === null) return [fieldLine(card, field.name, label, width)];
  const note = problem === null ? span(read, 'good') : span(`${signOf('warn')}${read}`, 'warn');
  const line = fieldLine(card, field.name, label, width);
  const fits = lineWidth(line) + 2 + lineWidth([note]) <= width;
  return fits ? [spread(line, [note], width)] : [line, message(note.text, note.tone, width, '   ')];
}

/** Shows the instant that a typed deadline means. */
function readBack(card: Card, { name }: ParameterField): string | null {
  const { sla_deadline_at: at } = settingsOf(card);
  if (name !== 'deadline' || !(at instanceof Date)) return null;
  const { as_of, zone, values } = card;
  const left = formatDuration((at.getTime() - as_of.getTime()) / 1000);
  const from = values.deadline?.trim().startsWith('+') ? ` from ${formatSecond(as_of, zone)}` : '';
  return `= ${formatInstant(at, zone)}, in ${left}${from}`;
}

function fieldLine(card: Card, field: FieldName, label: string, width: number): Line {
  const focused = card.focus === field;
  const value = card.values[field] ?? '';
  const done = field === 'check' && value === card.expected;
  const prompt = [
    span(focused ? '▐' : ' ', 'accent'),
    span(`${label}: `, focused ? 'strong' : 'plain'),
  ];
  const room = Math.max(4, width - lineWidth(prompt));
  const tone = done ? 'good' : 'plain';
  const text = focused
    ? fieldText({ value, caret: card.caret }, room, tone)
    : unfocusedText(value, room, tone);
  return cut([...prompt, ...text], width);
}

const keepAll = 'Leave as is';

/** What the buttons say, and what `y` does. */
function buttonTexts(card: Card): { keep: string; confirm: string; verb: string } {
  const { plan } = card;
  const { keep, verb } = actionText[actionOfCard(card).action];
  if (plan === null) return { keep, confirm: verb, verb };
  const some = plan.jobs.filter(({ refusal }) => refusal === null).length;
  const count = isOfChanges(plan) ? plural(some, 'change') : plural(some, 'job');
  return { keep: keepAll, confirm: `${verbOf(card)} ${count}`, verb: verbOf(card) };
}

function buttonsLine(state: State, card: Card, width: number): Line {
  const words = buttonTexts(card);
  const reason = missing(state, card);
  const button = (text: string, focused: boolean, off: boolean): Span =>
    focused
      ? { text: `[ ${text} ]`, tone: 'strong', inverse: true }
      : span(`[ ${text} ]`, off ? 'dim' : 'plain');
  const buttons = [
    button(words.keep, card.focus === 'cancel', false),
    span('   '),
    button(words.confirm, card.focus === 'confirm', reason !== null),
  ];
  const onButton = card.focus === 'cancel' || card.focus === 'confirm';
  const forms =
    card.hint !== null
      ? [`${signOf('warn')}${card.hint}`]
      : onButton
        ? [reason ?? `y ${words.verb.toLowerCase()}`]
        : ['Tab to the buttons, then y', 'Tab, then y'];
  const room = Math.max(0, width - lineWidth(buttons) - 2);
  const hint = forms.find((form) => form.length <= room) ?? forms.at(-1)!;
  const said = span(cutMessage(hint, room), card.hint === null ? 'dim' : 'warn');
  return spread(buttons, [said], width);
}
