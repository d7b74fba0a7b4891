import type { Effect } from '../../source/console/model/effects.ts';
import type { State } from '../../source/console/model/state.ts';
import { paletteOf, type Theme } from '../../source/console/widgets/theme.ts';
import { widthOf } from '../../source/presentation/text/width.ts';
import type { Session } from '../sessions/session.ts';
import { inkFrame } from './ink-frame.tsx';
import { expectTexts } from './texts.ts';

/** In colours, so that each tone has an escape sequence of its own. */
const colours: Theme = { ascii: false, palette: paletteOf(false, 1), accent: 'magenta' };

/** Tones by the escape sequences of `colours`; in reverse video the letter is a capital. */
const letters: Readonly<Record<string, string>> = {
  '': 'p',
  '1': 's',
  '2': 'd',
  '36': 'a',
  '35': 'c',
  '32': 'g',
  '33': 'w',
  '1;31': 'b',
};

/**
 * A row as it is drawn, and how many columns of it have which tone: `orders   12m│ d9 b3`, of p(lain),
 * s(trong), d(im), a(ccent), c(ontext), g(ood), w(arn), b(ad). Nothing follows a plain row.
 */
function rowWithTones(row: string): string {
  let text = '';
  const codes = new Set<string>();
  const runs: [letter: string, columns: number][] = [];
  for (const piece of row.split(/(\x1b\[\d+m)/)) {
    const code = /^\x1b\[(\d+)m$/.exec(piece)?.[1];
    if (code === undefined) {
      if (piece === '') continue;
      const { inverse, tone } = toneOf(codes);
      const letter = letters[tone] ?? `(${tone})`;
      const run = inverse ? letter.toUpperCase() : letter;
      const last = runs.at(-1);
      if (last?.[0] === run) last[1] += widthOf(piece);
      else runs.push([run, widthOf(piece)]);
      text += piece;
    } else if (code === '22') ['1', '2'].forEach((one) => codes.delete(one));
    else if (code === '39') for (const one of codes) Number(one) >= 30 && codes.delete(one);
    else if (code === '27') codes.delete('7');
    else codes.add(code);
  }
  const plain = runs.every(([letter]) => letter === 'p');
  const tones = runs.map(([letter, columns]) => `${letter}${columns}`).join(' ');
  return `${text.replace(/\s+$/, '')}│${plain ? '' : ` ${tones}`}`;
}

function toneOf(codes: ReadonlySet<string>) {
  const tone = [...codes].filter((code) => code !== '7').sort((a, b) => Number(a) - Number(b));
  return { inverse: codes.has('7'), tone: tone.join(';') };
}

/** The rows of the screen that the console draws in this state. */
export function screenOf(state: State): string[] {
  const { frame, caret } = inkFrame(state, colours);
  return frame.split('\n').map((row, at) => {
    const drawn = rowWithTones(row);
    return caret?.row === at ? `${drawn} caret ${caret.column}` : drawn;
  });
}

/** What is not part of a story: it is told elsewhere, or does not change. */
const untold = ['at', 'options.keymap', 'options.commands'];

/** The state as `path=value`; a job is its number and version, what has been read is its time. */
function factsOf(state: State): Map<string, string> {
  const facts = new Map<string, string>();
  const walk = (path: string, value: unknown) => {
    if (untold.includes(path)) return;
    const record = typeof value === 'object' && value !== null ? value : null;
    if (path === 'asking') facts.set(path, state.asking.map(asked).join(' '));
    else if (record === null || isLeaf(record)) facts.set(path, briefly(value));
    else
      for (const [name, one] of Object.entries(record))
        walk(path === '' ? name : `${path}.${name}`, one);
  };
  walk('', state);
  return facts;
}

const asked = ({ asker, request, asked_at, id }: State['asking'][number]) =>
  shortened(`${asker} ${request}@${asked_at}${id === null ? '' : ` of ${id}`},`);

function isLeaf(value: object): boolean {
  return (
    Array.isArray(value) ||
    value instanceof Set ||
    value instanceof Date ||
    'as_of' in value ||
    'asset_name' in value ||
    Object.keys(value).length === 0
  );
}

/** JSON in few characters. */
export function briefly(value: unknown): string {
  return shortened(JSON.stringify(value, (_, one: unknown) => brief(one)) ?? 'undefined');
}

const longText = 100;

function brief(value: unknown): unknown {
  if (value instanceof Set) return [...value];
  if (typeof value === 'function') return 'function';
  if (typeof value === 'string' && value.length > longText)
    return `${value.slice(0, longText - 20)}… (${value.length})`;
  if (typeof value !== 'object' || value === null) return value;
  if ('asset_name' in value && 'version' in value && 'id' in value)
    return `${value.id} v${value.version}`;
  if ('as_of' in value && 'tenant_id' in value) return 'read';
  return value;
}

const shortened = (json: string) =>
  json
    .replace(/\b0*([0-9a-f]+?)-0000-4000-8000-0{12}/g, '#$1')
    .replace(/"([a-z_]\w*)":/g, '$1:')
    .replaceAll('2024-05-14T', '');

const told = (effect: Effect): string => {
  switch (effect.type) {
    case 'data':
      return `→ ${effect.request} ${named(effect.effect)}`;
    case 'timer':
      return `timer ${effect.name} ${effect.after_ms}`;
    default:
      return named(effect);
  }
};

function named({ type, ...rest }: { type: string }): string {
  return Object.keys(rest).length === 0 ? type : `${type} ${briefly(rest)}`;
}

/** Whether one of the paths is a part of this one, or holds it. */
function isTold(path: string, paths: readonly string[]): boolean {
  return paths.some((other) => other.startsWith(`${path}.`) || path.startsWith(`${other}.`));
}

const widest = 140;

/** As many pieces on a line as fit. */
function lined(pieces: readonly string[], mark: string): string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + piece.length < widest)
      lines[lines.length - 1] = `${last}  ${piece}`;
    else lines.push(`  ${mark} ${piece}`);
  }
  return lines;
}

