import type { State, Step } from '../model/state.ts';
import type { Motion } from '../widgets/list.ts';

export type Screen = {
  ask: (state: State) => Step;
  /** Something has not been read yet: it is read even while the data is frozen. */
  unread: (state: State) => boolean;
  interval: (state: State) => number;
  move: (state: State, motion: Motion) => State;
  windowed?: (state: State) => State;
};
