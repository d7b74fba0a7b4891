import { keyFor } from './key-hints.ts';
import type { State } from './state.ts';

export function isReadOnly({ options, unlocked_until, at }: State): boolean {
  return options.read_only && (unlocked_until === null || at >= unlocked_until);
}

export function whyNotWrite(state: State): string | null {
  if (isReadOnly(state)) return readOnlyText(state);
  return state.opening === null ? null : `opening ${state.opening}`;
}

export function readOnlyText(state: State): string {
  return state.options.locked_reason === null
    ? `this console is read-only: ${keyFor(state, 'palette')} rw unlocks it`
    : 'this console is read-only';
}

/** In whole minutes, so that it does not tick. */
export function unlockedMinutes({ unlocked_until, at }: State): number | null {
  if (unlocked_until === null || at >= unlocked_until) return null;
  return Math.ceil((unlocked_until - at) / 60_000);
}
