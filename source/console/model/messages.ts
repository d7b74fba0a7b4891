import type { Size } from '../terminal/size.ts';
import type { DataAnswer, TimerName } from './effects.ts';
import type { State, Step } from './state.ts';

/** A key by name (`up`, `enter`, `ctrl-r`), or the typed character, which is then also `text`. */
export type KeyPress = {
  type: 'key';
  key: string;
  text: string | null;
  /** The only key of its read. */
  alone: boolean;
};

export type Message = { at: number } & (
  | { type: 'started' }
  | KeyPress
  | { type: 'paste'; text: string }
  | { type: 'flood'; keys: readonly (KeyPress & { at: number })[] }
  | { type: 'resized'; size: Size }
  | { type: 'answered'; request: number; answer: DataAnswer }
  | { type: 'timer'; name: TimerName }
  | { type: 'painted'; token: number }
  | { type: 'command'; run: (state: State) => Step }
  /** Back from Ctrl-Z or a SIGSTOP. */
  | { type: 'woken' }
  | { type: 'background'; light: boolean }
);

export type MessageOf<T extends Message['type']> = Extract<Message, { type: T }>;
