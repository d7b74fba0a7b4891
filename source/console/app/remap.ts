import { nearest } from '../../domain/text/nearest.ts';
import type { Problem } from '../../errors.ts';
import { nameOf } from '../model/key-hints.ts';
import { keyName, keyOf } from '../model/key-names.ts';
import { type Binding, keyScopes } from '../model/state.ts';

export function remapKeys(
  keymap: readonly Binding[],
  wanted: Readonly<Record<string, string>>,
): { keymap: readonly Binding[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const chosen = new Map<string, string>();
  const names = [...new Set(keymap.filter(({ always }) => !always).map(nameOf))];
  for (const [name, text] of Object.entries(wanted)) {
    const key = keyOf(text);
    const near = nearest(name, names);
    if (!names.includes(name)) {
      const hint = near === null ? 'the help (?) lists the names' : `did you mean ${near}?`;
      problems.push({ message: `[keys]: no key is named "${name}"`, hint });
    } else if (key === null) {
      const hint = 'expected one character, or a name such as Ctrl-R, PgDn, Enter';
      problems.push({ message: `[keys]: invalid key "${text}" for ${name}`, hint });
    } else chosen.set(name, key);
  }
  const remapped = keymap.map((binding): Binding => {
    const key = binding.always ? undefined : chosen.get(nameOf(binding));
    return key === undefined ? binding : { ...binding, keys: [key] };
  });
  return { keymap: remapped, problems: [...problems, ...conflicts(remapped), ...chords(remapped)] };
}

/** A key may have one meaning per scope. */
function conflicts(keymap: readonly Binding[]): Problem[] {
  const found = new Set<string>();
  for (const scope of keyScopes) {
    const meanings = new Map<string, string>();
    for (const binding of keymap.filter(({ on }) => on.includes(scope))) {
      for (const key of binding.keys) {
        const other = meanings.get(key);
        const name = nameOf(binding);
        if (other !== undefined && other !== name)
          found.add(`[keys]: ${keyName(key)} is assigned to both "${other}" and "${name}"`);
        meanings.set(key, name);
      }
    }
  }
  return [...found].map((message) => ({ message, hint: 'assign another key to one of them' }));
}

/** Keys that write must not be hit while paging or confirming. */
function chords(keymap: readonly Binding[]): Problem[] {
  return keymap
    .filter(({ danger, keys }) => danger && !keys.every((key) => /^[^\sy]$/u.test(key)))
    .map((binding) => ({
      message: `[keys]: ${nameOf(binding)} changes a job and cannot be on ${keyName(binding.keys[0])}`,
      hint: 'assign a single character other than y',
    }));
}
