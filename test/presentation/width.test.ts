import { expect, test, vi } from 'vitest';
import { substitutes } from '../../source/presentation/text/ascii.ts';
import { charactersOf } from '../../source/presentation/text/characters.ts';
import { widthOf } from '../../source/presentation/text/width.ts';

vi.mock('string-width', () => ({
  default: (text: string) => {
    throw new Error(`ICU is loaded for ${text}`);
  },
}));

// Was: not for the sign of a dialog that another console has open.
test.each(Object.keys(substitutes))(
  'the width of %s, which the program draws, is known without ICU',
  (sign) => {
    expect(widthOf(sign)).toBe(1);
    // The text itself: no segmenter has been asked about it.
    expect(charactersOf(sign)).toBe(sign);
  },
);
