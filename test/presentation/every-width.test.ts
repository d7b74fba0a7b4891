import { expect, test } from 'vitest';
import type { JobEvent } from '../../source/domain/job/detail.ts';
import { executorName } from '../../source/presentation/executor/name.ts';
import { closedDialog, dialogText } from '../../source/presentation/job/dialog-text.ts';
import { progressBar } from '../../source/presentation/job/progress-bar.ts';
import { recentAction } from '../../source/presentation/job/recent-action.ts';
import { namesOf } from '../../source/presentation/plan/plan-text.ts';
import { actorName, loginNote } from '../../source/presentation/report/actor-name.ts';
import { eventCells } from '../../source/presentation/report/event-cells.ts';
import { code } from '../../source/presentation/report/markdown.ts';
import { substitutes, toAscii } from '../../source/presentation/text/ascii.ts';
import {
  cutMessage,
  fitted,
  takeColumns,
  truncate,
  truncateMiddle,
  truncateStart,
  wrap,
} from '../../source/presentation/text/fitted.ts';
import { fittedTable } from '../../source/presentation/text/fitted-table.ts';
import {
  formatAge,
  formatClock,
  formatCount,
  formatDay,
  formatDuration,
  formatInstant,
  formatLeft,
  formatMilliseconds,
  formatMoment,
  formatPercent,
  formatRate,
  formatSecond,
  zoneName,
} from '../../source/presentation/text/format.ts';
import { isHue } from '../../source/presentation/text/hue.ts';
import { safeText } from '../../source/presentation/text/safe-text.ts';
import { sparkline } from '../../source/presentation/text/sparkline.ts';
import { column, longest, scrolledColumns } from '../../source/presentation/text/table.ts';
import { signOf } from '../../source/presentation/text/tone.ts';
import { now, secondsAgo } from '../support/jobs.ts';
import { expectTexts } from '../support/texts.ts';

const upTo = (last: number) => Array.from({ length: last + 1 }, (_, width) => width);

test('a text at each width: cut at its end, its start, its middle, fitted, and wrapped', async () => {
  const texts = ['abcdefgh', '日本語テキ', 'one two  three', 'a onetwothree', 'two\nlines'];
  const told = texts.flatMap((text) =>
    upTo(15).map((width) => {
      const line = text.replace('\n', ' ');
      const cuts = [truncate, truncateStart, truncateMiddle, takeColumns].map((cut) =>
        cut(line, width),
      );
      const ends = [
        fitted(line, width),
        fitted(line, width, 'right'),
        truncate(line, width, '...'),
      ];
      return [...cuts, ...ends, wrap(text, width).join('/')].map((one) => `│${one}│`).join(' ');
    }),
  );
  await expectTexts('cut-texts', told);
});

test('a message at each width keeps its advice as long as a beginning is left', async () => {
  const messages = [
    'orders: no executor has a handler — add it; see: servo-tui executors',
    'the job is paused (press r)',
    'fix its upstream first: servo-tui explain 0000beef; then: servo-tui recreate 0000abcd',
    'a message without any advice that one could keep',
    'short; a tail that is longer than the width that there is for it in most terminals',
    '表が見つかりません — 再試行: servo-tui retry 0000abcd',
  ];
  const told = messages.flatMap((message) =>
    upTo(90).map((width) => `│${cutMessage(message, width)}│`),
  );
  await expectTexts('cut-messages', [...new Set(told)]);
});

test('a table of texts at each width: the widest shrink, then the last columns go', async () => {
  const rows = [
    ['ASSET', 'FIGURE', 'WHY', 'N'],
    ['warehouse.sales', '12,400', 'no executor runs', '7'],
    ['日本', '3', '', '1,000'],
    ['x', '', 'y'],
  ];
  const told = [[], [undefined, 'right', undefined, 'right'] as const].flatMap((aligns) =>
    upTo(46).flatMap((width) => [
      `${width}`,
      ...fittedTable(rows, width, aligns).map((line) => `│${line}│`),
    ]),
  );
  await expectTexts('fitted-tables', told);
  expect(fittedTable([], 10)).toEqual([]);
});