/**
 * The story of a session as a text: the first screen whole, and of each step the rows that are drawn
 * otherwise (`row│text│ tones`), what has changed in the state (`=`) and what is to be done (`!`).
 */
export class Film {
  readonly lines: string[] = [];
  readonly session: Session;
  readonly #rows: boolean;
  readonly #drawn: { title: string; rows: readonly string[] }[] = [];
  #facts: ReadonlyMap<string, string> = new Map();
  #told = 0;

  constructor(session: Session, { rows = true, told = true } = {}) {
    this.session = session;
    this.#rows = rows;
    this.#facts = factsOf(session.state);
    if (told) this.#told = session.effects.length;
  }

  shot(title: string): this {
    const { state, effects } = this.session;
    const drawn = this.#rows ? screenOf(state) : [];
    const facts = factsOf(state);
    const before = this.#facts;
    const changed = [...facts].filter(([path, value]) =>
      before.has(path) ? before.get(path) !== value : !['null', '[]', '{}'].includes(value),
    );
    // What is said of its parts, or of the whole, is not said twice.
    const gone = [...before.keys()].filter(
      (path) => !facts.has(path) && !isTold(path, [...facts.keys()]),
    );
    this.lines.push(
      `## ${title}`,
      ...this.#rowsOf(drawn),
      ...lined(
        [...changed.map(([path, value]) => `${path}=${value}`), ...gone.map((path) => `-${path}`)],
        '=',
      ),
      ...lined(effects.slice(this.#told).map(told), '!'),
    );
    this.#drawn.push({ title, rows: drawn });
    this.#facts = facts;
    this.#told = effects.length;
    return this;
  }

  /** The rows that differ from the last screen, or from an earlier one if fewer do. */
  #rowsOf(drawn: readonly string[]): string[] {
    const otherThan = (rows: readonly string[]) =>
      drawn.flatMap((row, at) =>
        row === rows[at] ? [] : [`${String(at + 1).padStart(2)}│${row}`],
      );
    const last = this.#drawn.at(-1);
    const since = otherThan(last?.rows ?? []);
    const best = this.#drawn.toSorted(
      (a, b) => otherThan(a.rows).length - otherThan(b.rows).length,
    )[0];
    const earlier = best === undefined ? since : otherThan(best.rows);
    const rows = (count = 0) => (drawn.length < count ? [`${drawn.length} rows`] : []);
    if (best === undefined || earlier.length + 1 >= since.length)
      return [...since, ...rows(last?.rows.length)];
    return [`  as at "${best.title}"`, ...earlier, ...rows(best.rows.length)];
  }

  /** A shot after each key. */
  press(...keys: string[]): this {
    for (const key of keys) {
      this.session.press(key);
      this.shot(key);
    }
    return this;
  }

  /** A shot after what `step` does. */
  then(title: string, step: (session: Session) => unknown): this {
    step(this.session);
    return this.shot(title);
  }
}

/** The films of one kind, one after the other in one file of test/console/texts. */
export const expectFilms = (name: string, films: Record<string, Film>) =>
  expectTexts(
    name,
    Object.entries(films).flatMap(([title, { lines }]) => [`# ${title}`, ...lines, '']),
    'console',
  );

export const sized = (columns: number, rows: number) => ({ size: { columns, rows } });

export const resize = (columns: number, rows: number) => (session: Session) =>
  session.send({ type: 'resized', ...sized(columns, rows) });
