// In a process of its own: the zone cannot be set in a thread.
import { afterEach, describe, expect, test } from 'vitest';
import { cardLines } from '../../source/console/dialogs/card/lines.ts';
import { zoned } from '../../source/console/dialogs/card/typed-moment.ts';
import { headerLine } from '../../source/console/screens/header.ts';
import { formatInstant, zoneName } from '../../source/presentation/text/format.ts';
import { Session } from '../sessions/session.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';

const host = process.env.TZ;
const inZone = (zone: string) => {
  process.env.TZ = zone;
};
afterEach(() => {
  if (host === undefined) delete process.env.TZ;
  else process.env.TZ = host;
});

const running = aJob({ number: 1, sla_deadline_at: secondsAgo(-7200) });
const text = ({ state, card }: Session, width = 100) =>
  cardLines(state, card, width, 20)
    .map((line) => line.map((piece) => piece.text).join(''))
    .join('\n');
const dialog = (zone: 'local' | 'utc') => Session.showing([running], { zone }).press('L').seen();

describe('B6: one clock, with its zone', () => {
  test('the zone is shown as its offset from UTC at that time', () => {
    inZone('Europe/Berlin');
    expect(zoneName(now, 'local')).toBe('UTC+2');
    expect(zoneName(new Date('2024-01-14T12:00:00Z'), 'local')).toBe('UTC+1');
    expect(zoneName(now, 'utc')).toBe('UTC');
    inZone('Asia/Kolkata');
    expect(formatInstant(now, 'local')).toBe('2024-05-14 17:30 UTC+5:30');
    inZone('America/St_Johns');
    expect(zoneName(now, 'local')).toBe('UTC-2:30');
  });

  test.each([
    ['2024-05-15 08:00', '2024-05-15T06:00:00.000Z'],
    ['2024-05-15T08:00:30', '2024-05-15T06:00:30.000Z'],
    ['2024-05-15', '2024-05-14T22:00:00.000Z'],
    ['16:30', '2024-05-14T14:30:00.000Z'],
    ['13:30', '2024-05-15T11:30:00.000Z'],
    ['2024-05-15T08:00Z', '2024-05-15T08:00Z'],
    ['2024-05-15T08:00+05', '2024-05-15T08:00+05'],
    ['+2h', '+2h'],
    ['none', 'none'],
    ['2024-02-31', '2024-02-31'],
    ['25:00', '25:00'],
    ['soon', 'soon'],
  ])('%s, typed without a zone, is in that of the screens', (typed, read) => {
    inZone('Europe/Berlin');
    expect(zoned(typed, 'local', now)).toBe(read);
  });

  test('the header tells in which zone the times on the screens are', () => {
    inZone('Europe/Berlin');
    const header = (zone: 'local' | 'utc') =>
      headerLine(Session.showing([running], { zone }).state)
        .map((piece) => piece.text)
        .join('');
    expect(header('local')).toContain('read-write · UTC+2');
    expect(header('utc')).toMatch(/read-write · UTC$/);
  });

  test('the deadline dialog tells the same zone as the screens, and from when +2h counts', () => {
    inZone('Europe/Berlin');
    const local = dialog('local').type('+2h');
    expect(text(local)).toContain('Deadline (now 2024-05-14 16:00 UTC+2): +2h');
    expect(text(local)).toContain('= 2024-05-14 16:00 UTC+2, in 2h00m from 14:00:00');
    const utc = dialog('utc').type('13:30');
    expect(text(utc)).toContain('Deadline (now 2024-05-14 14:00 UTC): 13:30');
    expect(text(utc)).toContain('= 2024-05-14 13:30 UTC, in 1h30m');
    expect(text(dialog('local').type('16:30'))).toContain('= 2024-05-14 16:30 UTC+2');
    const acted = dialog('local').type('16:30').press('tab', 'tab', 'y');
    expect(acted.acts).toMatchObject([{ parameters: { deadline: '2024-05-14T14:30:00.000Z' } }]);
  });

  test('what is not understood is said, at 80 columns too', () => {
    expect(text(dialog('utc').type('tomorrow noon'), 74)).toMatch(/invalid: expected ISO 8601/);
  });
});
