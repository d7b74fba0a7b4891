import { filtered, filterText } from './filter.ts';
import { bindingFor, runBinding } from './keymap.ts';
import type { FilterField, State, Step } from './state.ts';
import { editText, insertText } from './text-field.ts';

/** Keys of the table that a person may want while typing: none of them is a letter. */
const passedOn = ['up', 'down', 'page-up', 'page-down'];

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
  const binding = passedOn.includes(key) ? bindingFor(state, key) : null;
  return binding === null ? [state, []] : runBinding(state, binding);
}

export function filterPaste(state: State, text: string): Step {
  return [filtered(state, insertText(filterText(state), text)), []];
}
