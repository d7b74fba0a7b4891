import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toAscii } from '../../source/presentation/text/ascii.ts';
import { fitted, truncateStart, wrap } from '../../source/presentation/text/fitted.ts';
import { safeText, textCap } from '../../source/presentation/text/safe-text.ts';
import { widthOf } from '../../source/presentation/text/width.ts';

/** Strings made mostly of what a terminal would act upon. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\x1b[2J',
        '\x1b]52;c;aGk=\x07',
        '\x1b]0;title\x1b\\',
        '\x1bc',
        '\x9b31m',
        '\x1b[',
        '\x1b',
        '\x90q',
        '\x07',
        '\r',
        '\n',
        '\t',
        '\b',
        '\x7f',
        '\u202e',
        '\u2066',
        '\u200b',
        '\ufeff',
        '\u200d',
        '\ufe0f',
        '\u0301',
        '\u20e3',
        '\u3164',
        '\u{e0041}',
        '\ud800',
        '\ue000',
        '👩‍👩‍👧',
        '表',
        'ﾞ',
        '각',
        'ᄀ',
        'é',
        '🇩🇪',
        '\u00ad',
        '\u2028',
        '\u3000',
        'क्षि',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.string({ maxLength: 6 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

// biome-ignore format: one line
const forbidden = /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]/;

describe('text from the database is untrusted', () => {
  test('no control, escape or bidirectional character survives', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(safeText(text)).not.toMatch(forbidden);
        expect(safeText(text, { lines: true }).replaceAll('\n', '')).not.toMatch(forbidden);
      }),
      { numRuns: 2000 },
    );
  });

  test('making it safe twice changes nothing more', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(safeText(safeText(text))).toBe(safeText(text));
      }),
    );
  });

  test('a cell is exactly as wide as its column, whatever is in it', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 30 }), (text, width) => {
        expect(widthOf(fitted(safeText(text), width))).toBe(width);
        expect(widthOf(fitted(safeText(text), width, 'right'))).toBe(width);
        expect(widthOf(truncateStart(safeText(text), width))).toBeLessThanOrEqual(width);
      }),
      { numRuns: 2000 },
    );
  });

  test('ASCII mode keeps every column', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const safe = safeText(text);
        expect(toAscii(safe)).toMatch(/^[\x20-\x7e]*$/);
        expect(toAscii(safe)).toHaveLength(widthOf(safe));
      }),
      { numRuns: 1000 },
    );
  });

  test('wrapped text loses nothing but the spaces it is broken at', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 2, max: 30 }), (text, width) => {
        const safe = safeText(text, { lines: true });
        const lines = wrap(safe, width);
        expect(lines.every((line) => widthOf(line) <= width)).toBe(true);
        expect(lines.join('').replaceAll(' ', '')).toBe(safe.replace(/[ \n]/g, ''));
      }),
    );
  });

  test.each([
    ['a colour', '\x1b[31mred\x1b[0m', 'red'],
    ['a window title', 'a\x1b]0;pwned\x07b', 'ab'],
    ['a clipboard write that never ends', 'a\x1b]52;c;aGVsbG8=', 'a'],
    ['an 8-bit control sequence', 'a\x9b2Jb', 'ab'],
    ['a right-to-left override', 'abc\u202edcba', 'abc\uFFFDdcba'],
    ['a zero-width space', 'or\u200bders', 'or\uFFFDders'],
    ['a carriage return over the line', 'all fine\rERROR', 'all fine ERROR'],
    ['a bell', 'ding\x07', 'ding\uFFFD'],
    ['an emoji family', '👩‍👩‍👧', '👩👩👧'],
    ['too many accents', 'e\u0301\u0302\u0303\u0304', 'e\u0301\u0302'],
  ])('%s', (_, text, safe) => expect(safeText(text)).toBe(safe));

  test('a message of a megabyte is cut, not measured', () => {
    expect(safeText('表'.repeat(1_000_000))).toHaveLength(textCap);
  });
});
