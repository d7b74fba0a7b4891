import { runBinding, scopeOf } from '../../model/binding.ts';
import type { DataAnswer } from '../../model/effects.ts';
import { keyName } from '../../model/key-names.ts';
import type { Finder } from '../../model/overlay.ts';
import type { Binding, PaletteCommand, State, Step } from '../../model/state.ts';

export type PaletteEntry = {
  label: string;
  title: string;
  key: string;
  reason: string | null;
  completed: string;
  run: (state: State) => Step;
};

export function palette(text = ''): Finder {
  return { type: 'palette', text, caret: text.length, cursor: 0 };
}

export function paletteEntries(state: State, { text }: Finder): PaletteEntry[] {
  const command = commandIn(state, text);
  const argument = text.trimStart().split(' ').slice(1).join(' ').trim();
  const given = command === undefined ? [] : argumentEntries(state, command, argument);
  const all = [...state.options.commands.map(commandEntry(state)), ...bindingsHere(state)];
  return [...given, ...ranked(all, text.trim(), ({ label, title }) => ({ name: label, title }))];
}

function commandIn({ options }: State, text: string): PaletteCommand | undefined {
  const [name = '', ...rest] = text.trimStart().split(' ');
  return rest.length === 0
    ? undefined
    : options.commands.find((one) => one.name === name.toLowerCase());
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
    run: (now) => (argument === null ? run(now, '') : shownPalette(now, palette(`${name} `))),
  });
}

function bindingsHere(state: State): PaletteEntry[] {
  const scope = scopeOf(state);
  return state.options.keymap
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

/** Opens or changes the palette. A command whose argument is typed may ask for candidates. */
export function shownPalette(state: State, overlay: Finder): Step {
  const next: State = { ...state, overlay };
  return commandIn(next, overlay.text)?.load?.(next) ?? [next, []];
}

/** More tenants to choose from; the chosen line stays chosen. A failure leaves those known. */
export function tenantsAnswered(state: State, answer: DataAnswer): Step {
  const read = { ...state, tenants_read: true };
  if (answer.type !== 'tenants') return [read, []];
  const next = { ...read, tenants: [...new Set([...read.tenants, ...answer.tenants])] };
  const { overlay } = state;
  if (overlay?.type !== 'palette') return [next, []];
  const chosen = paletteEntries(state, overlay)[overlay.cursor]?.label;
  const at = paletteEntries(next, overlay).findIndex(({ label }) => label === chosen);
  return [{ ...next, overlay: { ...overlay, cursor: Math.max(0, at) } }, []];
}
