import { failureOf } from '../../app/run-effect.ts';
import type {
  DataAnswer,
  Effect,
  RunEffect,
  SessionEffect,
  TimerName,
} from '../../console/effects.ts';
import type { Message } from '../../console/messages.ts';
import { type ConsoleOptions, initialState, type State } from '../../console/state.ts';
import { update } from '../../console/update.ts';

/** The console's state without a terminal: messages in, effects carried out. */
export class PlainStore {
  readonly #perform: RunEffect;
  readonly #exit: (code: number) => void;
  readonly #timers = new Map<TimerName, NodeJS.Timeout>();
  readonly #listeners = new Set<() => void>();
  #state: State;
  #closed = false;

  constructor(options: ConsoleOptions, perform: RunEffect, exit: (code: number) => void) {
    this.#state = initialState(options);
    this.#perform = perform;
    this.#exit = exit;
  }

  get state(): State {
    return this.#state;
  }

  readonly clock = () => performance.now();

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispatch(message: Message): void {
    // An answer after the end would ask again and keep the process alive.
    if (this.#closed) return;
    const [next, effects] = update(this.#state, message);
    this.#state = next;
    for (const listener of this.#listeners) listener();
    for (const effect of effects) this.#carryOut(effect);
  }

  /** The answer to a question of a view's own, unless the console has closed. */
  ask(effect: SessionEffect, reply: (answer: DataAnswer) => void): void {
    this.#perform(effect, this.#state.context_number)
      .catch((error: unknown): DataAnswer => ({ type: 'failure', failure: failureOf(error) }))
      .then((answer) => this.#closed || reply(answer));
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'data':
        this.#perform(effect.effect, this.#state.context_number)
          .catch((error: unknown): DataAnswer => ({ type: 'failure', failure: failureOf(error) }))
          .then((answer) => {
            const { request } = effect;
            this.dispatch({ type: 'answered', request, answer, at: this.clock() });
          });
        return;
      case 'timer': {
        const { name, after_ms } = effect;
        const fire = () => this.dispatch({ type: 'timer', name, at: this.clock() });
        clearTimeout(this.#timers.get(name));
        this.#timers.set(name, setTimeout(fire, after_ms));
        return;
      }
      case 'stop-timer':
        clearTimeout(this.#timers.get(effect.name));
        return;
      case 'exit':
        this.#exit(effect.code);
    }
  }
}
