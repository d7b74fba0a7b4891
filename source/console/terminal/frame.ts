import { charactersOf } from '../../presentation/text/characters.ts';
import { widthOf } from '../../presentation/text/width.ts';

/**
 * Only changed cells, each run addressed by row and column: 0.6 KB a frame of 20 changing rows
 * against 5 KB by whole lines.
 */
export function paintChanges(before: readonly string[], after: readonly string[]): string {
  return after
    .map((line, row) =>
      line === (before[row] ?? '') ? '' : paintRow(row, before[row] ?? '', line),
    )
    .join('');
}

/** Writes every row without clearing the screen, for a terminal whose contents are not known. */
export function paintAll(frame: readonly string[], rows: number): string {
  return Array.from({ length: rows }, (_, row) => {
    const { cells } = parseLine(frame[row] ?? '');
    return `${moveTo(row, 0)}\x1b[2K${paintCells(cells, 0, cells.length, row)}`;
  }).join('');
}

type Cell = { text: string; style: string };

const blank: Cell = { text: ' ', style: '' };
const sgr = /\x1b\[([\d;]*)m/g;
const plainAscii = /^[\x20-\x7e]*$/;

/** Unchanged cells that cost less than a jump over them. */
const shortGap = 5;

function paintRow(row: number, before: string, after: string): string {
  const old = parseLine(before).cells;
  const { cells, uncertain } = parseLine(after);
  // Terminals disagree on the width of some characters: such a line is written whole.
  if (uncertain || parseLine(before).uncertain) {
    return `${moveTo(row, 0)}\x1b[2K${paintCells(cells, 0, cells.length, row)}`;
  }
  let painted = '';
  let from = -1;
  let to = -1;
  for (let column = 0; column < cells.length; column += 1) {
    if (sameCell(cells[column]!, old[column] ?? blank)) continue;
    if (from >= 0 && column - to <= shortGap) {
      to = column + 1;
      continue;
    }
    if (from >= 0) painted += moveTo(row, from) + paintCells(cells, from, to, row);
    from = column;
    to = column + 1;
  }
  if (from >= 0) painted += moveTo(row, from) + paintCells(cells, from, to, row);
  const rest = old.slice(cells.length).some((cell) => !sameCell(cell, blank));
  return rest ? `${painted}${moveTo(row, cells.length)}\x1b[K` : painted;
}

function paintCells(cells: readonly Cell[], from: number, to: number, row: number): string {
  let painted = '';
  let style = '';
  for (let column = from; column < to; column += 1) {
    const cell = cells[column]!;
    if (cell.style !== style) {
      painted +=
        style === ''
          ? `\x1b[${cell.style}m`
          : `\x1b[0${cell.style === '' ? '' : ';'}${cell.style}m`;
      style = cell.style;
    }
    painted += cell.text;
    // After a wide character the next column is addressed explicitly.
    if (cell.text === '' && column + 1 < to && cells[column + 1]!.text !== '') {
      painted += moveTo(row, column + 1);
    }
  }
  return style === '' ? painted : `${painted}\x1b[m`;
}

export function moveTo(row: number, column: number): string {
  return `\x1b[${row + 1};${column + 1}H`;
}

function sameCell(a: Cell, b: Cell): boolean {
  return a.text === b.text && a.style === b.style;
}

type ParsedLine = {
  cells: Cell[];
  uncertain: boolean;
};

function parseLine(line: string): ParsedLine {
  const cells: Cell[] = [];
  const attributes = new Map<string, string>();
  let uncertain = false;
  let at = 0;
  const take = (text: string) => {
    const style = [...attributes.values()].join(';');
    if (plainAscii.test(text)) {
      for (const character of text) cells.push({ text: character, style });
      return;
    }
    for (const segment of charactersOf(text)) {
      const width = widthOf(segment);
      if (width !== 1 || segment.length > 1) uncertain = true;
      if (width === 0) continue;
      cells.push({ text: segment, style });
      for (let extra = 1; extra < width; extra += 1) cells.push({ text: '', style });
    }
  };
  for (const match of line.matchAll(sgr)) {
    take(line.slice(at, match.index));
    applyStyle(attributes, match[1] ?? '');
    at = match.index + match[0].length;
  }
  take(line.slice(at));
  return { cells, uncertain };
}

/** Codes that switch attributes off: bold and dim share one. */
const offCodes: Readonly<Record<string, readonly string[]>> = {
  '22': ['1', '2'],
  '23': ['3'],
  '24': ['4'],
  '27': ['7'],
  '29': ['9'],
  '39': ['color'],
  '49': ['background'],
};

function applyStyle(attributes: Map<string, string>, codes: string): void {
  if (codes === '' || codes === '0') {
    attributes.clear();
    return;
  }
  const off = offCodes[codes];
  if (off !== undefined) {
    for (const name of off) attributes.delete(name);
    return;
  }
  const first = Number(codes.split(';')[0]);
  const color = (first >= 30 && first <= 38) || (first >= 90 && first <= 97);
  const background = (first >= 40 && first <= 48) || (first >= 100 && first <= 107);
  attributes.set(color ? 'color' : background ? 'background' : codes, codes);
}
