import { failureOf } from '../../app/run-effect.ts';
import { update } from '../../console/app/update.ts';
import type { DataAnswer, Effect, RunEffect, TimerName } from '../../console/model/effects.ts';
import type { Message } from '../../console/model/messages.ts';
import { type ConsoleOptions, initialState, type State } from '../../console/model/state.ts';

/** The console's state. Messages are the only way to change it; effects go to `carryOut`. */
export class Store {
  readonly #carryOut: (effect: Effect) => void;
  readonly #listeners = new Set<() => void>();
  #state: State;
  #isClosed = false;

  constructor(options: ConsoleOptions, carryOut: (effect: Effect) => void) {
    this.#state = initialState(options);
    this.#carryOut = carryOut;
  }

  readonly getSnapshot = (): State => this.#state;

  /** Called when the state has changed, before its effects are carried out. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly dispatch = (message: Message): void => {
    // An answer after the end would ask again and keep the process alive.
    if (this.#isClosed) return;
    const before = this.#state;
    const [next, effects] = update(before, message);
    this.#state = next;
    if (next !== before) for (const listener of this.#listeners) listener();
    for (const effect of effects) this.#carryOut(effect);
  };

  /** Nothing changes from here on. */
  close(): void {
    this.#isClosed = true;
  }
}

/** The effects that need no terminal: questions to the database, and timers. */
export function backgroundEffects(perform: RunEffect, store: () => Store) {
  const timers = new Map<TimerName, NodeJS.Timeout>();
  return {
    data: ({ request, effect }: Extract<Effect, { type: 'data' }>) => {
      const { getSnapshot, dispatch } = store();
      perform(effect, getSnapshot().context_number)
        .catch((error: unknown): DataAnswer => ({ type: 'failure', failure: failureOf(error) }))
        .then((answer) => dispatch({ type: 'answered', request, answer, at: clock() }));
    },
    timer: ({ name, after_ms }: Extract<Effect, { type: 'timer' }>) => {
      clearTimeout(timers.get(name));
      const rung = () => store().dispatch({ type: 'timer', name, at: clock() });
      timers.set(name, setTimeout(rung, after_ms));
    },
    'stop-timer': ({ name }: Extract<Effect, { type: 'stop-timer' }>) => {
      clearTimeout(timers.get(name));
      timers.delete(name);
    },
    close: () => {
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

/** Milliseconds of this machine's monotonic clock: the `at` of messages. */
export function clock(): number {
  return performance.now();
}
