/** Printable ASCII, escapes and private-use characters: by UAX #29, each is one grapheme. */
const single = /^[\x1b\x20-\x7e\ue000-\uf8ff]*$/;

/**
 * Replaces `Intl.Segmenter` in the bundle (bundle.js), with the same results. Ink's dependencies
 * create three segmenters at start, each of which loads ICU's break rules; this one creates the
 * real segmenter for the first text with a grapheme of more than one code unit.
 */
export class LazySegmenter {
  #arguments;
  #made;
  #graphemes;

  /** @throws RangeError for unknown locales or options, as the original */
  constructor(...options) {
    this.#arguments = options;
    const [locales, { granularity, ...others } = {}] = options;
    this.#graphemes = granularity === undefined || granularity === 'grapheme';
    // Arguments that may be invalid are checked by the original now.
    const usual = locales === undefined && Object.keys(others).length === 0;
    if (!this.#graphemes || !usual) this.#original();
  }

  #original() {
    // Destructured, because the bundler replaces the text `Intl.Segmenter`.
    const { Segmenter } = Intl;
    this.#made ??= new Segmenter(...this.#arguments);
    return this.#made;
  }

  segment(input) {
    const text = String(input);
    if (this.#graphemes && single.test(text)) return new Singles(text);
    return this.#original().segment(text);
  }

  resolvedOptions() {
    return this.#original().resolvedOptions();
  }
}

/** `Segments` of a text in which each code unit is a grapheme. */
class Singles {
  #input;

  constructor(input) {
    this.#input = input;
  }

  containing(at) {
    const index = Math.trunc(Number(at)) || 0;
    return index >= 0 && index < this.#input.length ? this.#segment(index) : undefined;
  }

  *[Symbol.iterator]() {
    for (let index = 0; index < this.#input.length; index += 1) yield this.#segment(index);
  }

  #segment(index) {
    return { segment: this.#input[index], index, input: this.#input };
  }
}
