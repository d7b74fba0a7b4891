import { charactersOf } from '../../presentation/text/characters.ts';
import { takeColumns, truncateStart } from '../../presentation/text/fitted.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import type { Tone } from '../../presentation/text/tone.ts';
import { widthOf } from '../../presentation/text/width.ts';
import { type Line, type Span, span } from './spans.ts';
import type { TextField } from './text-field.ts';

/** The caret after the last character, where no cursor is shown. */
const bar = '▏';

/** A focused field in at most `room` columns: of a long text the part around the caret. */
export function fieldText({ value, caret }: TextField, room: number, tone: Tone = 'strong'): Line {
  const safe = (text: string) => safeText(text, { cap: 500 });
  const [under = ''] = charactersOf(value.slice(caret));
  const after = safe(value.slice(caret + under.length));
  const at: Span = under === '' ? span(bar, 'accent') : span(safe(under), tone);
  const free = Math.max(1, room - widthOf(at.text));
  const before = truncateStart(safe(value.slice(0, caret)), after === '' ? free : free - 1);
  const left = free - widthOf(before);
  const rest = widthOf(after) <= left ? after : `${takeColumns(after, left - 1)}…`;
  return [span(before, tone), { ...at, caret: true }, ...(rest === '' ? [] : [span(rest, tone)])];
}

export function unfocusedText(value: string, room: number, tone: Tone = 'plain'): Line {
  const text = safeText(value, { cap: 500 });
  return [span(widthOf(text) <= room ? text : `${takeColumns(text, room - 1)}…`, tone)];
}
