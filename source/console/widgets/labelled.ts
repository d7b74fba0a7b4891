import { cutMessage, wrap } from '../../presentation/text/fitted.ts';
import type { Tone } from '../../presentation/text/tone.ts';
import { type Line, span } from './spans.ts';

export const labelWidth = 6;

/** `Will  pause 3 jobs …`: a text after its label, in at most `most` lines. */
export function labelled(
  label: string,
  text: string,
  width: number,
  most: number,
  tone: Tone = 'plain',
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
