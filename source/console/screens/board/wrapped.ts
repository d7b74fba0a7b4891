import { wrap } from '../../../presentation/text/fitted.ts';
import { widthOf } from '../../../presentation/text/width.ts';
import { type Line, lineWidth, span } from '../../widgets/spans.ts';

/** Wraps cells, each piece with its tone; further lines are indented. */
export function wrapped(line: Line, width: number): Line[] {
  if (lineWidth(line) + 1 <= width) return [[span(' '), ...line]];
  const lines: Line[] = [];
  let open: Line = [span(' ')];
  for (const piece of line) {
    const room = width - lineWidth(open);
    const parts = widthOf(piece.text) <= room ? [piece.text] : broken(piece.text, room, width - 3);
    parts.forEach((text, index) => {
      if (index > 0) {
        lines.push(open);
        open = [span('   ')];
      }
      open = [...open, { ...piece, text }];
    });
  }
  return [...lines, open];
}

/** A text in pieces, the first with less room: empty if it would cut a word. */
function broken(text: string, first: number, others: number): string[] {
  const [head = ''] = wrap(text, Math.max(1, first));
  const cutsWord = head.length < text.length && text[head.length] !== ' ';
  if (cutsWord && first < others) return ['', ...wrap(text.replace(/^ /, ''), others)];
  const rest = text.slice(head.length).replace(/^ /, '');
  return [head, ...wrap(rest, Math.max(1, others))];
}
