import { fittedTable } from './fitted-table.ts';

/** Each column as wide as its widest cell, two spaces between. Cells are safe text. */
export function columns(rows: readonly (readonly string[])[]): string {
  const lines = fittedTable(rows, Number.POSITIVE_INFINITY);
  return lines.map((line) => `${line}\n`).join('');
}
