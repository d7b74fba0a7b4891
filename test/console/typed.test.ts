import { describe, expect, test } from 'vitest';
import { zoned } from '../../source/console/dialogs/card/typed-moment.ts';
import { asked } from '../../source/console/model/asking.ts';
import type { ErrorCode } from '../../source/errors.ts';
import { clicks, orders, PlainSession } from '../sessions/plain-session.ts';
import { Session } from '../sessions/session.ts';

const noon = new Date('2024-05-14T12:00:00Z');

describe('a moment that is typed', () => {
  test('by the clock is the next time that it is so', () => {
    const cases: [string, string][] = [
      ['12:01', '2024-05-14T12:01:00.000Z'],
      ['12:00', '2024-05-15T12:00:00.000Z'],
      [' 9:30 ', '2024-05-15T09:30:00.000Z'],
      ['23:59', '2024-05-14T23:59:00.000Z'],
      ['0:00', '2024-05-15T00:00:00.000Z'],
    ];
    for (const [text, iso] of cases) expect(zoned(text, 'utc', noon)).toBe(iso);
    for (const text of ['24:00', '12:60', '1:5', '123:00', '12:00:00', 'x12:00', '12:00x'])
      expect(zoned(text, 'utc', noon)).toBe(text);
    for (let hour = 0; hour < 24; hour++) {
      const at = new Date(zoned(`${hour}:30`, 'local', noon));
      expect([at.getHours(), at.getMinutes(), at.getSeconds()]).toEqual([hour, 30, 0]);
      const ahead = at.getTime() - noon.getTime();
      expect(ahead > 0 && ahead <= 25 * 3_600_000).toBe(true);
    }
  });

  test('by the calendar is of the zone of the screens', () => {
    expect(zoned('2024-05-14 09:30', 'utc', noon)).toBe('2024-05-14T09:30');
    expect(zoned(' 2024-05-14 ', 'utc', noon)).toBe('2024-05-14');
    const local: [string, Date][] = [
      ['2024-05-14', new Date(2024, 4, 14)],
      ['2024-05-14T09', new Date(2024, 4, 14, 9)],
      ['2024-05-14 09:30', new Date(2024, 4, 14, 9, 30)],
      ['2024-05-14T09:30:15', new Date(2024, 4, 14, 9, 30, 15)],
    ];
    for (const [text, at] of local) expect(zoned(text, 'local', noon)).toBe(at.toISOString());
    for (const text of [
      '2024-04-31',
      '2024-13-01',
      '2024-05-14T24',
      '+2h',
      'none',
      '2024-05-14T09:30Z',
      '2024-05',
    ])
      expect(zoned(text, 'local', noon)).toBe(text);
  });
});

test('what a text in full cannot be read for is told, unless the database is away', () => {
  const read = (code: ErrorCode) => {
    const session = Session.showing([orders, clicks]).press('e').fail('explain-job', code);
    const { overlay } = session.state;
    expect(asked(session.state, 'reader')).toBeNull();
    return overlay?.type === 'reader' ? overlay.text : null;
  };
  expect(read('not_found')).toMatch(/could not be loaded: connection refused$/);
  expect(read('database_unreachable')).not.toMatch(/could not be loaded/);
});

test('before a reason is asked for, it is told what will be done, what comes after, and by which SQL', () => {
  const lines = (line: string) => new PlainSession().say(line).told;
  const [seen, will, ...rest] = lines('cancel orders_daily');
  expect(seen).toMatch(/^Cancel.*: orders_daily 00000001, running, version 7\.$/);
  expect(will).toMatch(/^It will \S.*\.$/);
  expect(rest).toEqual([
    expect.stringMatching(/^Then: .*cannot be undone/),
    expect.stringMatching(/^SQL: update /i),
    expect.stringMatching(/^Reason \(required\)\?/),
  ]);
  // Without a deadline there is nothing that a pause puts at risk.
  expect(lines('pause orders_daily').filter((told) => told.startsWith('Then:'))).toEqual([]);
});
