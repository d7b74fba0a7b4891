import type { ReadStream } from 'node:tty';
import type { RawInput } from './keys.ts';
import { decodeTokens } from './keys.ts';
import { dueAt, elapsed, idleTokenizer, type Token, tokenize } from './tokenizer.ts';

export type KeyboardEvents = {
  input: (inputs: readonly RawInput[]) => void;
  background: (light: boolean) => void;
};

/**
 * Ink takes some reports of a terminal for keys, throws at others (vadimdemedes/ink#901), and makes
 * keys of a sequence that arrives in two parts.
 */
export class Keyboard {
  readonly #stdin: ReadStream;
  readonly #events: KeyboardEvents;
  #tokenizer = idleTokenizer;
  #timer: NodeJS.Timeout | null = null;
  #grace: NodeJS.Immediate | null = null;

  constructor(stdin: ReadStream, events: KeyboardEvents) {
    this.#stdin = stdin;
    this.#events = events;
  }

  open(): void {
    this.#stdin.on('data', this.#read);
    this.#stdin.ref?.();
    this.#stdin.resume();
  }

  close(): void {
    this.#stdin.off('data', this.#read);
    this.#stdin.pause();
    this.#stdin.unref?.();
    this.#stopWaiting();
  }

  readonly #read = (read: Buffer): void => {
    this.#stopWaiting();
    const [tokenizer, tokens] = tokenize(this.#tokenizer, read, performance.now());
    this.#tokenizer = tokenizer;
    this.#emit(tokens);
    this.#wait();
  };

  /** Input that arrived while this process was busy comes before the timeout. */
  readonly #elapsed = (): void => {
    this.#grace = setImmediate(() => {
      const [tokenizer, tokens] = elapsed(this.#tokenizer, performance.now());
      this.#tokenizer = tokenizer;
      this.#emit(tokens);
      this.#wait();
    });
  };

  #wait(): void {
    const due = dueAt(this.#tokenizer);
    if (due === null) return;
    this.#timer = setTimeout(this.#elapsed, Math.max(1, Math.ceil(due - performance.now())));
  }

  #stopWaiting(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#grace !== null) clearImmediate(this.#grace);
    this.#timer = null;
    this.#grace = null;
  }

  #emit(tokens: readonly Token[]): void {
    const { inputs, light } = decodeTokens(tokens);
    if (light !== null) this.#events.background(light);
    if (inputs.length > 0) this.#events.input(inputs);
  }
}
