import { caretMark } from '../terminal/placeholders.ts';
import { type Line, lineWidth, type Span } from './spans.ts';
import { drawn, type Theme, textProps } from './theme.ts';

/** SGR codes by the names that Ink and chalk give them. */
const colors: Readonly<Record<string, number>> = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  blueBright: 94,
};

/** The line with escape sequences: the same cells and styles as through Ink's `<Text>`. */
export function styled(theme: Theme, line: Line): { text: string; width: number } {
  const text = mergeSpans(line).map((piece) => {
    const { on, off } = codesOf(theme, piece);
    return `${piece.caret ? caretMark : ''}${on}${drawn(theme, piece.text)}${off}`;
  });
  return { text: text.join(''), width: lineWidth(line) };
}

function codesOf(theme: Theme, { tone, inverse }: Span): { on: string; off: string } {
  const { bold, dimColor, color } = textProps(theme, tone);
  const codes: [on: string, off: string][] = [];
  if (inverse) codes.push(['7', '27']);
  if (bold) codes.push(['1', '22']);
  if (color !== undefined) codes.push([colorCode(color), '39']);
  if (dimColor) codes.push(['2', '22']);
  return {
    on: codes.map(([on]) => `\x1b[${on}m`).join(''),
    off: codes.map(([, off]) => `\x1b[${off}m`).join(''),
  };
}

function colorCode(color: string): string {
  const number = /^ansi256\((\d+)\)$/.exec(color)?.[1];
  return number === undefined ? String(colors[color]) : `38;5;${number}`;
}

export function mergeSpans(line: Line): Span[] {
  const merged: Span[] = [];
  for (const span of line) {
    const previous = merged.at(-1);
    const alike =
      previous !== undefined &&
      previous.caret === span.caret &&
      previous.inverse === span.inverse &&
      (previous.tone === span.tone || (span.inverse !== true && span.text.trim() === ''));
    if (alike) merged[merged.length - 1] = { ...previous, text: previous.text + span.text };
    else merged.push(span);
  }
  return merged;
}