test('bars and lines of blocks at each width', () => {
  const ratios = [-1, 0, 0.001, 0.06, 0.5, 0.94, 0.999, 1, 2];
  expect(upTo(3).map((width) => ratios.map((ratio) => progressBar(width, ratio)))).toEqual([
    ['', '', '', '', '', '', '', '', ''],
    [' ', ' ', '▏', '▏', '▌', '▉', '▉', '█', '█'],
    ['  ', '  ', '▏ ', '▏ ', '█ ', '█▉', '█▉', '██', '██'],
    ['   ', '   ', '▏  ', '▏  ', '█▌ ', '██▉', '██▉', '███', '███'],
  ]);
  expect(progressBar(-1, 0.5)).toBe('');
  expect([-1, 0, 1, 2, 5, 9].map((width) => sparkline([8, null, 0, 1, 4.1, 8], width))).toEqual([
    '',
    '',
    '█',
    '▅█',
    ' ▁▁▅█',
    '█ ▁▁▅█',
  ]);
});

test('columns that scroll: the first stay, as many others as fit, and one at least', () => {
  const laid = [10, 30, 5, 7, 9].map((width, at) => ({ column: { gap: at === 0 ? 1 : 2 }, width }));
  const widths = (width: number, pinned: number, first: number) =>
    scrolledColumns(laid, width, pinned, first).map((one) => one.width);
  expect([
    widths(100, 2, 0),
    widths(58, 2, 0),
    widths(60, 2, 1),
    widths(60, 2, 2),
    widths(60, 2, 9),
    widths(30, 2, 0),
    widths(26, 1, 2),
    widths(9, 2, 0),
    widths(3, 0, 0),
    widths(1, 1, 0),
    widths(0, 2, 0),
  ]).toEqual([
    [10, 30, 5, 7, 9],
    [10, 19, 5, 7, 8],
    [10, 20, 7, 9],
    [10, 20, 9],
    [10, 20, 9],
    [10, 10, 5],
    [8, 7, 6],
    [3, 3],
    [2],
    [],
    [],
  ]);
  const named = column('n', 'LONG TITLE', 3, () => ({ forms: ['x'], tone: 'plain' }));
  expect([named.width([]), named.gap, named.align]).toEqual([10, 2, 'left']);
  expect([longest(String, 4)([1, 123, 12345]), longest(String, 4)([])]).toEqual([4, 0]);
});

test('figures at and beside each of their edges', () => {
  const year = 365 * 86_400;
  const said = <I>(say: (input: I) => string, ...inputs: I[]) => inputs.map(say).join(' ');
  expect(
    said(formatAge, 29.9, 30, 59.9, 60, 3599, 3600, 86_399, 86_400, 1000 * year - 1, 1000 * year),
  ).toBe('<30s 30s 30s 1m 59m 1h 23h 1d 364999d >999y');
  expect(
    said(
      formatDuration,
      -1,
      0,
      0.1,
      59,
      59.1,
      60,
      89,
      90,
      3569,
      3570,
      86_369,
      86_370,
      1000 * year - 3600,
      1000 * year,
    ),
  ).toBe('0s 0s 1s 59s 1m 1m 1m 2m 59m 1h00m 23h59m 1d00h 364999d23h >999y');
  expect(said(formatLeft, -5, 0, 10, 10.1, 50, 50.1, 60, 90)).toBe('10s 10s 10s 20s 50s 1m 1m 2m');
  expect(
    said(formatMilliseconds, 0.4, 0.6, 999, 1000, 59_949, 59_950, 60_499, 3_599_499, 3_599_500),
  ).toBe('0 ms 1 ms 999 ms 1.0 s 59.9 s 1m00s 1m00s 59m59s 1h00m');
  expect(
    said(formatCount, 9999, 10_000, 99_999, 100_000, 999_999, 1e6, 1e8, 1e9, 1e11, 1e12, 2e15),
  ).toBe('9999 10.0k 99.9k 100k 999k 1.0M 100M 1.0G 100G 1e+12 2e+15');
  expect(said(formatRate, 0, 99.94, 99.95, 9999.4, 9999.5)).toBe('0.0 99.9 100 9999 10.0k');
  expect(said(formatPercent, -1, 0, 1e-9, 0.01, 0.0199, 0.9999, 1, 2)).toBe(
    '0% 0% 1% 1% 1% 99% 100% 100%',
  );
  expect((['warn', 'bad', 'good', 'plain'] as const).map(signOf)).toEqual(['! ', '✗ ', '✓ ', '']);
  expect(['red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'black'].map(isHue)).toEqual([
    true,
    true,
    true,
    true,
    true,
    true,
    false,
  ]);
});

