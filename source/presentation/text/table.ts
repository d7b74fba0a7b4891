import { type Align, fitted } from './fitted.ts';
import type { Zone } from './format.ts';
import type { Cell, Phrase } from './tone.ts';
import { widthOf } from './width.ts';

export type CellContext = {
  /** The database's clock. */
  as_of: Date;
  zone: Zone;
  /** Columns of the terminal that the cell has. */
  width: number;
};

export type Column<Row> = {
  name: string;
  title: string;
  align: Align;
  /** Blank columns before it. */
  gap: number;
  /** Columns that it would like to have for these rows. */
  width: (rows: readonly Row[]) => number;
  /** May take spare space up to this. */
  grows_to?: number;
  phrase: (row: Row, context: CellContext) => Phrase;
};

export type ColumnOptions = { align?: Align; gap?: number; grows_to?: number };

export function column<Row>(
  name: string,
  title: string,
  width: number | ((rows: readonly Row[]) => number),
  phrase: Column<Row>['phrase'],
  options: ColumnOptions = {},
): Column<Row> {
  const natural = typeof width === 'number' ? () => width : width;
  return {
    name,
    title,
    gap: 2,
    align: 'left',
    width: (rows) => Math.max(widthOf(title), natural(rows)),
    phrase,
    ...options,
  };
}

export type Table<Row, C extends Column<Row> = Column<Row>> = {
  columns: readonly C[];
  /**
   * What gives way when the terminal is narrow, first to last: the column, and the width it is brought
   * down to (as far as is needed for `elastic` ones; 0 = dropped).
   */
  narrowings: readonly { column: string; to: number; elastic?: true }[];
  /**
   * Who gets the space that is left over, and up to what width: first to last, and one very long name
   * does not take it all. No limit = what the column would like.
   */
  expansions: readonly (readonly [column: string, limit?: number])[];
};

export type LaidColumn<C> = { column: C; width: number };

/**
 * The columns that fit into `width`, each with its width. Infinity = all of them, as wide as they like.
 * Nothing ever wraps: below the least width what the narrowings keep longest is all that is left.
 */
export function layoutColumns<Row, C extends Column<Row>>(
  table: Table<Row, C>,
  rows: readonly Row[],
  width: number,
): LaidColumn<C>[] {
  const { columns, narrowings } = table;
  const total = (widths: Map<string, number>) =>
    columns.reduce(
      (sum, { name, gap }) => sum + (widths.has(name) ? widths.get(name)! + gap : 0),
      0,
    );
  const wanted = new Map(columns.map((column) => [column.name, column.width(rows)]));
  // A column that would like to have nothing is not there.
  const widths = new Map([...wanted].filter(([, wish]) => wish > 0));
  for (const { column, to, elastic } of narrowings) {
    const excess = total(widths) - width;
    if (excess <= 0) break;
    const present = widths.get(column) ?? 0;
    const next = Math.min(present, elastic ? Math.max(to, present - excess) : to);
    if (next > 0) widths.set(column, next);
    else widths.delete(column);
  }
  if (width !== Number.POSITIVE_INFINITY) {
    shareOut(table, widths, wanted, () => Math.max(0, width - total(widths)));
  }
  return columns
    .filter(({ name }) => widths.has(name))
    .map((column) => ({ column, width: widths.get(column.name)! }));
}

/** The first `pinned` columns, and of the others as many as fit from `first` on; the last of them may be cut. */
export function scrolledColumns<C extends { gap: number }>(
  laid: readonly LaidColumn<C>[],
  width: number,
  pinned: number,
  first: number,
): LaidColumn<C>[] {
  const kept: LaidColumn<C>[] = [];
  let room = width;
  const last = Math.max(pinned, laid.length - 1);
  // One very long name must not keep the others out.
  const cap = Math.floor(width / 3);
  const staying = laid.slice(0, pinned).map((one) => ({ ...one, width: Math.min(one.width, cap) }));
  for (const one of [...staying, ...laid.slice(Math.min(pinned + first, last))]) {
    room -= one.column.gap;
    if (room <= 0) break;
    kept.push({ ...one, width: Math.min(one.width, room) });
    room -= one.width;
  }
  return kept;
}

function shareOut<Row>(
  { columns, narrowings, expansions }: Table<Row>,
  widths: Map<string, number>,
  wanted: Map<string, number>,
  spareNow: () => number,
): void {
  for (const [name, limit = Number.POSITIVE_INFINITY] of expansions) {
    const column = columns.find((column) => column.name === name)!;
    const present = widths.get(name);
    if (present === undefined) continue;
    const spare = spareNow();
    const most = Math.max(present, Math.min(limit, column.grows_to ?? wanted.get(name)!));
    const elastic = narrowings.some((step) => step.column === name && step.elastic);
    // Half a longer form is of no use.
    if (elastic || most - present <= spare) widths.set(name, Math.min(most, present + spare));
  }
}

/** The longest form that the width has room for, or a truncated last one, aligned. */
export function cellOf<Row>(column: Column<Row>, row: Row, context: CellContext): Cell {
  const { forms, tone } = column.phrase(row, context);
  const form = forms.find((text) => widthOf(text) <= context.width) ?? forms.at(-1)!;
  return { text: fitted(form, context.width, column.align), tone };
}

export const absent: Phrase = { forms: ['–'], tone: 'dim' };

/** The widest text of the rows, at most `cap` columns. */
export function longest<Row>(text: (row: Row) => string, cap: number) {
  return (rows: readonly Row[]) =>
    Math.min(
      cap,
      rows.reduce((width, row) => Math.max(width, widthOf(text(row))), 0),
    );
}
