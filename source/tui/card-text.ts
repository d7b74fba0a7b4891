import { changedMeanwhile, missing, needsReason } from '../console/card.ts';
import type { Card, State } from '../console/state.ts';
import { actionSql } from '../domain/action-sql.ts';
import { shortId } from '../domain/job-reference.ts';
import { actionWords } from '../presentation/action-words.ts';
import { truncate, wrap } from '../presentation/fitted.ts';
import { formatAge, formatFullCount, plural } from '../presentation/format.ts';
import { safeText } from '../presentation/safe-text.ts';
import { stateWord } from '../presentation/state-words.ts';
import { cut, type Line, lineWidth, type Span, span, spread } from './spans.ts';

/**
 * The intent card's inside: what was seen, what will happen, and the questions. On a low terminal
 * the questions stay, and it is said that something is missing.
 */
export function cardLines(state: State, card: Card, width: number, height: number): Line[] {
  const details = detailLines(state, card, width);
  const controls = controlLines(state, card, width);
  const spare = height - details.length - controls.length;
  if (spare >= 2) return [...details, [], ...controls.slice(0, -1), [], ...controls.slice(-1)];
  if (spare >= 0) return [...details, ...controls];
  const kept = Math.max(0, height - controls.length - 1);
  const note: Line = [span('… the terminal is too low to show everything', 'warn')];
  return [
    ...details.slice(0, kept),
    ...(height > controls.length ? [note] : []),
    ...controls.slice(-height),
  ];
}

function detailLines(state: State, card: Card, width: number): Line[] {
  const { job, action } = card;
  const words = actionWords[action];
  const after = words.after(job, card.as_of);
  const sql = actionSql(action, job).replace(/\s+/g, ' ');
  return [
    ...labelled('Seen', seenText(state, card), width, 2),
    ...changedLine(state, card, width),
    ...labelled('Will', words.will(job), width, 3),
    ...(after === null ? [] : labelled('Then', after, width, 1)),
    ...labelled('SQL', sql, width, 6, 'dim'),
  ];
}

function controlLines(state: State, card: Card, width: number): Line[] {
  const reason = needsReason(card) ? 'Reason (required)' : 'Reason (optional)';
  return [
    fieldLine(card, 'reason', reason, width),
    ...(card.expected === null
      ? []
      : [fieldLine(card, 'check', `Type ${safeText(card.expected)}`, width)]),
    buttonsLine(state, card, width),
  ];
}

export function cardTitle(card: Card): string {
  const noun = card.action === 'cancel' ? 'Cancel' : actionWords[card.action].verb;
  return `${noun} ${safeText(card.job.asset_name)} · ${shortId(card.job.id)}`;
}

function seenText(state: State, { job, seen_at }: Card): string {
  const ago = Math.floor((state.at - seen_at) / 5000) * 5;
  const when = ago < 5 ? 'just now' : `${ago < 60 ? `${ago}s` : formatAge(ago)} ago`;
  const flight = job.lanes > 0 ? `, ${plural(job.lanes, 'partition')} in flight` : '';
  return `${when}: ${stateWord(job.state).word}, version ${job.version}, ${formatFullCount(job.completed_partitions)}/${formatFullCount(job.total_partitions)}${flight}`;
}

function changedLine(state: State, card: Card, width: number): Line[] {
  const now = changedMeanwhile(state, card);
  if (now === null) return [];
  return labelled(
    'Now',
    `${stateWord(now.state).word}, version ${now.version}: it has changed since`,
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
  return wrap(text, width - labelWidth)
    .slice(0, most)
    .map((line, index) => [
      span((index === 0 ? label : '').padEnd(labelWidth), 'dim'),
      span(line, tone),
    ]);
}

function fieldLine(card: Card, field: 'reason' | 'check', label: string, width: number): Line {
  const focused = card.focus === field;
  const value = card[field];
  const done = field === 'check' ? value === card.expected : value.trim() !== '';
  const prompt = [
    span(focused ? '▐' : ' ', 'accent'),
    span(`${label}: `, focused ? 'strong' : 'plain'),
  ];
  // The end of a long text is what is being typed.
  const room = Math.max(4, width - label.length - 6);
  const shown = value.length > room ? `…${value.slice(-(room - 1))}` : value;
  return cut(
    [
      ...prompt,
      span(shown, field === 'check' && done ? 'good' : 'plain'),
      ...(focused ? [span('▏', 'accent')] : []),
    ],
    width,
  );
}

function buttonsLine(state: State, card: Card, width: number): Line {
  const words = actionWords[card.action];
  const lacking = missing(state, card);
  const button = (text: string, focused: boolean, off: boolean): Span =>
    focused
      ? { text: `[ ${text} ]`, tone: 'strong', inverse: true }
      : span(`[ ${text} ]`, off ? 'dim' : 'plain');
  const buttons = [
    button(words.keep, card.focus === 'cancel', false),
    span('   '),
    button(words.verb, card.focus === 'confirm', lacking !== null),
  ];
  const onButton = card.focus === 'cancel' || card.focus === 'confirm';
  const hint =
    card.hint ??
    (onButton ? (lacking ?? `y: ${words.verb.toLowerCase()}`) : 'Tab moves on; y is a letter here');
  const room = Math.max(0, width - lineWidth(buttons) - 2);
  const said = span(truncate(hint, room), card.hint === null ? 'dim' : 'warn');
  return spread(buttons, [said], width);
}