/** A time on a host of the zone UTC+5:30. */
class Kolkata extends Date {
  readonly #there = new Date(this.getTime() + 330 * 60_000);
  override getTimezoneOffset = () => -330;
  override getFullYear = () => this.#there.getUTCFullYear();
  override getMonth = () => this.#there.getUTCMonth();
  override getDate = () => this.#there.getUTCDate();
  override getHours = () => this.#there.getUTCHours();
  override getMinutes = () => this.#there.getUTCMinutes();
  override getSeconds = () => this.#there.getUTCSeconds();
}

test('times in the zone of the host and in UTC, near and far', () => {
  const noon = new Kolkata('2024-12-31T12:00:00Z');
  const said = (text: string) => {
    const at = new Kolkata(text);
    return (['local', 'utc'] as const).map((zone) =>
      [
        formatClock(at, noon, zone),
        formatMoment(at, noon, zone),
        formatSecond(at, zone),
        formatDay(at, zone),
        formatInstant(at, zone),
        zoneName(at, zone),
      ].join(' | '),
    );
  };
  expect(said('2024-12-31T13:04:05Z')).toEqual([
    '18:34 | 18:34:05 | 18:34:05 | 2024-12-31 | 2024-12-31 18:34:05 UTC+5:30 | UTC+5:30',
    '13:04 | 13:04:05 | 13:04:05 | 2024-12-31 | 2024-12-31 13:04:05 UTC | UTC',
  ]);
  expect(said('2024-12-31T19:00:00Z')).toEqual([
    '2025-01-01 | 2025-01-01 | 00:30:00 | 2025-01-01 | 2025-01-01 00:30 UTC+5:30 | UTC+5:30',
    '19:00 | 19:00:00 | 19:00:00 | 2024-12-31 | 2024-12-31 19:00 UTC | UTC',
  ]);
  expect(said('2024-11-30T23:00:00Z')).toEqual([
    '1 Dec 04:30 | 1 Dec 04:30 | 04:30:00 | 2024-12-01 | 2024-12-01 04:30 UTC+5:30 | UTC+5:30',
    '30 Nov 23:00 | 30 Nov 23:00 | 23:00:00 | 2024-11-30 | 2024-11-30 23:00 UTC | UTC',
  ]);
  const months = upTo(11).map((month) =>
    formatClock(new Date(Date.UTC(2024, month, 2)), noon, 'utc'),
  );
  expect(months.join(' ')).toBe(
    '2 Jan 00:00 2 Feb 00:00 2 Mar 00:00 2 Apr 00:00 2 May 00:00 2 Jun 00:00 2 Jul 00:00 2 Aug 00:00 2 Sep 00:00 2 Oct 00:00 2 Nov 00:00 2 Dec 00:00',
  );
});

test('each sign has its own in ASCII, and what has none is as wide as it was', () => {
  const signs = Object.keys(substitutes).join('');
  expect(`${signs}\n${toAscii(signs)}`).toBe(
    '–−≥—…·→×←↑↓▲▼↗↘●◌‖⧗✓✗⊘◆♪✎█▉▊▋▌▍▎▏▁▂▃▄▅▆▇▓░│─┌┐└┘├┤┃▐▸›▾\n' +
      '-->-~.>x<^v^v/\\*o=~+x-*!&####===-__--===>-|-++++++|>>>v',
  );
  expect([toAscii('plain\ntext'), toAscii('a日→é')]).toEqual(['plain\ntext', 'a??>?']);
});

