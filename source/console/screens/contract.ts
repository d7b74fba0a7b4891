import type { State, Step } from '../model/state.ts';
import type { Motion } from '../widgets/list.ts';

/** How a screen is read and moved in. */
export type Screen = {
  ask: (state: State) => Step;
  /** Something has not been read yet: it is read even while the data is frozen. */
  unread: (state: State) => boolean;
  /** Milliseconds between two readings. */
  interval: (state: State) => number;
  /** Moves its cursor; `page`: the rows that are shown. */
  move: (state: State, motion: Motion) => State;
  /** Keeps the cursor in view. */
  windowed?: (state: State) => State;
};
