import { expect, test } from 'vitest';
import { boardNames } from '../../../../source/console/model/boards.ts';
import type { State } from '../../../../source/console/model/state.ts';
import { plainTheme } from '../../../../source/console/widgets/theme.ts';
import { Session } from '../../../sessions/session.ts';
import { badged } from '../../../support/console-options.ts';
import { inkFrame } from '../../../support/ink-frame.tsx';
import { now } from '../../../support/jobs.ts';
import { variedJobs } from '../../../support/memory-database.ts';
import { openBoard } from '../../../support/text-boards.ts';

/** Ink needs 0.4 ms for each: eight are half of what a key may cost. */
const most = 8;

const jobs = variedJobs(now);
const table = (columns: number) =>
  Session.showing(jobs, { size: { columns, rows: 45 }, read_only: false, labels: badged });

/** Rows with text that Ink lays out itself; a frame around a dialog is none. */
function nativeRows(state: State): string[] {
  const { laidOut } = inkFrame(state, plainTheme);
  return laidOut
    .split('\n')
    .map((row) => row.replace(/\x1b\[[\d;]*m/g, '').replace(/[\ue000-\uf8ff│╭╮╰╯─\s]/g, ''))
    .filter((row) => row !== '');
}

const keys = [
  [],
  ['Z'],
  ['/', 'o'],
  ['?'],
  [':'],
  ['p'],
  ['X'],
  ['G'],
  ['e'],
  ['space', 'j', 'space', 'p'],
  ['enter'],
];

test('nearly all lines are leaves: few are laid out by Ink, on every screen and in every dialog', () => {
  for (const columns of [100, 170]) {
    for (const pressed of keys) {
      const { state } = table(columns).press(...pressed);
      const noticed = { ...state, notice: { text: 'look here', tone: 'warn' as const } };
      const rows = nativeRows(noticed);
      expect(rows.length, `${columns}: ${pressed.join(' ')}: ${rows.join(' | ')}`).toBeLessThan(
        most + 1,
      );
    }
    for (const name of boardNames) {
      const { state } = openBoard(name, 'orders_daily', table(columns));
      expect(nativeRows(state).length, name).toBeLessThanOrEqual(most);
    }
  }
  const [header] = nativeRows(table(100).press('Z').state);
  expect(header).toContain('FROZEN');
});
