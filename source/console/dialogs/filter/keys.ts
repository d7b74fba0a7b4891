import type { FilterField } from '../../model/overlay.ts';
import { filtered, filterText } from '../../model/present.ts';
import type { State, Step } from '../../model/state.ts';
import type { Motion } from '../../widgets/list.ts';
import { editText, insertText, type TextField } from '../../widgets/text-field.ts';

/** Keys that move in the screen while typing, whatever the keymap says: none is a letter. */
const motions: readonly string[] = ['up', 'down', 'page-up', 'page-down'] satisfies Motion[];

/** The table narrows with each letter; Enter keeps the filter, Esc restores the previous one. */
export function filterKey(
  state: State,
  field: FilterField,
  { key, text }: { key: string; text: string | null },
): Step | Motion {
  const edited = editText({ value: filterText(state), caret: field.caret }, key, text);
  if (edited !== null) return [shown(state, field, edited), []];
  if (key === 'enter' || key === 'tab') return [{ ...state, overlay: null }, []];
  if (key === 'escape') {
    return [{ ...filtered(state, field.before), overlay: null }, []];
  }
  return motions.includes(key) ? (key as Motion) : [state, []];
}

export function filterPaste(state: State, field: FilterField, text: string): Step {
  const typed = { value: filterText(state), caret: field.caret };
  return [shown(state, field, insertText(typed, text)), []];
}

function shown(state: State, field: FilterField, { value, caret }: TextField): State {
  const next = value === filterText(state) ? state : filtered(state, value);
  return { ...next, overlay: { ...field, caret } };
}
