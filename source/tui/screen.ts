import type { Size } from '../console/messages.ts';
import { paintAll, paintChanges } from './frame.ts';

/** As much of a terminal as is written to. */
export type Output = {
  write: (data: string, done?: () => void) => boolean;
  once: (event: 'drain', listener: () => void) => unknown;
};

/** Frames larger than this are shown in one go by terminals that can (DEC mode 2026). */
const synchronizeFrom = 1024;

/**
 * Brings frames onto the terminal: what has changed since the last one, and only the newest frame
 * when the terminal is slower than we are.
 */
export class Screen {
  readonly #output: Output;
  #size: Size;
  /** What the terminal shows; null = not known. */
  #shown: readonly string[] | null = null;
  #latest: readonly string[] = [];
  #blocked = false;
  #closed = false;
  #waiting: (() => void)[] = [];

  constructor(output: Output, size: Size) {
    this.#output = output;
    this.#size = size;
  }

  draw(frame: string): void {
    // A line too many would scroll the screen.
    this.#latest = frame.split('\n').slice(0, this.#size.rows);
    this.#flush();
  }

  /** Calls back once the newest frame has been handed to the terminal. */
  afterPaint(done: () => void): void {
    this.#waiting.push(done);
    this.#flush();
  }

  resize(size: Size): void {
    this.#size = size;
    this.#shown = null;
  }

  /** Paints everything again: something else has written to the terminal. */
  repaint(): void {
    this.#shown = null;
    this.#flush();
  }

  /** What has no place on the screen: a sound, a notification. */
  signal(sequence: string): void {
    if (!this.#closed) this.#output.write(sequence);
  }

  /** From here on nothing is written: the terminal is somebody else's. */
  close(): void {
    this.#closed = true;
  }

  open(): void {
    this.#closed = false;
    this.repaint();
  }

  #flush(): void {
    if (this.#closed || this.#blocked) return;
    const data =
      this.#shown === null
        ? paintAll(this.#latest, this.#size.rows)
        : paintChanges(this.#shown, this.#latest);
    this.#shown = this.#latest;
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
