import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldText } from '../../source/console/widgets/field-spans.ts';
import { lineWidth } from '../../source/console/widgets/spans.ts';
import {
  editText,
  fieldOfText,
  insertText,
  type TextField,
} from '../../source/console/widgets/text-field.ts';
import { widthOf } from '../../source/presentation/text/width.ts';
import { aJob } from '../support/jobs.ts';
import { Session } from './session.ts';

/** `db |down`: the bar is the caret. */
const read = (text: string): TextField => ({
  value: text.replace('|', ''),
  caret: text.indexOf('|'),
});
const written = ({ value, caret }: TextField) => `${value.slice(0, caret)}|${value.slice(caret)}`;
const family = '👨‍👩‍👧';

describe('B12: the caret moves', () => {
  test.each([
    ['ab|c', 'left', 'a|bc'],
    ['ab|c', 'right', 'abc|'],
    ['|abc', 'left', '|abc'],
    ['abc|', 'right', 'abc|'],
    ['ab|c', 'home', '|abc'],
    ['ab|c', 'ctrl-a', '|abc'],
    ['ab|c', 'end', 'abc|'],
    ['ab|c', 'ctrl-e', 'abc|'],
    ['ab|c', 'backspace', 'a|c'],
    ['ab|c', 'delete', 'ab|'],
    ['abc|', 'delete', 'abc|'],
    ['a big| word', 'ctrl-w', 'a | word'],
    ['a big| word', 'ctrl-u', '| word'],
    ['a big| word', 'ctrl-k', 'a big|'],
    ['売|上', 'left', '|売上'],
    ['売|上', 'backspace', '|上'],
    [`a${family}|b`, 'left', `a|${family}b`],
    [`a${family}|b`, 'backspace', 'a|b'],
    [`|${family}b`, 'delete', '|b'],
    ['e\u0301|x', 'backspace', '|x'],
  ])('%s, %s: %s', (before, key, after) => {
    expect(written(editText(read(before), key, null)!)).toBe(after);
  });

  test('what is typed or pasted goes in where it stands', () => {
    expect(written(insertText(read('db |down'), 'is '))).toBe('db is |down');
    expect(written(insertText(read('a|b'), '\x1b[31m売\x1b[0m\n'))).toBe('a売 |b');
    expect(insertText(read('a|b'), 'x'.repeat(600)).value).toHaveLength(500);
    expect(insertText(read('a|b'), 'x'.repeat(600)).value).toMatch(/^ax+b$/);
  });

  test('in an empty field Left, Right, Home and End are left to what else they do', () => {
    for (const key of ['left', 'right', 'home', 'end'])
      expect(editText(fieldOfText(''), key, null)).toBeNull();
  });

  test('in every field there is: dialog, filter, palette, help', () => {
    const table = () => Session.showing([aJob()]);
    const card = table().press('p').seen().type('db down').press('ctrl-a').type('the ');
    expect(card.card.values.reason).toBe('the db down');
    const filter = table().press('/').type('rders').press('home').type('o');
    expect(filter.state.jobs.filter.text).toBe('orders');
    const palette = table().press(':').type('ause').press('left', 'left', 'left', 'left').type('p');
    expect(palette.state.overlay).toMatchObject({ text: 'pause', caret: 1 });
    const help = table().press('?').type('auze').press('left', 'backspace').type('s');
    help.press('ctrl-a').type('p');
    expect(help.state.overlay).toMatchObject({ text: 'pause' });
  });
});

describe('B12: a field as it is drawn', () => {
  const drawn = (text: string, room: number) =>
    fieldText(read(text), room)
      .map((piece) => (piece.caret ? `[${piece.text}]` : piece.text))
      .join('');

  test.each([
    ['ab|', 9, 'ab[▏]'],
    ['a|b', 9, 'a[b]'],
    ['|売上', 9, '[売]上'],
    ['0123456789|', 6, '…6789[▏]'],
    ['|0123456789', 6, '[0]1234…'],
    ['01234|56789', 6, '…234[5]…'],
  ])('%s in %i columns: %s', (text, room, expected) => expect(drawn(text, room)).toBe(expected));

  test('is never wider than its room, and always shows the caret', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '売', '👪', ' ', 'é') });
    fc.assert(
      fc.property(text, text, fc.integer({ min: 4, max: 30 }), (before, after, room) => {
        const line = fieldText({ value: before + after, caret: before.length }, room);
        expect(lineWidth(line)).toBeLessThanOrEqual(room);
        const carets = line.filter(({ caret }) => caret);
        expect(carets).toHaveLength(1);
        expect(widthOf(carets[0]!.text)).toBeGreaterThan(0);
      }),
    );
  });
});
