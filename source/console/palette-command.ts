import type { State, Step } from './state.ts';

export type Candidate = { value: string; title: string };

/** A command of the palette; the rest of the line is its argument. */
export type PaletteCommand = {
  name: string;
  /** Placeholder of the argument; null if there is none. */
  argument: string | null;
  title: string;
  /** Asks for candidates that are not known yet, once the argument is being typed. */
  load?: (state: State) => Step;
  candidates: (state: State) => readonly Candidate[];
  refusal: (state: State, argument: string) => string | null;
  run: (state: State, argument: string) => Step;
};
