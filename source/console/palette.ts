import type { Binding } from './binding.ts';
import type { DataAnswer } from './effects.ts';
import { keyName } from './key-names.ts';
import { keymapOf, runBinding, scopeOf } from './keymap.ts';
import { movedCursor } from './list-cursor.ts';
import { noticed } from './notice.ts';
import type { Palette } from './overlay.ts';
import type { PaletteCommand } from './palette-command.ts';
import { paletteCommands } from './palette-commands.ts';
import type { State, Step } from './state.ts';
import { editText, fieldOfText, insertText, type TextField } from './text-field.ts';

export type PaletteEntry = {
  label: string;
  title: string;
  key: string;
  reason: string | null;
  completed: string;
  run: (state: State) => Step;
};

/** Matches, the likeliest first: arguments of the typed command, then commands and keys. */
export function paletteEntries(state: State, { text }: Palette): PaletteEntry[] {
  const [name = '', ...rest] = text.trimStart().split(' ');
  const command = rest.length === 0 ? undefined : findCommand(name);
  const given = command === undefined ? [] : argumentEntries(state, command, rest.join(' ').trim());
  const all = [...paletteCommands.map(commandEntry(state)), ...bindingsHere(state)];
  return [...given, ...ranked(all, text.trim(), ({ label, title }) => ({ name: label, title }))];
}

function findCommand(name: string): PaletteCommand | undefined {
  return paletteCommands.find((command) => command.name === name.toLowerCase());
}

function argumentEntries(
  state: State,
  { name, title, candidates, refusal, run }: PaletteCommand,
  argument: string,
): PaletteEntry[] {
  const entry = (value: string, about: string): PaletteEntry => ({
    label: `${name} ${value}`,
    title: about,
    key: '',
    reason: refusal(state, value),
    completed: `${name} ${value}`,
    run: (now) => run(now, value),
  });
  const known = ranked(candidates(state), argument, ({ value, title }) => ({ name: value, title }));
  const found = known.map(({ value, title }) => entry(value, title));
  const exact = found.findIndex(({ label }) => label === `${name} ${argument}`);
  if (exact >= 0) return [found[exact]!, ...found.toSpliced(exact, 1)];
  const typed = argument === '' ? [] : [entry(argument, title)];
  // A prefix of one candidate means that candidate; otherwise the typed text, with its refusal.
  return typed[0]?.reason === null ? [...typed, ...found] : [...found, ...typed];
}

function commandEntry(state: State): (command: PaletteCommand) => PaletteEntry {
  return ({ name, argument, title, refusal, run }) => ({
    label: argument === null ? name : `${name} ${argument}`,
    title,
    key: '',
    reason: argument === null ? refusal(state, '') : null,
    completed: argument === null ? name : `${name} `,
    run: (now) => (argument === null ? run(now, '') : opened(now, fieldOfText(`${name} `))),
  });
}

function bindingsHere(state: State): PaletteEntry[] {
  const scope = scopeOf(state);
  return keymapOf(state)
    .filter(({ keys, on }) => on.includes(scope) && keys[0] !== ':')
    .map((binding) => bindingEntry(state, binding));
}

function bindingEntry(state: State, binding: Binding): PaletteEntry {
  const [label = '', ...rest] = binding.title.split(': ');
  return {
    label,
    title: rest.join(': '),
    key: binding.keys.map(keyName).join(' '),
    reason: binding.disabled?.(state) ?? null,
    completed: label,
    run: (now) => runBinding(now, binding),
  };
}

/**
 * How well a name matches, 0 the best; null if it does not. Letters with gaps match in the name
 * only.
 */
export function fuzzyRank(wanted: string, name: string, title = ''): number | null {
  const [needle, hay] = [wanted.toLowerCase(), name.toLowerCase()];
  if (hay.startsWith(needle)) return 0;
  if (hay.includes(` ${needle}`)) return 1;
  if (hay.includes(needle)) return 2;
  if (title.toLowerCase().includes(needle)) return 3;
  let at = -1;
  for (const letter of needle.replaceAll(' ', '')) {
    at = hay.indexOf(letter, at + 1);
    if (at < 0) return null;
  }
  return 4;
}

type Named = { name: string; title: string };

/** The best first, then the shortest name: `Job` before `Jobs`. */
function ranked<T>(all: readonly T[], wanted: string, named: (one: T) => Named): T[] {
  if (wanted === '') return [...all];
  return all
    .map((one) => ({ one, ...named(one) }))
    .map(({ one, name, title }) => ({ one, name, rank: fuzzyRank(wanted, name, title) }))
    .filter(({ rank }) => rank !== null)
    .sort((a, b) => a.rank! - b.rank! || a.name.length - b.name.length)
    .map(({ one }) => one);
}

export function paletteKey(state: State, palette: Palette, key: string, text: string | null): Step {
  const edited = editText(typed(palette), key, text);
  if (edited !== null) return opened(state, edited, palette);
  const entries = paletteEntries(state, palette);
  const last = Math.max(0, entries.length - 1);
  const cursor = movedCursor(palette.cursor, key, entries.length);
  if (cursor !== null) return [{ ...state, overlay: { ...palette, cursor } }, []];
  const entry = entries[Math.min(palette.cursor, last)];
  if (key === 'tab' && entry !== undefined) return opened(state, fieldOfText(entry.completed));
  if (key === 'escape') return [{ ...state, overlay: null }, []];
  if (key !== 'enter' || entry === undefined) return [state, []];
  // Stays open, so that the text can be corrected.
  if (entry.reason !== null) return noticed(state, entry.reason, 'warn');
  return entry.run({ ...state, overlay: null });
}

export function palettePaste(state: State, palette: Palette, text: string): Step {
  return opened(state, insertText(typed(palette), text));
}

function typed({ text, caret }: Palette): TextField {
  return { value: text, caret };
}

/** Only the caret has moved: keep the chosen line. */
function opened(state: State, { value: text, caret }: TextField, before?: Palette): Step {
  const cursor = before?.text === text ? before.cursor : 0;
  const next: State = { ...state, overlay: { type: 'palette', text, caret, cursor } };
  const [name = '', ...rest] = text.trimStart().split(' ');
  return (rest.length > 0 && findCommand(name)?.load?.(next)) || [next, []];
}

/** More tenants to choose from; the chosen line stays chosen. A failure leaves those known. */
export function tenantsAnswered(state: State, answer: DataAnswer): Step {
  const free = { ...state, tenants_read: true, asked: { ...state.asked, tenants: null } };
  if (answer.type !== 'tenants') return [free, []];
  const next = { ...free, tenants: [...new Set([...free.tenants, ...answer.tenants])] };
  const { overlay } = state;
  if (overlay?.type !== 'palette') return [next, []];
  const chosen = paletteEntries(state, overlay)[overlay.cursor]?.label;
  const at = paletteEntries(next, overlay).findIndex(({ label }) => label === chosen);
  return [{ ...next, overlay: { ...overlay, cursor: Math.max(0, at) } }, []];
}
