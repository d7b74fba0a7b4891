import { moveTo, paintAll, paintChanges } from './frame.ts';
import type { Position } from './placeholders.ts';
import type { Size } from './size.ts';

export type Output = {
  write: (data: string, done?: () => void) => boolean;
  once: (event: 'drain', listener: () => void) => unknown;
};

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';

/** Larger frames are shown in one go by terminals that can (DEC mode 2026). */
const synchronizeFrom = 1024;

/**
 * Writes frames to the terminal: only changes, and only the newest frame when the terminal is
 * slower than we are.
 */
export class Screen {
  readonly #output: Output;
  #size: Size;
  #shown: readonly string[] | null = null;
  #latest: readonly string[] = [];
  #caret: Position | null = null;
  #shownCaret: Position | null | undefined;
  #blocked = false;
  #closed = false;
  #waiting: (() => void)[] = [];

  constructor(output: Output, size: Size) {
    this.#output = output;
    this.#size = size;
  }

  /** `caret`: where text is typed, for input methods and magnifiers. */
  draw(frame: string, caret: Position | null = null): void {
    // One line too many would scroll the screen.
    this.#latest = frame.split('\n').slice(0, this.#size.rows);
    this.#caret = caret !== null && caret.row < this.#size.rows ? caret : null;
    this.#flush();
  }

  afterPaint(done: () => void): void {
    this.#waiting.push(done);
    this.#flush();
  }

  resize(size: Size): void {
    this.#size = size;
    this.#shown = null;
    this.#shownCaret = undefined;
  }

  /** Paints everything: another program has written to the terminal. */
  repaint(): void {
    this.#shown = null;
    this.#shownCaret = undefined;
    this.#flush();
  }

  signal(sequence: string): void {
    if (!this.#closed) this.#output.write(sequence);
  }

  close(): void {
    this.#closed = true;
  }

  open(): void {
    this.#closed = false;
    this.repaint();
  }

  /** The cursor is hidden while painting, and shown only where text is typed. */
  #withCaret(painted: string): string {
    const [before, now] = [this.#shownCaret, this.#caret];
    const same = before?.row === now?.row && before?.column === now?.column && before !== undefined;
    if (painted === '' && same) return '';
    const hidden = before === null ? painted : `${hideCursor}${painted}`;
    return now === null ? hidden : `${hidden}${moveTo(now.row, now.column)}${showCursor}`;
  }

  #flush(): void {
    if (this.#closed || this.#blocked) return;
    const painted =
      this.#shown === null
        ? paintAll(this.#latest, this.#size.rows)
        : paintChanges(this.#shown, this.#latest);
    const data = this.#withCaret(painted);
    this.#shown = this.#latest;
    this.#shownCaret = this.#caret;
    const waiting = this.#waiting;
    this.#waiting = [];
    const done = () => {
      for (const callback of waiting) callback();
    };
    if (data === '') {
      if (waiting.length > 0) queueMicrotask(done);
      return;
    }
    const whole = data.length < synchronizeFrom ? data : `\x1b[?2026h${data}\x1b[?2026l`;
    this.#blocked = !this.#output.write(whole, done);
    if (this.#blocked) {
      this.#output.once('drain', () => {
        this.#blocked = false;
        this.#flush();
      });
    }
  }
}
