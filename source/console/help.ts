import { type Binding, groups } from './binding.ts';
import { keyName } from './key-names.ts';
import { keymapOf, runBinding, scopeOf } from './keymap.ts';
import { movedCursor } from './list-cursor.ts';
import type { Help } from './overlay.ts';
import type { State, Step } from './state.ts';
import { editText, fieldOfText, insertText, type TextField } from './text-field.ts';

export type HelpEntry = { binding: Binding; reason: string | null };

export function helpEntries(state: State, help: Help): HelpEntry[] {
  const wanted = help.filter.toLowerCase();
  const found = groups.flatMap((group) =>
    keymapOf(state)
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

export function helpKey(state: State, help: Help, key: string, text: string | null): Step {
  const edited = editText(typed(help), key, text);
  if (edited !== null) return narrowed(state, help, edited);
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
    : narrowed(state, help, fieldOfText(''));
}

export function helpPaste(state: State, help: Help, text: string): Step {
  return narrowed(state, help, insertText(typed(help), text));
}

function typed({ filter, caret }: Help): TextField {
  return { value: filter, caret };
}

/** Only the caret has moved: keep the chosen entry. */
function narrowed(state: State, help: Help, { value: filter, caret }: TextField): Step {
  const cursor = filter === help.filter ? help.cursor : 0;
  return shown(state, { ...help, filter, caret, cursor });
}

function shown(state: State, help: Help): Step {
  return [{ ...state, overlay: help }, []];
}
