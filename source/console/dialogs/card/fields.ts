import { formatDuration, formatInstant, formatSecond } from '../../../presentation/text/format.ts';
import { signOf } from '../../../presentation/text/tone.ts';
import { type ParameterField, presently } from '../../model/actions.ts';
import type { Card, FieldName } from '../../model/overlay.ts';
import { fieldText, unfocusedText } from '../../widgets/field-spans.ts';
import { cut, type Line, lineWidth, message, span, spread } from '../../widgets/spans.ts';
import { problemOfField, settingsOf } from './state.ts';

export function parameterLines(card: Card, field: ParameterField, width: number): Line[] {
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

function readBack(card: Card, { name }: ParameterField): string | null {
  const { sla_deadline_at: at } = settingsOf(card);
  if (name !== 'deadline' || !(at instanceof Date)) return null;
  const { as_of, zone, values } = card;
  const left = formatDuration((at.getTime() - as_of.getTime()) / 1000);
  const from = values.deadline?.trim().startsWith('+') ? ` from ${formatSecond(as_of, zone)}` : '';
  return `= ${formatInstant(at, zone)}, in ${left}${from}`;
}

export function fieldLine(card: Card, field: FieldName, label: string, width: number): Line {
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
