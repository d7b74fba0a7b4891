import { boardNames } from './boards.ts';
import { keyOfRow } from './key-hints.ts';
import { keyName } from './key-names.ts';
import { noticed } from './notice.ts';
import { screens } from './screens.ts';
import {
  type Binding,
  type KeyScope,
  keyScopes,
  type State,
  type Step,
  screenNames,
} from './state.ts';

export const everywhere: readonly KeyScope[] = keyScopes;
export const onScreens = screenNames;
export const onLists = ['jobs', ...boardNames] as const;
export const onJobLists = onLists.filter((name) => name !== 'triage' && name !== 'alerts');

type More = Partial<Pick<Binding, 'hint' | 'always' | 'danger' | 'disabled'>>;

export function inGroup(group: Binding['group']) {
  return (
    keys: string | Binding['keys'],
    title: string,
    on: Binding['on'],
    run: Binding['run'],
    more: More = {},
  ): Binding => ({
    keys: typeof keys === 'string' ? [keys] : keys,
    title,
    group,
    on,
    run,
    ...more,
  });
}

export function scopeOf(state: State): KeyScope {
  return state.overlay?.type === 'reader' ? 'reader' : state.screen;
}

export function bindingFor(state: State, key: string): Binding | null {
  const scope = scopeOf(state);
  const found = ({ keys, on }: Binding) => keys.includes(key) && on.includes(scope);
  return state.options.keymap.find(found) ?? null;
}

export function whereElse(state: State, key: string): string | null {
  const bound = state.options.keymap.filter(({ keys }) => keys.includes(key));
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
