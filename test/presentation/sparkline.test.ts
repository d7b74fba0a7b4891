import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toAscii } from '../../source/presentation/text/ascii.ts';
import { sparkline } from '../../source/presentation/text/sparkline.ts';

test('a line of blocks from nothing to the highest, a blank where there is no figure', () => {
  expect(sparkline([0, 1, 2, null, 4, 8], 10)).toBe('▁▁▂ ▄█');
  expect(sparkline([1000, 1100], 10)).toBe('██');
  expect(sparkline([0, 0], 10)).toBe('▁▁');
  expect(sparkline([], 10)).toBe('');
});

test('the last figures, where there is no room for all', () => {
  expect(sparkline([9, 1, 2], 2)).toBe('▄█');
  expect(sparkline([9, 1, 2], 0)).toBe('');
});

test('it has a form in ASCII', () => {
  expect(toAscii(sparkline([1, 3, 5, 8], 4))).toBe('_-=#');
});

test('a cell for each figure, and the highest is the highest', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1e6), { minLength: 1, maxLength: 50 }), (values) => {
      const line = [...sparkline(values, values.length)];
      expect(line).toHaveLength(values.length);
      const highest = values.indexOf(Math.max(...values));
      if (values[highest]! > 0) expect(line[highest]).toBe('█');
    }),
  );
});
