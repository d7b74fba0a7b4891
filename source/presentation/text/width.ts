import stringWidth from 'string-width';

/** ASCII, Latin letters and drawing characters: one column each in any combination. */
const narrow =
  /^[\x20-\x7e\xa0-\xac\xae-\u02ff\u2010-\u2027\u2039\u203a\u2190-\u22ff\u2500-\u25fc\u266a\u270e\u2713\u2717\u29d7]*$/;

/** Recent widths: the same cells are drawn repeatedly. */
const widths = new Map<string, number>();
const mostWidths = 4096;

/** Columns of a safe text in a terminal. */
export function widthOf(text: string): number {
  if (narrow.test(text)) return text.length;
  const known = widths.get(text);
  if (known !== undefined) return known;
  const width = stringWidth(text);
  if (widths.size >= mostWidths) widths.clear();
  widths.set(text, width);
  return width;
}
