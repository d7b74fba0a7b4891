import { keyName } from './key-names.ts';
import type { Binding, State } from './state.ts';

export function nameOf({ title }: Binding): string {
  return title.split(':')[0]!;
}

/** Rows of the keymap that texts name, by their names in [keys] (`nameOf`). */
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

/** Texts never name keys directly: [keys] may have changed them. */
export function keyFor(state: State, row: SpokenOf): string {
  return keyOfRow(state, spokenOf[row]);
}

export function keyOfRow(state: State, name: string): string {
  const binding = state.options.keymap.find((one) => nameOf(one) === name);
  return binding === undefined ? '' : keyName(binding.keys[0]);
}
