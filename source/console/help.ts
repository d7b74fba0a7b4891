import { scopeOf } from './binding.ts';
import { keyName } from './key-names.ts';
import type { Finder } from './overlay.ts';
import type { State } from './state.ts';
import { type Binding, groups } from './state.ts';

export type HelpEntry = { binding: Binding; reason: string | null };

export function helpEntries(state: State, { text }: Finder): HelpEntry[] {
  const wanted = text.toLowerCase();
  const found = groups.flatMap((group) =>
    state.options.keymap
      .filter((binding) => binding.group === group && binding.on.includes(scopeOf(state)))
      .filter(({ keys, title }) =>
        `${keys.map(keyName).join(' ')} ${title} ${group}`.toLowerCase().includes(wanted),
      )
      .map((binding) => ({ binding, reason: binding.disabled?.(state) ?? null })),
  );
  // Titles that begin with the word come first: "pause" before the filter that mentions
  // state:paused.
  const begins = ({ binding }: HelpEntry) => wanted !== '' && binding.title.startsWith(wanted);
  return [...found.filter(begins), ...found.filter((entry) => !begins(entry))];
}