test('text of the database: what is unsafe in it, character by character', () => {
  const cases: [string, string][] = [
    ['\x1b[31mred\x1b[0m', 'red'],
    ['\x9b1;2mx', 'x'],
    ['\x1b]0;title\x07x', 'x'],
    ['\x1b]0;title\x1b\\x', 'x'],
    ['a\x1b]0;unterminated', 'a'],
    ['\x1bPq\x9cx', 'x'],
    ['\x90q\x9cx', 'x'],
    ['\x1b(Bx', 'x'],
    ['\x1b', ''],
    ['a\tb\u00a0c\u3000d', 'a b c d'],
    ['a\r\nb\nc\vd\fe\rf\u0085g\u2028h\u2029i', 'a b c d e f g h i'],
    ['\u202eevil\u2066', '\ufffdevil\ufffd'],
    ['\u200b\ufeff', '\ufffd\ufffd'],
    ['👩\u200d💻\ufe0f', '👩💻'],
    ['\ud800x', '\ufffdx'],
    ['\ue000\u0378', '\ufffd\ufffd'],
    ['e\u0301\u0301\u0301\u0301', 'é\u0301'.normalize('NFD')],
    ['\u0301a', '\ufffda'],
    ['a\n\u0301\u0301b', 'a \ufffdb'],
  ];
  for (const [text, safe] of cases) expect([text, safeText(text)]).toEqual([text, safe]);
  expect(safeText('a\r\nb\rc', { lines: true })).toBe('a\nb\nc');
  expect([
    safeText('x'.repeat(5000)).length,
    safeText('abc', { cap: 2 }),
    safeText('abc', { cap: 3 }),
  ]).toEqual([4096, 'ab', 'abc']);
});

test('who did it: roles that many share are no person, and an executor has no random part', () => {
  const note = (actor: string, login: string) => loginNote({ actor, login });
  const shared = ['postgres', 'servo_app', 'servo_operator', 'servo_reader', 'servo_tenant_acme'];
  expect(shared.map((login) => note('mara', login))).toEqual(['', '', '', '', '']);
  expect(
    ['xpostgres', 'postgres2', 'servo_apps', 'servo_owner'].map((login) => note('mara', login)),
  ).toEqual([
    ' (login xpostgres)',
    ' (login postgres2)',
    ' (login servo_apps)',
    ' (login servo_owner)',
  ]);
  expect([
    note('eve', 'eve'),
    note('eve@db', 'eve'),
    note('eve (psql)', 'eve'),
    note('evelyn', 'eve'),
  ]).toEqual(['', '', '', ' (login eve)']);
  expect(
    ['web-1:812:Ab-12', 'web:1:2:3', ':1:a', 'web-1:x:a', 'a web-1:1:a b'].map(executorName),
  ).toEqual(['web-1:812', 'web:1:2:3', ':1:a', 'web-1:x:a', 'a web-1:1:a b']);
});

test('the longest text of the database in each place', () => {
  const long = 'x'.repeat(100_000);
  const event: JobEvent = {
    id: 1,
    job_id: long,
    partition_key: long,
    kind: long,
    from_state: null,
    to_state: null,
    actor: long,
    login: long,
    reason: long,
    at: secondsAgo(20),
  };
  const set = { ...event, kind: 'set', login: 'postgres' };
  const dialog = {
    actor: `${long}@`,
    host: long,
    action: long,
    jobs: 1,
    job_ids: [],
    opened_at: now,
  };
  const counts = (text: string | null) => (text!.match(/x+/gi) ?? []).map(({ length }) => length);
  const places: [string, number[], number[]][] = [
    ['actor', counts(actorName({ actor: long, login: 'postgres' })), [300]],
    ['actor with a cap', counts(actorName({ actor: long, login: 'postgres' }, 100)), [100]],
    ['login', counts(loginNote({ actor: 'mara', login: long })), [63]],
    ['executor', counts(executorName(long)), [300]],
    ['recent action', counts(recentAction([set], now)), [100, 300]],
    [
      'event',
      counts(
        eventCells(event)
          .map(({ text }) => text)
          .join(''),
      ),
      [300, 64, 300, 4096],
    ],
    ['dialog', counts(dialogText([dialog], now)), [80, 30]],
    ['closed dialog', counts(closedDialog(dialog)), [80, 30]],
    ['names', counts(namesOf([{ asset_name: long }])), [60]],
    ['code', counts(code(long)), [399]],
    ['short code', counts(code(long, 60)), [59]],
    ['code that fits', counts(code('x'.repeat(60), 60)), [60]],
  ];
  for (const [place, found, expected] of places) expect([place, found]).toEqual([place, expected]);
});
