import type { Effect } from '../model/effects.ts';
import type { Message } from '../model/messages.ts';
import { type ConsoleOptions, initialState, type State } from '../model/state.ts';
import { update } from './update.ts';

export type Listener = (message: Message) => void;

/** The console's state. Messages are the only way to change it; effects go to `carryOut`. */
export class Store {
  readonly #carryOut: (effect: Effect) => void;
  readonly #listeners = new Set<Listener>();
  #state: State;
  #isClosed = false;

  constructor(options: ConsoleOptions, carryOut: (effect: Effect) => void) {
    this.#state = initialState(options);
    this.#carryOut = carryOut;
  }

  readonly getSnapshot = (): State => this.#state;

  /** Called when the state has changed, before its effects are carried out. */
  readonly subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly dispatch = (message: Message): void => {
    // An answer after the end would ask again and keep the process alive.
    if (this.#isClosed) return;
    const before = this.#state;
    const [next, effects] = update(before, message);
    this.#state = next;
    if (next !== before) for (const listener of this.#listeners) listener(message);
    for (const effect of effects) this.#carryOut(effect);
  };

  close(): void {
    this.#isClosed = true;
  }
}
