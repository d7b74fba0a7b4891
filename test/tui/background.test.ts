import fc from 'fast-check';
import { expect, test } from 'vitest';
import { takeAnswers } from '../../source/tui/background.ts';

/** What comes out of what is read piece by piece. */
function taken(...pieces: string[]) {
  let held = '';
  let keys = '';
  const said: boolean[] = [];
  for (const piece of pieces) {
    const answered = takeAnswers(held, piece);
    held = answered.held;
    keys += answered.keys;
    if (answered.light !== null) said.push(answered.light);
  }
  return { keys, said, held };
}

const white = '\x1b]11;rgb:ffff/ffff/ffff\x1b\\';

test.each([
  [white, true],
  ['\x1b]11;rgb:fdfd/f6f6/e3e3\x07', true],
  ['\x1b]11;rgb:ff/ff/ff\x07', true],
  ['\x1b]11;rgba:FFFF/FFFF/FFFF/FFFF\x07', true],
  ['\x1b]11;rgb:0000/0000/0000\x07', false],
  ['\x1b]11;rgb:0000/2b2b/3636\x1b\\', false],
  ['\x1b]11;rgb:1/2/3\x07', false],
])('%j: light %s', (text, light) =>
  expect(taken(`j${text}k`)).toEqual({ keys: 'jk', said: [light], held: '' }),
);

test('however it is cut into pieces after its first two characters, none of it is a key', () => {
  fc.assert(
    fc.property(fc.subarray([...white].map((_, at) => at).slice(2)), (cuts) => {
      const ends = [...cuts, white.length];
      const pieces = ends.map((to, index) => white.slice(ends[index - 1] ?? 0, to));
      const expected = { keys: 'jr', said: [true], held: '' };
      expect(taken('j', ...pieces, 'r')).toEqual(expected);
    }),
  );
});

test.each([
  ['an escape', '\x1b'],
  ['an arrow', '\x1b[A'],
  ['a bracket', ']'],
  ['Alt-] and a key', '\x1b]j'],
  ['an answer to something else', '\x1b]10;rgb:ff/ff/ff\x07'],
  ['no colour', '\x1b]11;rgb:\x07'],
  ['a paste of an answer without its beginning', '11;rgb:ffff/ffff/ffff'],
])('%s is left as it is', (_, text) =>
  expect(taken(text)).toEqual({ keys: text, said: [], held: '' }),
);

test.each([
  ['a key', 'x', 'x'],
  ['an arrow', '\x1b[A', '\x1b[A'],
])('an answer that breaks off is no key, and the next one is: %s', (_, next, keys) => {
  expect(taken('\x1b]11;rgb:ff', next)).toEqual({ keys, said: [], held: '' });
  expect(taken('\x1b]11;', next)).toEqual({ keys, said: [], held: '' });
});
