import { charactersOf } from './characters.ts';
import { widthOf } from './width.ts';

export type Align = 'left' | 'right';

const plainAscii = /^[\x20-\x7e]*$/;

/** The beginning of a safe text, at most `width` columns; `ellipsis` replaces the rest. */
export function truncate(text: string, width: number, ellipsis = '…'): string {
  if (width <= 0) return '';
  if (widthOf(text) <= width) return text;
  const room = Math.max(0, width - widthOf(ellipsis));
  return takeColumns(text, room) + ellipsis.slice(0, width);
}

/** The end of a safe text, at most `width` columns: the last part of a path says most. */
export function truncateStart(text: string, width: number): string {
  if (width <= 0) return '';
  if (widthOf(text) <= width) return text;
  const pieces = Array.from(charactersOf(text));
  let rest = pieces.length;
  let columns = 1;
  while (rest > 0 && columns + widthOf(pieces[rest - 1]!) <= width) {
    rest -= 1;
    columns += widthOf(pieces[rest]!);
  }
  return `…${pieces.slice(rest).join('')}`;
}

/** Both ends of a safe text: the subject of a message comes first, the advice last. */
export function truncateMiddle(text: string, width: number): string {
  if (width <= 0) return '';
  if (widthOf(text) <= width) return text;
  const head = takeColumns(text, Math.ceil(width / 2) - 1);
  return head + truncateStart(text, width - widthOf(head));
}

/** Start of a message's last part: the advice, a command or a key. */
const lastParts = / — |; | \(| \S+: (?=servo-tui )/g;

/** Least width of the head of a cut message. */
const leastHead = 10;

/**
 * A message on one line of at most `width` columns. Its last part (command, key, advice) is kept
 * and its beginning cut. All one-line messages are cut here.
 */
export function cutMessage(text: string, width: number): string {
  if (width <= 0) return '';
  if (widthOf(text) <= width) return text;
  const tails = [...text.matchAll(lastParts)]
    .map(({ index }) => text.slice(index))
    .filter((tail) => widthOf(tail) <= width - leastHead);
  // The longest tail that leaves enough for the beginning, else the shortest.
  const tail = tails.find((one) => widthOf(one) <= width * 0.62) ?? tails.at(-1);
  if (tail === undefined) return truncateMiddle(text, width);
  return truncate(text.slice(0, -tail.length), width - widthOf(tail)) + tail;
}

export function fitted(text: string, width: number, align: Align = 'left', ellipsis = '…'): string {
  const shown = truncate(text, width, ellipsis);
  const padding = ' '.repeat(Math.max(0, width - widthOf(shown)));
  return align === 'right' ? padding + shown : shown + padding;
}

/** As many whole characters as fit into `width` columns. */
export function takeColumns(text: string, width: number): string {
  if (plainAscii.test(text)) return text.slice(0, width);
  let taken = '';
  let columns = 0;
  for (const segment of charactersOf(text)) {
    columns += widthOf(segment);
    if (columns > width) break;
    taken += segment;
  }
  return taken;
}

/**
 * Breaks a safe text (line ends kept) into lines of at most `width` columns, at spaces if possible.
 */
export function wrap(text: string, width: number): string[] {
  if (width <= 0) return [];
  return text.split('\n').flatMap((line) => wrapLine(line, width));
}

function wrapLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (widthOf(rest) > width) {
    // A character wider than the line is taken anyway, so that the loop ends.
    const [first = rest] = charactersOf(rest);
    const head = takeColumns(rest, width) || first;
    const space = rest[head.length] === ' ' ? head.length : head.lastIndexOf(' ');
    const end = space > width / 3 ? space : head.length;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).replace(/^ /, '');
  }
  // A space at the end is no line of its own.
  return rest === '' && lines.length > 0 ? lines : [...lines, rest];
}
