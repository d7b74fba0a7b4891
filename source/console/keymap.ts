import { actKeys } from './act-keys.ts';
import type { Binding, KeyScope } from './binding.ts';
import { keyOfRow } from './key-hints.ts';
import { keyName } from './key-names.ts';
import { lookKeys } from './look-keys.ts';
import { moveKeys } from './move-keys.ts';
import { noticed } from './notice.ts';
import { programKeys } from './program-keys.ts';
import { riskKeys } from './risk-keys.ts';
import { screens } from './screens.ts';
import type { State, Step } from './state.ts';

/** The one table of keys: a later row never hides an earlier one (a test sees to it). */
export const keymap: readonly Binding[] = [
  ...moveKeys,
  ...lookKeys,
  ...riskKeys,
  ...actKeys,
  ...programKeys,
];

export function scopeOf(state: State): KeyScope {
  return state.overlay?.type === 'reader' ? 'reader' : state.screen;
}

/** The keymap with the keys that the configuration gives it. */
export function keymapOf({ options }: State): readonly Binding[] {
  return options.keymap ?? keymap;
}

export function bindingFor(state: State, key: string): Binding | null {
  const scope = scopeOf(state);
  return keymapOf(state).find(({ keys, on }) => keys.includes(key) && on.includes(scope)) ?? null;
}

/** Of a key that does nothing here, where it does something; null where nowhere. */
export function whereElse(state: State, key: string): string | null {
  const bound = keymapOf(state).filter(({ keys }) => keys.includes(key));
  const places = screens.filter(({ name }) => bound.some(({ on }) => on.includes(name)));
  const named = places.map(
    (screen) => `${screen.title} (${keyOfRow(state, `go to ${screen.title}`)})`,
  );
  if (named.length === 0) return null;
  return `${keyName(key)} works on ${named.join(', ')}: ${bound[0]!.title}`;
}

/** Runs a binding, or says why it does nothing. */
export function runBinding(state: State, binding: Binding): Step {
  const reason = binding.disabled?.(state) ?? null;
  return reason === null ? binding.run(state) : noticed(state, reason, 'warn');
}
