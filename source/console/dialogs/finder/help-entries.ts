import { scopeOf } from '../../model/binding.ts';
import { keyName } from '../../model/key-names.ts';
import type { Finder } from '../../model/overlay.ts';
import type { State } from '../../model/state.ts';
import { type Binding, groups } from '../../model/state.ts';

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
