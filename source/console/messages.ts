import type { DataAnswer, TimerName } from './effects.ts';

export type Size = { columns: number; rows: number };

/** A key by name (`up`, `enter`, `ctrl-r`), or the character typed, which is then also `text`. */
export type KeyPress = {
  type: 'key';
  key: string;
  text: string | null;
  /** It came by itself, and not in one read with others. */
  alone: boolean;
};

/**
 * Whatever happens to the console. `at` is a monotonic clock in milliseconds, this machine's: it
 * orders key presses and time-outs, and never stands for the time of day.
 */
export type Message = { at: number } & (
  | { type: 'started' }
  | KeyPress
  | { type: 'paste'; text: string }
  /** More keys in one read than anybody types. */
  | { type: 'flood'; keys: readonly (KeyPress & { at: number })[] }
  | { type: 'resized'; size: Size }
  | { type: 'answered'; request: number; answer: DataAnswer }
  | { type: 'timer'; name: TimerName }
  | { type: 'painted'; token: number }
  /** Back from Ctrl-Z, or from being stopped by somebody else. */
  | { type: 'woken' }
  /** The terminal has said what its background is. */
  | { type: 'background'; light: boolean }
);

export type MessageOf<T extends Message['type']> = Extract<Message, { type: T }>;
