import { type Binding, groups } from './binding.ts';
import { keyName } from './key-names.ts';
import { contextOf, keymapOf, runBinding } from './keymap.ts';
import { movedCursor } from './list-cursor.ts';
import type { Help } from './overlay.ts';
import type { State, Step } from './state.ts';
import { editText, insertText } from './text-field.ts';

export type HelpEntry = { binding: Binding; reason: string | null };

/** The keymap's rows that work where the help was opened, by group; the help is never written by hand. */
export function helpEntries(state: State, help: Help): HelpEntry[] {
  const wanted = help.filter.toLowerCase();
  const found = groups.flatMap((group) =>
    keymapOf(state)
      .filter((binding) => binding.group === group && binding.on.includes(contextOf(state)))
      .filter(({ keys, title }) =>
        `${keys.map(keyName).join(' ')} ${title} ${group}`.toLowerCase().includes(wanted),
      )
      .map((binding) => ({ binding, reason: binding.disabled?.(state) ?? null })),
  );
  // What begins with the word is what was meant: "pause" before the filter that can say state:paused.
  const begins = ({ binding }: HelpEntry) => wanted !== '' && binding.title.startsWith(wanted);
  return [...found.filter(begins), ...found.filter((entry) => !begins(entry))];
}

export function helpKey(state: State, help: Help, key: string, text: string | null): Step {
  const edited = editText(help.filter, key, text);
  if (edited !== null) return shown(state, { ...help, filter: edited, cursor: 0 });
  const entries = helpEntries(state, help);
  const cursor = movedCursor(help.cursor, key, entries.length);
  if (cursor !== null) return shown(state, { ...help, cursor });
  if (key === 'enter') {
    const entry = entries[help.cursor];
    return entry ? runBinding({ ...state, overlay: null }, entry.binding) : [state, []];
  }
  if (key !== 'escape') return [state, []];
  return help.filter === ''
    ? [{ ...state, overlay: null }, []]
    : shown(state, { ...help, filter: '', cursor: 0 });
}

export function helpPaste(state: State, help: Help, text: string): Step {
  return shown(state, { ...help, filter: insertText(help.filter, text), cursor: 0 });
}

function shown(state: State, help: Help): Step {
  return [{ ...state, overlay: help }, []];
}
