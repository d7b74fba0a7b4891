import chalk from 'chalk';
import { renderToString } from 'ink';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { State } from '../../../../source/console/model/state.ts';
import { paintAll } from '../../../../source/console/terminal/frame.ts';
import { Placeholders } from '../../../../source/console/terminal/placeholders.ts';
import { paletteOf, type Theme } from '../../../../source/console/widgets/theme.ts';
import { Session } from '../../../sessions/session.ts';
import { ConsoleApp } from '../../../support/console-app.tsx';
import { inkFrame } from '../../../support/ink-frame.tsx';
import { now } from '../../../support/jobs.ts';
import { variedJobs } from '../../../support/memory-database.ts';

const themes: Theme[] = [
  { ascii: false, palette: paletteOf(false, 1), accent: 'magenta' },
  { ascii: false, palette: paletteOf(true, 2), accent: 'blue' },
  { ascii: true, palette: null, accent: 'cyan' },
];

let level: typeof chalk.level;
beforeAll(() => {
  level = chalk.level;
  chalk.level = 2;
});
afterAll(() => {
  chalk.level = level;
});

/** What would be painted: the same cells with the same style, however they were written. */
const painted = (frame: string, state: State) => paintAll(frame.split('\n'), state.size.rows);

describe('lines that bypass Ink look exactly as through Ink', () => {
  test.each([
    [80, 24],
    [200, 50],
    [50, 12],
  ])('at %i×%i', (columns, rows) => {
    const session = Session.showing(variedJobs(now), { size: { columns, rows } });
    for (const keys of [
      [],
      ['?', 'p'],
      ['escape', 'escape', 'X'],
      ['escape', '/', 'o'],
      ['enter', 'Z', 'enter'],
    ]) {
      const { state } = session.press(...keys);
      if (state.overlay?.type === 'card') session.read();
      for (const theme of themes) {
        const options = { columns };
        const direct = renderToString(<ConsoleApp state={state} theme={theme} />, options);
        const indirect = inkFrame(state, theme).frame;
        expect(painted(indirect, state)).toBe(painted(direct, state));
      }
    }
  });
});

test('a released placeholder is used again', () => {
  const placeholders = new Placeholders();
  const one = placeholders.take()!;
  placeholders.release(one);
  expect(placeholders.take()).toBe(one);
});

test('when there are no more, lines go through Ink', () => {
  const placeholders = new Placeholders();
  for (let index = 0; index < 6399; index += 1) expect(placeholders.take()).not.toBeNull();
  expect(placeholders.take()).toBeNull();
});
