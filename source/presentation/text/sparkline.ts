const levels = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/**
 * The last `width` figures as a line of blocks, from nothing to the highest of them; a blank where there is none. From zero, so that
 * a line that rises by a tenth does not look like one that doubles.
 */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const shown = values.slice(-Math.max(0, width) || values.length);
  if (width <= 0) return '';
  const highest = Math.max(0, ...shown.map((value) => value ?? 0));
  return shown
    .map((value) => {
      if (value === null) return ' ';
      const share = highest === 0 ? 0 : value / highest;
      return levels[
        Math.min(levels.length - 1, Math.max(0, Math.ceil(share * levels.length) - 1))
      ]!;
    })
    .join('');
}
