import { effectTexts } from '../../../presentation/job/effect-text.ts';
import type { Cell } from '../../../presentation/text/tone.ts';
import type { Card } from '../../model/overlay.ts';
import { labelWidth } from '../../widgets/labelled.ts';
import { cut, flow, type Line, span } from '../../widgets/spans.ts';
import { forecastOf, isRenewed } from './asked-forecast.ts';

/** What the action changes, in at most `most` lines: what matters least gives way. */
export function forecastLines(card: Card, width: number, most: number): Line[] {
  if (isRenewed(card)) return [[label('ETA'), span('…', 'dim')]].slice(0, most);
  const answer = forecastOf(card);
  if (answer === null) return [];
  if (answer.effects === null) {
    const why = `no forecast: ${answer.failure ?? 'no answer'}`;
    return [cut([label('ETA'), span(why, 'dim')], width)].slice(0, most);
  }
  const { own, others } = effectTexts(answer.effects, card.zone);
  const lines = [...block('ETA', own, width), ...block('Other', others, width)];
  if (lines.length <= most) return lines;
  const shown = lines.slice(0, most);
  const last = shown.at(-1);
  return last === undefined ? [] : shown.with(-1, cut([...last, span(' · …', 'dim')], width));
}

/** Whether every job of the action gets a slot with no one's help, as far as is known. */
export function startsInTurn(card: Card): boolean {
  const jobs = forecastOf(card)?.effects?.jobs ?? [];
  return jobs.length > 0 && jobs.every(({ after }) => after !== null && after.start_at !== null);
}

function label(text: string) {
  return span(text.padEnd(labelWidth), 'dim');
}

function block(name: string, cells: readonly Cell[], width: number): Line[] {
  const facts = cells.map(({ text, tone }): Line => [span(text, tone)]);
  return flow(facts, width - labelWidth).map((line, index) => [
    label(index === 0 ? name : ''),
    ...line,
  ]);
}
