const levels = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/**
 * The last `width` values as blocks; a blank for null. The scale starts at 0, so that a rise of a
 * tenth does not look like a doubling.
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
