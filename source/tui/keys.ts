import type { Key } from 'ink';
import type { RawInput } from '../console/input.ts';

/** Ink's flags in the order in which they are looked at, and the key's name with us. */
const named: readonly (readonly [keyof Key, string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'page-up'],
  ['pageDown', 'page-down'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  // Ink calls 0x7f, which the Backspace key sends, delete.
  ['delete', 'backspace'],
];

/** What Ink's useInput was given, as one piece of our input; null = a key that we do not know. */
export function rawInput(input: string, key: Key): RawInput | null {
  // Ink knows no bracketed paste: the brackets come as sequences without their escape character.
  if (input === '[200~') return { key: 'paste-start' };
  if (input === '[201~') return { key: 'paste-end' };
  if (key.tab) return { key: key.shift ? 'shift-tab' : 'tab' };
  const name = named.find(([flag]) => key[flag] === true)?.[1];
  if (name !== undefined) return { key: name };
  if (input === '' || key.meta) return null;
  if (key.ctrl) return { key: `ctrl-${input}` };
  return { characters: input };
}
