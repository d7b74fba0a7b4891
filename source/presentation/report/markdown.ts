import { truncate } from '../text/fitted.ts';
import { safeText } from '../text/safe-text.ts';
import { widthOf } from '../text/width.ts';

/** Longest text in one place, in columns; the database has the rest. */
const longest = 400;

/**
 * Text of the database as a code span, where links, mentions, HTML and markup do nothing; the fence
 * is longer than any run of backticks in it.
 */
export function code(text: string, cap = longest): string {
  const safe = safeText(text).trim();
  const shown = widthOf(safe) > cap ? truncate(safe, cap) : safe;
  if (shown === '') return '(empty)';
  const runs = shown.match(/`+/g)?.map(({ length }) => length) ?? [];
  if (runs.length === 0) return `\`${shown}\``;
  const fence = '`'.repeat(Math.max(...runs) + 1);
  return `${fence} ${shown} ${fence}`;
}

/** A bar ends a cell, in code spans too. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

export function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** Separated by blank lines; empty parts are left out. */
export function blocks(...parts: readonly (string | null)[]): string {
  return `${parts.filter((part) => part !== null && part !== '').join('\n\n')}\n`;
}

/** `2026-11-22 04:10:05` in UTC: readers of a document do not know the writer's zone. */
export function utc(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}
