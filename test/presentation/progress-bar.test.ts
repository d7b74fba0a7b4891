import fc from 'fast-check';
import { expect, test } from 'vitest';
import { progressBar } from '../../source/presentation/job/progress-bar.ts';
import { widthOf } from '../../source/presentation/text/width.ts';

test('is exactly as wide as asked, for any ratio', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.double({ noNaN: true }), fc.boolean(), (width, ratio, ascii) => {
      expect(widthOf(progressBar(width, ratio, ascii))).toBe(width);
    }),
  );
});

test('grows by eighths', () => {
  expect([0, 0.25, 0.3125, 0.5, 1].map((ratio) => progressBar(4, ratio))).toEqual([
    '    ',
    '█   ',
    '█▎  ',
    '██  ',
    '████',
  ]);
});

test('something done is not empty, something left is not full', () => {
  expect(progressBar(8, 1e-6)).toBe('▏       ');
  expect(progressBar(8, 1 - 1e-6)).toBe('███████▉');
});

test('in ASCII', () => expect(progressBar(6, 0.58, true)).toBe('###=  '));
