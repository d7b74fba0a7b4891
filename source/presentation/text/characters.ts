/** ASCII, Latin letters, arrows and drawing characters: always one grapheme each. */
const alone = /^[\x20-\x7e\xa0-\xac\xae-\u02ff\u2010-\u2027\u2039\u203a\u2190-\u2bff]*$/;

let segmenter: Intl.Segmenter | undefined;

/** Graphemes of a text. ICU takes 12 ms to load and is used only if needed. */
export function charactersOf(text: string): Iterable<string> {
  return alone.test(text) ? text : segmentsOf(text);
}

function* segmentsOf(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter();
  for (const { segment } of segmenter.segment(text)) yield segment;
}
