import { charactersOf } from '../../presentation/text/characters.ts';

export type TextField = { value: string; caret: number };

const longest = 500;

/** As in safeText: escape sequences in a pasted text. */
const escapeSequences =
  /\x1b\[[0-?]*[ -/]*[@-~]?|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|\x1b[ -/]*[0-~]?/g;
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

export function fieldOfText(value: string): TextField {
  return { value, caret: value.length };
}

export function insertText({ value, caret }: TextField, text: string): TextField {
  const clean = text.replace(escapeSequences, '').replace(/\s+/g, ' ').replace(unprintable, '');
  const fits = clean.slice(0, Math.max(0, longest - value.length));
  return {
    value: value.slice(0, caret) + fits + value.slice(caret),
    caret: caret + fits.length,
  };
}

type Edit = (field: TextField) => TextField;

const cut = ({ value }: TextField, from: number, to: number): TextField => ({
  value: value.slice(0, from) + value.slice(to),
  caret: from,
});
const at = ({ value }: TextField, caret: number): TextField => ({ value, caret });
const toStart: Edit = (field) => at(field, 0);
const toEnd: Edit = ({ value }) => fieldOfText(value);

/** The common keys of readline. */
const edits: Readonly<Record<string, Edit>> = {
  left: (field) => at(field, before(field)),
  right: (field) => at(field, after(field)),
  home: toStart,
  'ctrl-a': toStart,
  end: toEnd,
  'ctrl-e': toEnd,
  backspace: (field) => cut(field, before(field), field.caret),
  delete: (field) => cut(field, field.caret, after(field)),
  'ctrl-w': (field) => cut(field, wordStart(field), field.caret),
  'ctrl-u': (field) => cut(field, 0, field.caret),
  'ctrl-k': (field) => cut(field, field.caret, field.value.length),
};

const motions = ['left', 'right', 'home', 'end'];

export function editText(field: TextField, key: string, text: string | null): TextField | null {
  if (text !== null) return insertText(field, text);
  if (field.value === '' && motions.includes(key)) return null;
  return edits[key]?.(field) ?? null;
}

/** Whole characters: an emoji counts as one. */
function before({ value, caret }: TextField): number {
  const last = Array.from(charactersOf(value.slice(0, caret))).at(-1) ?? '';
  return caret - last.length;
}

function after({ value, caret }: TextField): number {
  const [first = ''] = charactersOf(value.slice(caret));
  return caret + first.length;
}

function wordStart({ value, caret }: TextField): number {
  return value.slice(0, caret).replace(/\S+\s*$/, '').length;
}
