import { expect, test } from 'vitest';
import {
  truncate,
  truncateMiddle,
  truncateStart,
  wrap,
} from '../../source/presentation/text/fitted.ts';
import { tableText } from '../../source/presentation/text/fitted-table.ts';

test('columns are as wide as their widest cell, and a text that is cut keeps its width', () => {
  expect(
    tableText([
      ['a', 'bb', 'c'],
      ['aaa', '', 'd'],
      ['日', 'x'],
    ]),
  ).toBe('a    bb  c\naaa      d\n日   x\n');
  const text = 'abcdefghij';
  for (const width of [-1, 0])
    expect([
      truncate(text, width),
      truncateStart(text, width),
      truncateMiddle(text, width),
      wrap(text, width),
    ]).toEqual(['', '', '', []]);
  expect([truncate(text, 10), truncateStart(text, 10), truncateMiddle(text, 10)]).toEqual([
    text,
    text,
    text,
  ]);
  expect([truncate(text, 5), truncateStart(text, 5), truncateMiddle(text, 5)]).toEqual([
    'abcd…',
    '…ghij',
    'ab…ij',
  ]);
  expect([truncate('日本語', 4), truncateStart('日本語', 4), truncate(text, 2, '...')]).toEqual([
    '日…',
    '…語',
    '..',
  ]);
  expect(wrap('one two three\nfour', 7)).toEqual(['one two', 'three', 'four']);
  expect(wrap('onetwothree', 4)).toEqual(['onet', 'woth', 'ree']);
  expect(wrap('a onetwothree', 9)).toEqual(['a onetwot', 'hree']);
  expect(wrap('日本', 1)).toEqual(['日', '本']);
  expect(wrap('four ', 4)).toEqual(['four']);
  expect(wrap('\n', 4)).toEqual(['', '']);
});
