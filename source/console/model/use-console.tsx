import { createContext, useContext, useSyncExternalStore } from 'react';
import type { State } from './state.ts';

export type Shown = {
  getSnapshot: () => State;
  subscribe: (listener: () => void) => () => void;
};

export const ConsoleContext = createContext<Shown | null>(null);

/** The console's state, or what `select` takes of it: drawn again when that has changed. */
export function useConsole(): State;
export function useConsole<T>(select: (state: State) => T): T;
export function useConsole<T>(select?: (state: State) => T): T | State {
  const shown = useContext(ConsoleContext);
  if (shown === null) throw new Error('useConsole is used outside of <App>');
  const { getSnapshot, subscribe } = shown;
  return useSyncExternalStore(subscribe, () =>
    select === undefined ? getSnapshot() : select(getSnapshot()),
  );
}
