import { readerLines } from '../../model/layout.ts';
import type { Reader } from '../../model/overlay.ts';
import { type Line, span } from '../../widgets/spans.ts';
import { type DialogProps, within } from '../dialog.ts';

export type ReaderContents = ReturnType<typeof readerContents>;

export function readerContents({ state, overlay, width, height }: DialogProps<Reader>) {
  const all = readerLines(overlay, state.size);
  const rows = Math.max(1, height);
  const top = Math.min(overlay.top, Math.max(0, all.length - rows));
  const shown = all.slice(top, top + rows);
  const place = `(${top + 1}–${top + shown.length} of ${all.length} lines)`;
  const plain = shown.map((text): Line => [span(text)]);
  const lines = within(plain, width, height);
  const title = all.length > rows ? `${overlay.title} ${place}` : overlay.title;
  return { title, width, rows: lines.length, lines };
}
