import type { State } from '../model/state.ts';
import { clock } from './effects.ts';
import type { Store } from './store.ts';

const frameMs = 16;

/** The store's state in frames: after a key at once, after anything else every 16 ms at most. */
export class Frames {
  readonly #store: Store;
  readonly #draw: () => void;
  readonly #listeners = new Set<() => void>();
  #shown: State;
  #drawnAt = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `draw` is called after all subscribers, when a frame is due. */
  constructor(store: Store, draw: () => void) {
    this.#store = store;
    this.#draw = draw;
    this.#shown = store.getSnapshot();
    store.subscribe(({ type }) => this.#schedule(type === 'key'));
  }

  readonly getSnapshot = (): State => this.#shown;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #schedule(now: boolean): void {
    if (now) {
      queueMicrotask(() => this.flush());
      return;
    }
    const wait = Math.max(0, this.#drawnAt + frameMs - clock());
    this.#timer ??= setTimeout(() => this.flush(), wait);
  }

  flush(): void {
    this.close();
    const state = this.#store.getSnapshot();
    if (state === this.#shown) return;
    this.#shown = state;
    this.#drawnAt = clock();
    for (const listener of this.#listeners) listener();
    this.#draw();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
