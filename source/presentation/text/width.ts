import stringWidth from 'string-width';

/** ASCII, Latin letters, and what this program draws with: one column each, by themselves and beside each other. */
const narrow =
  /^[\x20-\x7e\xa0-\xac\xae-\u02ff\u2010-\u2027\u2039\u203a\u2190-\u22ff\u2500-\u25fc\u266a\u270e\u2713\u2717\u29d7]*$/;

/** Widths that were asked for lately: the same cells are drawn again and again. */
const widths = new Map<string, number>();
const mostWidths = 4096;

/** Columns that a terminal gives to a safe text. */
export function widthOf(text: string): number {
  if (narrow.test(text)) return text.length;
  const known = widths.get(text);
  if (known !== undefined) return known;
  const width = stringWidth(text);
  if (widths.size >= mostWidths) widths.clear();
  widths.set(text, width);
  return width;
}
