import { keyName } from './key-names.ts';
import { keymapOf } from './keymap.ts';
import { nameOf } from './remap.ts';
import type { State } from './state.ts';

/** Rows of the keymap that texts speak of, by what they are called in [keys] (`nameOf`). */
const spokenOf = {
  up: 'previous row',
  down: 'next row',
  left: 'scroll the columns to the left',
  right: 'scroll the columns to the right',
  back: 'back',
  filter: 'filter',
  explain: 'explain',
  freeze: 'freeze',
  follow: 'follow the job',
  wide: 'wide',
  copy: 'copy the text',
  recommended: 'recommended action',
  run: 'results',
  palette: 'palette',
} as const;

export type SpokenOf = keyof typeof spokenOf;
export const spokenNames: readonly string[] = Object.values(spokenOf);

/** The key as a person reads it. Every text that names a key of the keymap has it from here: [keys] may have given it another. */
export function keyFor(state: State, row: SpokenOf): string {
  return keyOfRow(state, spokenOf[row]);
}

/** The same of any row by its name; empty where nothing is called so. */
export function keyOfRow(state: State, name: string): string {
  const binding = keymapOf(state).find((one) => nameOf(one) === name);
  return binding === undefined ? '' : keyName(binding.keys[0]);
}
