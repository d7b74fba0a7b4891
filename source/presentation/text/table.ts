import { type Align, fitted } from './fitted.ts';
import type { Zone } from './format.ts';
import type { Cell, Phrase } from './tone.ts';
import { widthOf } from './width.ts';

export type CellContext = {
  as_of: Date;
  zone: Zone;
  width: number;
};

export type Column<Row> = {
  name: string;
  title: string;
  align: Align;
  gap: number;
  width: (rows: readonly Row[]) => number;
  /** It may take spare space up to this width. */
  grows_to?: number;
  phrase: (row: Row, context: CellContext) => Phrase;
};

type ColumnOptions = { align?: Align; gap?: number; grows_to?: number };

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
   * Columns that shrink on a narrow terminal, in order: down to `to`, only as far as needed if
   * `elastic`; 0 drops the column.
   */
  narrowings: readonly { column: string; to: number; elastic?: true }[];
  /**
   * Columns that take spare space, in order, up to `limit`: one long name must not take it all. No
   * limit: the preferred width.
   */
  expansions: readonly (readonly [column: string, limit?: number])[];
};

export type LaidColumn<C> = { column: C; width: number };

/**
 * The columns that fit into `width`, with their widths. Infinity: all at their preferred width.
 * Rows never wrap.
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
  const preferred = new Map(columns.map((column) => [column.name, column.width(rows)]));
  // A column of preferred width 0 is absent.
  const widths = new Map([...preferred].filter(([, width]) => width > 0));
  for (const { column, to, elastic } of narrowings) {
    const excess = total(widths) - width;
    if (excess <= 0) break;
    const present = widths.get(column) ?? 0;
    const next = Math.min(present, elastic ? Math.max(to, present - excess) : to);
    if (next > 0) widths.set(column, next);
    else widths.delete(column);
  }
  if (width !== Number.POSITIVE_INFINITY) {
    shareOut(table, widths, preferred, () => Math.max(0, width - total(widths)));
  }
  return columns
    .filter(({ name }) => widths.has(name))
    .map((column) => ({ column, width: widths.get(column.name)! }));
}

/** The first `pinned` columns, and as many others as fit from `first` on; the last may be cut. */
export function scrolledColumns<C extends { gap: number }>(
  laid: readonly LaidColumn<C>[],
  width: number,
  pinned: number,
  first: number,
): LaidColumn<C>[] {
  const kept: LaidColumn<C>[] = [];
  let room = width;
  const last = Math.max(pinned, laid.length - 1);
  // One long name must not displace the other columns.
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
  preferred: Map<string, number>,
  spareNow: () => number,
): void {
  for (const [name, limit = Number.POSITIVE_INFINITY] of expansions) {
    const column = columns.find((column) => column.name === name)!;
    const present = widths.get(name);
    if (present === undefined) continue;
    const spare = spareNow();
    const most = Math.max(present, Math.min(limit, column.grows_to ?? preferred.get(name)!));
    const elastic = narrowings.some((step) => step.column === name && step.elastic);
    // A cut longer form is of no use.
    if (elastic || most - present <= spare) widths.set(name, Math.min(most, present + spare));
  }
}

/** The longest form that fits, else the last one truncated or left out; aligned. */
export function cellOf<Row>(column: Column<Row>, row: Row, context: CellContext): Cell {
  const { forms, tone, whole } = column.phrase(row, context);
  const fitting = forms.find((text) => widthOf(text) <= context.width);
  const form = fitting ?? (whole ? '…' : forms.at(-1)!);
  return { text: fitted(form, context.width, column.align), tone };
}

/** The table as plain lines, titles first. No line is wider than `width`. */
export function tableLines<Row>(
  table: Table<Row>,
  rows: readonly Row[],
  context: CellContext,
): string[] {
  const laid = layoutColumns(table, rows, context.width);
  const lineOf = (text: (one: LaidColumn<Column<Row>>) => string) =>
    laid
      .map((one) => ' '.repeat(one.column.gap) + text(one))
      .join('')
      .trimEnd();
  return [
    lineOf(({ column, width }) => fitted(width < 3 ? '' : column.title, width, column.align)),
    ...rows.map((row) =>
      lineOf(({ column, width }) => cellOf(column, row, { ...context, width }).text),
    ),
  ];
}

export const absent: Phrase = { forms: ['–'], tone: 'dim' };

export function longest<Row>(text: (row: Row) => string, cap: number) {
  return (rows: readonly Row[]) =>
    Math.min(
      cap,
      rows.reduce((width, row) => Math.max(width, widthOf(text(row))), 0),
    );
}
