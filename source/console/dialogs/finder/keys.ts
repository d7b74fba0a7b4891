import { runBinding } from '../../model/binding.ts';
import { dialogRows } from '../../model/layout.ts';
import { noticed } from '../../model/notice.ts';
import type { Finder } from '../../model/overlay.ts';
import type { State, Step } from '../../model/state.ts';
import { motionOf, movedIndex } from '../../widgets/list.ts';
import { editText, insertText, type TextField } from '../../widgets/text-field.ts';
import { helpEntries } from './help-entries.ts';
import { listRows } from './list.ts';
import { type PaletteEntry, palette, paletteEntries, shownPalette } from './palette-entries.ts';

type Entry = { reason: string | null; run: (state: State) => Step; completed?: string };

const entries: Readonly<Record<Finder['type'], (state: State, finder: Finder) => Entry[]>> = {
  palette: (state, finder) => paletteEntries(state, finder).map(staysIfRefused),
  help: (state, finder) =>
    helpEntries(state, finder).map(({ binding, reason }) => ({
      reason,
      run: (now) => runBinding({ ...now, overlay: null }, binding),
    })),
};

function staysIfRefused(entry: PaletteEntry): Entry {
  const run = (state: State) =>
    entry.reason === null
      ? entry.run({ ...state, overlay: null })
      : noticed(state, entry.reason, 'warn');
  return { ...entry, run };
}

export function finderKey(
  state: State,
  finder: Finder,
  { key, text }: { key: string; text: string | null },
): Step {
  const edited = editText({ value: finder.text, caret: finder.caret }, key, text);
  if (edited !== null) return typed(state, finder, edited);
  const found = entries[finder.type](state, finder);
  const motion = motionOf(key);
  if (motion !== undefined) {
    const cursor = movedIndex(motion, finder.cursor, found.length, listRows(dialogRows(state)));
    return [{ ...state, overlay: { ...finder, cursor } }, []];
  }
  const entry = found[Math.min(finder.cursor, found.length - 1)];
  if (key === 'enter') return entry?.run(state) ?? [state, []];
  if (key === 'tab' && entry?.completed !== undefined)
    return shownPalette(state, palette(entry.completed));
  if (key !== 'escape') return [state, []];
  const clears = finder.type === 'help' && finder.text !== '';
  return clears ? typed(state, finder, { value: '', caret: 0 }) : [{ ...state, overlay: null }, []];
}

export function finderPaste(state: State, finder: Finder, text: string): Step {
  return typed(state, finder, insertText({ value: finder.text, caret: finder.caret }, text));
}

/** If only the caret has moved, the chosen line stays. */
function typed(state: State, finder: Finder, { value: text, caret }: TextField): Step {
  const cursor = text === finder.text ? finder.cursor : 0;
  const changed = { ...finder, text, caret, cursor };
  return finder.type === 'palette'
    ? shownPalette(state, changed)
    : [{ ...state, overlay: changed }, []];
}
