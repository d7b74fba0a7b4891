import { stripVTControlCharacters } from 'node:util';
import { widthOf } from '../../presentation/text/width.ts';

/** Private-use characters, one per line on the screen. safeText lets none from data through. */
const first = 0xe000;
const last = 0xf8fe;
const anyPlaceholder = /[\ue000-\uf8fe]/;

/** Precedes the character under the terminal's cursor; takes no column. */
export const caretMark = '\uf8ff';

/**
 * One character per line while Ink lays out the screen: a key on a full 120×45 screen takes 5 ms
 * instead of 15.
 */
export class Placeholders {
  readonly #lines = new Map<string, { text: string; width: number }>();
  readonly #free: string[] = [];
  #next = first;

  /** A placeholder for one line until released; null if none is free. */
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

  /** The frame with its lines restored; a line replaces the blanks after its placeholder. */
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
