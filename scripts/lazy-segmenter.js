/** Printable ASCII, escapes and characters of private use: UAX #29 ends a grapheme after each. */
const single = /^[\x1b\x20-\x7e\ue000-\uf8ff]*$/;

/**
 * `Intl.Segmenter` in the bundle (see bundle.js), with the same results. What Ink measures text with
 * makes three segmenters when it is loaded, each of which loads ICU's break rules; this one makes
 * the real segmenter for the first text that has graphemes of more than one code unit.
 */
export class LazySegmenter {
  #arguments;
  #made;
  #graphemes;

  /** As the original: throws a RangeError for locales or options that it does not know. */
  constructor(...options) {
    this.#arguments = options;
    const [locales, { granularity, ...others } = {}] = options;
    this.#graphemes = granularity === undefined || granularity === 'grapheme';
    // What may be wrong in the arguments is told by the original, here and now.
    const usual = locales === undefined && Object.keys(others).length === 0;
    if (!this.#graphemes || !usual) this.#original();
  }

  #original() {
    // Destructured: the bundler replaces `Intl.Segmenter` by this class.
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

/** As `Segments` of the original, for a text of which each code unit is a grapheme. */
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
