import { cutMessage, takeColumns, truncate } from '../../presentation/text/fitted.ts';
import type { Tone } from '../../presentation/text/tone.ts';
import { widthOf } from '../../presentation/text/width.ts';

export type Span = {
  text: string;
  tone: Tone;
  inverse?: boolean;
  /** Shown whole or not at all: half a time is another time. */
  whole?: true;
  /** The terminal's cursor stands on its first column. */
  caret?: true;
  /** Drawn by this component of @inkjs/ui once Ink is loaded, in the same cells. */
  as?: 'badge' | 'status';
};
export type Line = readonly Span[];

export const blank: Line = [];

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone };
}

/** A time, or a text that contains one. */
export function time(text: string, tone: Tone = 'plain'): Span {
  return { text, tone, whole: true };
}

export function lineWidth(line: Line): number {
  return line.reduce((width, { text }) => width + widthOf(text), 0);
}

/** At most `width` columns; a line that is cut ends in `…`. */
export function cut(line: Line, width: number): Line {
  if (lineWidth(line) <= width) return line;
  const kept: Span[] = [];
  let room = width;
  for (const piece of line) {
    const columns = widthOf(piece.text);
    if (columns >= room)
      return room > 0 ? [...kept, { ...piece, text: cutPiece(piece, room) }] : kept;
    kept.push(piece);
    room -= columns;
  }
  return kept;
}

/** A piece that fits exactly is cut too: more follows. */
function cutPiece({ text, whole }: Span, room: number): string {
  if (whole) return '…';
  return widthOf(text) === room ? `${takeColumns(text, room - 1)}…` : truncate(text, room);
}

/** A message on one line, after `before`; its end is never cut. */
export function message(text: string, tone: Tone, width: number, before = ' '): Line {
  return [span(before + cutMessage(text, width - widthOf(before)), tone)];
}

/** Left and right ends of a line; the right end is dropped if there is no room for both. */
export function spread(left: Line, right: Line, width: number): Line {
  const spare = width - lineWidth(left) - lineWidth(right);
  if (right.length === 0 || spare < 2) return cut(left, width);
  return [...left, span(' '.repeat(spare)), ...right];
}

export function filled(line: Line, width: number): Line {
  const shown = cut(line, width);
  const spare = width - lineWidth(shown);
  return spare > 0 ? [...shown, span(' '.repeat(spare))] : shown;
}

/** The whole line in reverse video; colours that carry a status are kept. */
export function selected(line: Line, width: number): Line {
  const pieces: Span[] = [];
  for (const { text, tone } of filled(line, width)) {
    const kept = statusTones.includes(tone) && text.trim() !== '' ? tone : 'plain';
    const before = pieces.at(-1);
    if (before?.tone === kept) pieces[pieces.length - 1] = { ...before, text: before.text + text };
    else pieces.push({ text, tone: kept, inverse: true });
  }
  return pieces;
}

const statusTones: readonly Tone[] = ['good', 'warn', 'bad'];

export function flow(facts: readonly Line[], width: number): Line[] {
  const lines: Span[][] = [];
  for (const fact of facts) {
    const line = lines.at(-1);
    if (line !== undefined && lineWidth(line) + 3 + lineWidth(fact) <= width) {
      line.push(span(' · ', 'dim'), ...fact);
    } else {
      lines.push([...cut(fact, width)]);
    }
  }
  return lines;
}

/** Old data is dimmed; reverse video (cursor, banner) stays. */
export function faded(line: Line): Line {
  return line.map((piece) => (piece.inverse ? piece : { ...piece, tone: 'dim' as const }));
}

export function exactly(lines: readonly Line[], count: number): Line[] {
  return Array.from({ length: count }, (_, index) => lines[index] ?? blank);
}
