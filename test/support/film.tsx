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

/** What a sequence ends. */
const ends: Readonly<Record<string, RegExp>> = { 22: /^[12]$/, 27: /^7$/, 39: /^[39]\d$/ };

/**
 * A row as it is drawn, and how many columns of it have which tone: `orders   12m│ d9 b3`, of p(lain),
 * s(trong), d(im), a(ccent), c(ontext), g(ood), w(arn), b(ad). Nothing follows a plain row.
 */
function rowWithTones(row: string): string {
  let text = '';
  let codes: readonly string[] = [];
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
    } else if (code in ends) codes = codes.filter((one) => !ends[code]!.test(one));
    else codes = [...codes, code];
  }
  const plain = runs.every(([letter]) => letter === 'p');
  const tones = runs.map(([letter, columns]) => `${letter}${columns}`).join(' ');
  return `${text.replace(/\s+$/, '')}│${plain ? '' : ` ${tones}`}`;
}

function toneOf(codes: readonly string[]) {
  const tone = codes.filter((code) => code !== '7').sort((a, b) => Number(a) - Number(b));
  return { inverse: codes.includes('7'), tone: tone.join(';') };
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
export function factsOf(state: State): Map<string, string> {
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
    ('as_of' in value && 'tenant_id' in value) ||
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

const order = (effect: Effect): string => {
  switch (effect.type) {
    case 'data':
      return `→ ${named(effect.effect)}`;
    case 'timer':
      return `timer ${effect.name} ${effect.after_ms}`;
    default:
      return named(effect);
  }
};

/** Each once, and how often. */
function counted(orders: readonly string[]): string[] {
  return [...new Set(orders)].map((one) => {
    const times = orders.filter((other) => other === one).length;
    return times === 1 ? one : `${one} ×${times}`;
  });
}

function named({ type, ...rest }: { type: string }): string {
  return Object.keys(rest).length === 0 ? type : `${type} ${briefly(rest)}`;
}

const widest = 190;

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

type Shot = { title: string; rows: readonly string[]; told: readonly string[] };

/**
 * The story of a session: of each step what is drawn, what has changed in the state (`=`) and what
 * is to be done (`!`).
 */
export class Film {
  readonly shots: Shot[] = [];
  readonly session: Session;
  #facts: ReadonlyMap<string, string>;
  #told: number;

  /** `told`: what the session has led to so far is not part of the story. */
  constructor(session: Session, { told = true } = {}) {
    this.session = session;
    this.#facts = factsOf(session.state);
    this.#told = told ? session.effects.length : 0;
  }

  shot(title: string): this {
    const { state, effects } = this.session;
    const facts = factsOf(state);
    const told = [
      ...lined(changes(this.#facts, facts), '='),
      ...lined(counted(effects.slice(this.#told).map(order)), '!'),
    ];
    this.shots.push({ title, rows: screenOf(state), told });
    this.#facts = facts;
    this.#told = effects.length;
    return this;
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
  after(title: string, step: (session: Session) => unknown): this {
    step(this.session);
    return this.shot(title);
  }
}

/** What is said of the parts of a fact, or of the whole, is not said twice. */
export function changes(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): string[] {
  const changed = [...now].filter(([path, value]) =>
    before.has(path) ? before.get(path) !== value : !['null', '[]', '{}'].includes(value),
  );
  const gone = [...before.keys()].filter(
    (path) => !now.has(path) && !isTold(path, [...now.keys()]),
  );
  return [...changed.map(([path, value]) => `${path}=${value}`), ...gone.map((path) => `-${path}`)];
}

/** Whether one of the paths is a part of this one, or holds it. */
function isTold(path: string, paths: readonly string[]): boolean {
  return paths.some((other) => other.startsWith(`${path}.`) || path.startsWith(`${other}.`));
}

/** `12│row│ tones` of the rows that are drawn otherwise; `15–20│row│` of rows that are alike. */
function otherRows(rows: readonly string[], before: readonly string[]): string[] {
  const other: { from: number; to: number; row: string }[] = [];
  rows.forEach((row, at) => {
    if (row === before[at]) return;
    const last = other.at(-1);
    if (last?.row === row && last.to === at) last.to = at + 1;
    else other.push({ from: at + 1, to: at + 1, row });
  });
  const lines = other.map(({ from, to, row }) =>
    from === to ? `${String(from).padStart(2)}│${row}` : `${from}–${to}│${row}`,
  );
  return rows.length < before.length ? [...lines, `${rows.length} rows`] : lines;
}

/**
 * The films of one kind, one after the other in one file of test/console/texts. Of a screen those
 * rows are written that differ from the last one, or from the earlier one that it is most like.
 */
export function expectFilms(name: string, films: Record<string, Film>): Promise<void> {
  const seen: { title: string; rows: readonly string[] }[] = [];
  const lines = Object.entries(films).flatMap(([film, { shots }]) => [
    `# ${film}`,
    ...shots.flatMap(({ title, rows, told }, index) => {
      const last = index === 0 ? [] : seen.at(-1)!.rows;
      const since = otherRows(rows, last);
      const [best] = seen
        .map((one) => ({ ...one, other: otherRows(rows, one.rows) }))
        .sort((a, b) => a.other.length - b.other.length);
      seen.push({ title: `${film}: ${title}`, rows });
      const drawn =
        best === undefined || best.other.length + 1 >= since.length
          ? since
          : [`  as at "${best.title}"`, ...best.other];
      return [`## ${title}`, ...drawn, ...told];
    }),
    '',
  ]);
  return expectTexts(name, lines, 'console');
}

export const sized = (columns: number, rows: number) => ({ size: { columns, rows } });

export const resize = (columns: number, rows: number) => (session: Session) =>
  session.send({ type: 'resized', ...sized(columns, rows) });
