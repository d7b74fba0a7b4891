import chalk from 'chalk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firstFrame, hasFirstFrame } from '../../../../source/console/app/first-frame.ts';
import type { ConsoleOptions } from '../../../../source/console/model/state.ts';
import { paintAll, paintChanges } from '../../../../source/console/terminal/frame.ts';
import { paletteOf, type Theme } from '../../../../source/console/widgets/theme.ts';
import { Session } from '../../../sessions/session.ts';
import { badged } from '../../../support/console-options.ts';
import { inkFrame } from '../../../support/ink-frame.tsx';
import { aJob, now } from '../../../support/jobs.ts';
import { variedJobs } from '../../../support/memory-database.ts';

const usual = { ascii: false, accent: 'cyan' } as const;
const themes: Readonly<Record<string, Theme>> = {
  dark: { ...usual, palette: paletteOf(false, 2) },
  light: { ...usual, palette: paletteOf(true, 2) },
  'light, sixteen colours': { ...usual, palette: paletteOf(true, 1) },
  'of a context with its own colour': {
    ascii: false,
    palette: paletteOf(false, 2),
    accent: 'red',
  },
  NO_COLOR: { ...usual, palette: null },
  ASCII: { ...usual, ascii: true, palette: paletteOf(false, 2) },
  'ASCII and NO_COLOR': { ...usual, ascii: true, palette: null },
};

const labels = { ...badged, database: 'servo_app@db.example/warehouse' };

const begun = (options: Partial<ConsoleOptions>) => new Session(options).send({ type: 'started' });

/** What the first answers can be, before any key. */
const starts: Readonly<Record<string, (options: Partial<ConsoleOptions>) => Session>> = {
  jobs: (options) => begun(options).answerJobs(variedJobs(now)),
  'one job': (options) => begun(options).answerJobs([aJob()]),
  'jobs, read-only': (options) =>
    begun({ ...options, read_only: true }).answerJobs(variedJobs(now)),
  'jobs, row-level security bypassed, embedded': (options) =>
    begun({ ...options, labels }).answerJobs(variedJobs(now)),
  'no jobs': (options) => begun(options).answerJobs([]),
  'a failure': (options) => begun(options).fail('load-jobs', 'database_unreachable', 'is it up?'),
  'jobs, then a failure': (options) =>
    begun(options)
      .answerJobs(variedJobs(now))
      .wait(3000)
      .timer('refresh')
      .fail('load-jobs')
      .wait(20_000)
      .timer('clock'),
};

const inEveryTheme = ['jobs, then a failure', 'jobs, row-level security bypassed, embedded'];

const sizes = [
  [80, 24],
  [120, 40],
  [200, 50],
  [40, 10],
] as const;

let level: typeof chalk.level;
beforeAll(() => {
  level = chalk.level;
  chalk.level = 2;
});
afterAll(() => {
  chalk.level = level;
});

describe('Ink takes over from the first frame without a change on the screen', () => {
  test.each(sizes)('at %i×%i', (columns, rows) => {
    const size = { columns, rows };
    for (const [start, session] of Object.entries(starts)) {
      const { state } = session({ size });
      expect(hasFirstFrame(state), start).toBe(true);
      for (const [name, theme] of Object.entries(themes)) {
        // The others differ in nothing that a theme changes.
        if (name !== 'dark' && !inEveryTheme.includes(start)) continue;
        const first = firstFrame(state, theme).split('\n');
        const then = inkFrame(state, theme).frame.split('\n');
        expect(paintAll(first, rows), `${start}, ${name}`).toBe(paintAll(then, rows));
        expect(paintChanges(first, then), `${start}, ${name}`).toBe('');
      }
    }
  });
});

test('before the first answer there is nothing to show', () => {
  expect(hasFirstFrame(begun({}).state)).toBe(false);
});
