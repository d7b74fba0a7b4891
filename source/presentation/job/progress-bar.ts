import { toAscii } from '../text/ascii.ts';

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** A bar of exactly `width` columns in eighths: never empty above 0, never full below 1. */
export function progressBar(width: number, ratio: number, ascii = false): string {
  if (width <= 0) return '';
  const all = width * 8;
  const clamped = Math.min(1, Math.max(0, ratio));
  const rounded = Math.round(clamped * all);
  const filled = clamped > 0 && clamped < 1 ? Math.min(all - 1, Math.max(1, rounded)) : rounded;
  const bar = ('█'.repeat(Math.floor(filled / 8)) + eighths[filled % 8]).padEnd(width);
  return ascii ? toAscii(bar) : bar;
}
