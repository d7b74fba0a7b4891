import type { State, Step } from './state.ts';

export type Candidate = { value: string; title: string };

/** A command of the palette; it takes the rest of the line as its argument. */
export type PaletteCommand = {
  name: string;
  /** What stands for its argument; null for one that takes none. */
  argument: string | null;
  title: string;
  /** What the argument may be, as far as that is known. */
  candidates: (state: State) => readonly Candidate[];
  /** Why it would do nothing with this argument, or null. */
  refusal: (state: State, argument: string) => string | null;
  run: (state: State, argument: string) => Step;
};
