import { filtered, filterText } from './filter.ts';
import { type Motion, move } from './moves.ts';
import type { FilterField } from './overlay.ts';
import type { State, Step } from './state.ts';
import { editText, insertText } from './text-field.ts';

/** Keys of the table that a person may want while typing: none of them is a letter. */
const passedOn: readonly string[] = ['up', 'down', 'page-up', 'page-down'] satisfies Motion[];

/** The table narrows with each letter; Enter keeps the filter, Esc brings back what was before. */
export function filterKey(
  state: State,
  field: FilterField,
  key: string,
  text: string | null,
): Step {
  const edited = editText(filterText(state), key, text);
  if (edited !== null) return [filtered(state, edited), []];
  if (key === 'enter' || key === 'tab') return [{ ...state, overlay: null }, []];
  if (key === 'escape') {
    return [{ ...filtered(state, field.before), overlay: null }, []];
  }
  return [passedOn.includes(key) ? move(state, key as Motion) : state, []];
}

export function filterPaste(state: State, text: string): Step {
  return [filtered(state, insertText(filterText(state), text)), []];
}
