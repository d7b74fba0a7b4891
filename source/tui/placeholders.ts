import { stripVTControlCharacters } from 'node:util';
import chalk from 'chalk';
import { createContext } from 'react';
import { toAscii } from '../presentation/text/ascii.ts';
import { widthOf } from '../presentation/text/width.ts';
import { type Line, lineWidth } from './spans.ts';
import { type Theme, textProps } from './theme.ts';

/** Private-use characters, one for each line on the screen: safeText lets none of them through. */
const first = 0xe000;
const last = 0xf8fe;
const anyPlaceholder = /[\ue000-\uf8fe]/;

/** Marks the character that the terminal's cursor stands on; takes no column. */
const caretMark = '\uf8ff';

/**
 * Lines go through Ink as one character each and are put back afterwards. Ink looks at every
 * character of every line for every frame: on a full 120×45 that took 15 ms a key, and takes 5.
 */
export class Placeholders {
  readonly #lines = new Map<string, { text: string; width: number }>();
  readonly #free: string[] = [];
  #next = first;

  /** A character that stands for one line until released; null if none is free. */
  take(): string | null {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#next > last) return null;
    this.#next += 1;
    return String.fromCharCode(this.#next - 1);
  }

  set(placeholder: string, text: string, width: number): void {
    // The placeholder takes a column even if the line is empty.
    this.#lines.set(placeholder, width === 0 ? { text: ' ', width: 1 } : { text, width });
  }

  release(placeholder: string): void {
    this.#lines.delete(placeholder);
    this.#free.push(placeholder);
  }

  /** The real frame: a line covers the blanks after its placeholder. */
  expand(frame: string): Expanded {
    const rows = frame.split('\n').map((row) => this.#expandRow(row).trimEnd());
    const row = rows.findIndex((line) => line.includes(caretMark));
    if (row === -1) return { frame: rows.join('\n'), caret: null };
    const [before = '', ...after] = rows[row]!.split(caretMark);
    rows[row] = before + after.join('');
    const column = widthOf(stripVTControlCharacters(before));
    return { frame: rows.join('\n'), caret: { row, column } };
  }

  #expandRow(row: string): string {
    const at = row.search(anyPlaceholder);
    if (at === -1) return row;
    const { text, width } = this.#lines.get(row[at]!) ?? { text: '', width: 0 };
    let rest = at + 1;
    while (rest < row.length && rest < at + width && row[rest] === ' ') rest += 1;
    return row.slice(0, at) + text + this.#expandRow(row.slice(rest));
  }
}

export type Position = { row: number; column: number };

export type Expanded = { frame: string; caret: Position | null };

/** Without one, lines are Ink's own text. */
export const PlaceholderContext = createContext<Placeholders | null>(null);

function inColor(color: string, text: string): string {
  const number = /^ansi256\((\d+)\)$/.exec(color)?.[1];
  return number === undefined
    ? (chalk as unknown as Record<string, typeof chalk>)[color]!(text)
    : chalk.ansi256(Number(number))(text);
}

/** A styled line, as Ink would have written it. */
export function styled(theme: Theme, line: Line): { text: string; width: number } {
  const text = line.map((piece) => {
    const { bold, dimColor, color } = textProps(theme, piece.tone);
    let shown = theme.ascii ? toAscii(piece.text) : piece.text;
    if (dimColor) shown = chalk.dim(shown);
    if (color !== undefined) shown = inColor(String(color), shown);
    if (bold) shown = chalk.bold(shown);
    if (piece.inverse) shown = chalk.inverse(shown);
    return piece.caret ? caretMark + shown : shown;
  });
  return { text: text.join(''), width: lineWidth(line) };
}
