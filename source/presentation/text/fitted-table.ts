import { type Align, fitted } from './fitted.ts';
import { widthOf } from './width.ts';

const gap = 2;
/** A narrower text is useless. */
const leastWidth = 8;

/** Right for figures, whole for times: neither shrinks. */
export type Fit = Align | 'whole';

/**
 * Each column as wide as its widest cell. Above `width` the widest texts shrink, then the last
 * columns go: half a figure is a wrong one. Cells are safe text. `fits` by column, default left.
 */
export function fittedTable(
  rows: readonly (readonly string[])[],
  width: number,
  fits: readonly (Fit | undefined)[] = [],
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    });
  }
  const total = () => widths.reduce((sum, one) => sum + one + gap, -gap);
  const least = widths.map((one, index) =>
    fits[index] === 'right' || fits[index] === 'whole' ? one : Math.min(one, leastWidth),
  );
  while (
    widths.length > 1 &&
    sum(least.slice(0, widths.length)) + gap * (widths.length - 1) > width
  ) {
    widths.pop();
  }
  while (total() > width) {
    const spare = widths.map((one, index) => (one > least[index]! ? one : 0));
    const widest = spare.indexOf(Math.max(...spare));
    if (spare[widest] === 0) break;
    widths[widest]! -= 1;
  }
  return rows.map((row) =>
    widths
      .map((one, index) =>
        fitted(row[index] ?? '', one, fits[index] === 'right' ? 'right' : 'left'),
      )
      .join(' '.repeat(gap))
      .trimEnd(),
  );
}

/** A fitted table of any width as a text. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const lines = fittedTable(rows, Number.POSITIVE_INFINITY);
  return lines.map((line) => `${line}\n`).join('');
}

function sum(figures: readonly number[]): number {
  return figures.reduce((all, one) => all + one, 0);
}
