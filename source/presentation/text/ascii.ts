import { charactersOf } from './characters.ts';
import { widthOf } from './width.ts';

/** An ASCII character of the same width for each sign that this program draws. */
export const substitutes: Readonly<Record<string, string>> = {
  '–': '-',
  '−': '-',
  '≥': '>',
  '—': '-',
  '…': '~',
  '·': '.',
  '→': '>',
  '×': 'x',
  '←': '<',
  '↑': '^',
  '↓': 'v',
  '▲': '^',
  '▼': 'v',
  '↗': '/',
  '↘': '\\',
  '●': '*',
  '◌': 'o',
  '‖': '=',
  '⧗': '~',
  '✓': '+',
  '✗': 'x',
  '⊘': '-',
  '◆': '*',
  '♪': '!',
  '✎': '&',
  '█': '#',
  '▉': '#',
  '▊': '#',
  '▋': '#',
  '▌': '=',
  '▍': '=',
  '▎': '=',
  '▏': '-',
  '▁': '_',
  '▂': '_',
  '▃': '-',
  '▄': '-',
  '▅': '=',
  '▆': '=',
  '▇': '=',
  '▓': '>',
  '░': '-',
  '│': '|',
  '─': '-',
  '┌': '+',
  '┐': '+',
  '└': '+',
  '┘': '+',
  '├': '+',
  '┤': '+',
  '┃': '|',
  '▐': '>',
  '▸': '>',
  '›': '>',
  '▾': 'v',
};

const notAscii = /[^\x20-\x7e\n]/;

/** Column for column: our own signs by table, anything else as `?`. */
export function toAscii(text: string): string {
  if (!notAscii.test(text)) return text;
  return Array.from(charactersOf(text), (segment) =>
    notAscii.test(segment) ? (substitutes[segment] ?? '?'.repeat(widthOf(segment))) : segment,
  ).join('');
}
