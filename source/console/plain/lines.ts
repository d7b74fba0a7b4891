import type { DataAnswer, SessionEffect } from '../model/effects.ts';
import type { Message } from '../model/messages.ts';
import type { State, Step } from '../model/state.ts';

export type Untimed = Message extends infer M ? (M extends Message ? Omit<M, 'at'> : never) : never;

/** What a typed line can do: lines that are returned are printed. */
export type Plain = {
  readonly state: State;
  readonly at: number;
  send: (message: Untimed) => void;
  press: (key: string) => void;
  run: (step: (state: State) => Step) => readonly string[];
  ask: (
    effect: SessionEffect,
    lines: (answer: DataAnswer) => readonly string[],
  ) => readonly string[];
};
