import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { code, table, utc } from '../../source/presentation/report/markdown.ts';

describe('text from the database stands in code', () => {
  test.each([
    ['plain', '`plain`'],
    ['a *b* _c_ <b>d</b> @here https://x', '`a *b* _c_ <b>d</b> @here https://x`'],
    ['a `tick`', '`` a `tick` ``'],
    ['``', '``` `` ```'],
    ['two\nlines', '`two lines`'],
    ['\x1b[2Jgone\u202e', '`gone\uFFFD`'],
    ['  ', '(empty)'],
  ])('%j', (text, expected) => {
    expect(code(text)).toBe(expected);
  });

  test('a megabyte is cut', () => {
    expect(code('x'.repeat(1_000_000)).length).toBeLessThan(500);
  });

  test('whatever it is, one line, and its fence is nowhere inside of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const shown = code(text);
        expect(shown).not.toMatch(/[\n\r\x00-\x1f]/);
        if (shown === '(empty)') return;
        const fence = /^`+/.exec(shown)![0];
        expect(shown.endsWith(fence)).toBe(true);
        const inside = shown.slice(fence.length, -fence.length);
        expect(inside.match(/`+/g)?.some((run) => run.length === fence.length) ?? false).toBe(
          false,
        );
      }),
    );
  });
});

test('a bar does not end a cell', () => {
  expect(table(['A', 'B'], [['`x|y`', 'z']])).toBe('| A | B |\n| --- | --- |\n| `x\\|y` | z |');
});

test('times are UTC', () => {
  expect(utc(new Date('2024-05-14T12:00:00.250Z'))).toBe('2024-05-14 12:00:00');
});
