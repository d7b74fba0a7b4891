import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { charactersOf } from '../../source/presentation/text/characters.ts';
import { widthOf } from '../../source/presentation/text/width.ts';

const segmenter = new Intl.Segmenter();
const segmented = (text: string) => Array.from(segmenter.segment(text), ({ segment }) => segment);
const plane = Array.from({ length: 0xd800 }, (_, code) => String.fromCharCode(code));

test('a text is parted into the characters that Intl.Segmenter finds, whatever it is made of', () => {
  const sign = fc.constantFrom(...plane.slice(0x20, 0x300), ...plane.slice(0x2000, 0x2c00));
  const any = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: sign }), any), (text) => {
      expect(Array.from(charactersOf(text))).toEqual(segmented(text));
    }),
  );
});

/** Those that no segmenter is asked about: the text itself is given. */
const alone = plane.filter((one) => charactersOf(one) === one);

test('what is not segmented stands alone beside itself and others', () => {
  expect(alone.length).toBeGreaterThan(3000);
  for (const one of alone) {
    for (const text of [one, `${one}${one}`, `a${one}│`]) {
      expect(segmented(text)).toEqual(Array.from(text));
    }
  }
});

test('a text is as wide as string-width says', () => {
  for (const one of alone) expect([one, widthOf(one)]).toEqual([one, stringWidth(one)]);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(widthOf(text)).toBe(stringWidth(text));
    }),
  );
});
