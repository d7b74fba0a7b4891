import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  FarTime,
  farWord,
  isFar,
  later,
  never,
  readTime,
  writeTime,
} from '../../source/domain/time/time.ts';

test('what is written is read back, in any year', () => {
  const instant = fc.date({
    noInvalidDate: true,
    min: new Date('-040000-01-01T00:00:00Z'),
    max: new Date('+200000-01-01T00:00:00Z'),
  });
  fc.assert(
    fc.property(instant, (at) => {
      // PostgreSQL has no year 0, and no such early one as a Date.
      expect(readTime(writeTime(at))).toEqual(at);
    }),
  );
});

test.each([
  ['2024-05-14 12:00:00+00', '2024-05-14T12:00:00.000Z'],
  ['2024-05-14T12:00:00Z', '2024-05-14T12:00:00.000Z'],
  ['2024-05-14 12:00:00', '2024-05-14T12:00:00.000Z'],
  ['2024-05-14 12:00:00.123456+00', '2024-05-14T12:00:00.123Z'],
  ['2024-05-14 12:00:00.57+00', '2024-05-14T12:00:00.570Z'],
  ['2024-05-14 12:00:00+02', '2024-05-14T10:00:00.000Z'],
  ['2024-05-14 12:00:00-02:30', '2024-05-14T14:30:00.000Z'],
  ['2024-05-14 12:00:00+0530', '2024-05-14T06:30:00.000Z'],
  ['1890-01-01 00:53:28+00:53:28', '1890-01-01T00:00:00.000Z'],
  ['0044-03-15 00:00:00+00 BC', '-000043-03-15T00:00:00.000Z'],
  ['0001-01-01 00:00:00+00', '0001-01-01T00:00:00.000Z'],
  ['12024-05-14 12:00:00+00', '+012024-05-14T12:00:00.000Z'],
])('%s is %s', (text, iso) => {
  expect(readTime(text)!.toISOString()).toBe(iso);
});

test.each([
  '',
  'soon',
  '2024-05-14',
  'x2024-05-14 12:00:00+00',
  '2024-05-14 12:00:00+00x',
  '24-05-14 12:00:00',
  '2024-5-14 12:00:00',
  '2024-05-4 12:00:00',
  '2024-05-14 2:00:00',
  '2024-05-14 12:0:00',
  '2024-05-14 12:00:0',
  '2024-05-14_12:00:00',
  'infinity!',
])('%s is no time', (text) => {
  expect(readTime(text)).toBeNull();
});

test.each([
  ['infinity', 'infinity', 'never', 1],
  ['-infinity', '-infinity', '-infinity', -1],
  ['294276-12-31 23:59:59+00', '+294276-12-31T23:59:59Z', '294276-12-31 23:59:59+00', 1],
  ['294276-12-31 23:59:59.5+00', '+294276-12-31T23:59:59.5Z', '294276-12-31 23:59:59.5+00', 1],
  ['294276-12-31 23:59:59+02', '294276-12-31 23:59:59+02:00', '294276-12-31 23:59:59+02:00', 1],
])('%s is further than a Date goes', (text, iso, word, sign) => {
  const at = readTime(text)!;
  expect(at).toBeInstanceOf(FarTime);
  expect([at.toISOString(), farWord(at), isFar(at), Math.sign(at.getTime())]).toEqual([
    iso,
    word,
    true,
    sign,
  ]);
  expect(readTime(writeTime(at))!.getTime()).toBe(at.getTime());
  // A copy has lost its text, and is still far.
  const copy = new Date(at.getTime());
  expect([isFar(copy), farWord(copy)]).toEqual([true, sign > 0 ? 'never' : '-infinity']);
});

test('a time that is moved by whatever is a time', () => {
  const day = 86_400_000;
  const at = new Date('2024-05-14T12:00:00Z');
  expect(later(at, day)).toEqual(new Date('2024-05-15T12:00:00Z'));
  expect(later(at, -day)).toEqual(new Date('2024-05-13T12:00:00Z'));
  expect(later(at, 1e17)).toBe(never);
  expect(farWord(later(at, -1e17))).toBe('-infinity');
  expect(isFar(later(new Date(0), never.getTime() - 1))).toBe(false);
  expect(later(new Date(0), never.getTime())).not.toBeInstanceOf(FarTime);
  expect(later(new Date(0), -never.getTime())).not.toBeInstanceOf(FarTime);
  for (const milliseconds of [0, day, -day]) expect(isFar(later(at, milliseconds))).toBe(false);
});
