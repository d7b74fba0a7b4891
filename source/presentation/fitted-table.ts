import { type Align, fitted } from './fitted.ts';
import { widthOf } from './safe-text.ts';

const gap = 2;
const leastWidth = 5;

/**
 * Lines of cells, each column as wide as its widest cell; where that is more than `width`, the widest columns give way. Cells are
 * safe text. `aligns` by column; left where it says nothing.
 */
export function fittedTable(
  rows: readonly (readonly string[])[],
  width: number,
  aligns: readonly (Align | undefined)[] = [],
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    });
  }
  const total = () => widths.reduce((sum, one) => sum + one + gap, -gap);
  while (total() > width && Math.max(...widths) > leastWidth) {
    widths[widths.indexOf(Math.max(...widths))]! -= 1;
  }
  return rows.map((row) =>
    row
      .map((cell, index) => fitted(cell, widths[index]!, aligns[index]))
      .join(' '.repeat(gap))
      .trimEnd(),
  );
}
