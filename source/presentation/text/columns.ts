import { widthOf } from './width.ts';

/** Lines of cells, each column as wide as its widest cell, two spaces between; the last one is not padded. Cells are safe text. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    });
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, index) => cell + ' '.repeat(widths[index]! - widthOf(cell)));
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}
