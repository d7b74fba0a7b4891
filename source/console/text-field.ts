import { charactersOf } from '../presentation/characters.ts';

/** Longest text a person may type into a field; backfill_events.reason and the like are read by people. */
const longest = 500;

const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** What was typed, with the caret always at its end. */
export function insertText(value: string, text: string): string {
  return (value + text.replace(/\s+/g, ' ').replace(unprintable, '')).slice(0, longest);
}

/** Backspace takes a whole character, Ctrl-W a word, Ctrl-U everything; null = the key is not ours. */
export function eraseText(value: string, key: string): string | null {
  switch (key) {
    case 'backspace':
      return Array.from(charactersOf(value)).slice(0, -1).join('');
    case 'ctrl-w':
      return value.replace(/\S+\s*$/, '');
    case 'ctrl-u':
      return '';
    default:
      return null;
  }
}

/** The field after a key that edits it, or null for one that does not. */
export function editText(value: string, key: string, text: string | null): string | null {
  return text === null ? eraseText(value, key) : insertText(value, text);
}
