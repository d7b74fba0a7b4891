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

/** All keys. No row hides another (test/console/keymap.test.ts). */
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

/** The keymap with the changes of the configuration. */
export function keymapOf({ options }: State): readonly Binding[] {
  return options.keymap ?? keymap;
}

export function bindingFor(state: State, key: string): Binding | null {
  const scope = scopeOf(state);
  return keymapOf(state).find(({ keys, on }) => keys.includes(key) && on.includes(scope)) ?? null;
}

/** Where a key without a meaning here works; null if nowhere. */
export function whereElse(state: State, key: string): string | null {
  const bound = keymapOf(state).filter(({ keys }) => keys.includes(key));
  const targets = screens.filter(({ name }) => bound.some(({ on }) => on.includes(name)));
  const named = targets.map(
    (screen) => `${screen.title} (${keyOfRow(state, `go to ${screen.title}`)})`,
  );
  if (named.length === 0) return null;
  return `${keyName(key)} works on ${named.join(', ')}: ${bound[0]!.title}`;
}

export function runBinding(state: State, binding: Binding): Step {
  const reason = binding.disabled?.(state) ?? null;
  return reason === null ? binding.run(state) : noticed(state, reason, 'warn');
}
