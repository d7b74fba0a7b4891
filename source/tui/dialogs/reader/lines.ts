import { readerLines, readerRows } from '../../../console/layout.ts';
import type { Reader } from '../../../console/overlay.ts';
import { type Line, span } from '../../widgets/spans.ts';
import { type Contents, type DialogProps, firstShown, within } from '../dialog.ts';

export type ReaderContents = Contents & { lines: readonly Line[] };

/** A text, and in the title which part of it is shown. */
export function readerContents({
  state: { size },
  overlay: reader,
  width,
  height,
}: DialogProps<Reader>): ReaderContents {
  const all = readerLines(reader, size);
  const reach = readerRows(size);
  const rows = Math.min(reach, Math.max(1, height));
  const top = firstShown(reader.top, all.length, reach, rows);
  const shown = all.slice(top, top + rows);
  const place = `(${top + 1}–${top + shown.length} of ${all.length} lines)`;
  const lines = within(
    shown.map((text): Line => [span(text)]),
    width,
    height,
  );
  const title = all.length > rows ? `${reader.title} ${place}` : reader.title;
  return { title, width, rows: lines.length, lines };
}
