import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aJob, now } from '../support/jobs.ts';
import { aReport, eightBit } from '../support/terminal-input.ts';
import { Session } from './session.ts';

const jobs = [aJob({ number: 1, failed_partitions: 3 }), aJob({ number: 2, asset_name: 'clicks' })];
const table = () => Session.showing(jobs, { read_only: false });
const opened = () => table().press('enter').answerJob(jobs[0]!);
const card = (key: string) => table().press(key).read();
const locked = () => Session.showing(jobs, { read_only: true, locked_reason: null });

const places: Readonly<Record<string, () => Session>> = {
  'the table': table,
  'the table with marks': () => table().press('space', 'v', 'down'),
  'the job': opened,
  ...Object.fromEntries(
    ['3', '4', '5', '6', '7'].map((key) => [`the screen ${key}`, () => table().press(key)]),
  ),
  'an events board with rows': () =>
    table().press('7').answerBoard('events', { as_of: now, tenant_id: 'acme', events: [], jobs }),
  'the filter': () => table().press('/').type('or'),
  'the palette': () => table().press(':').type('pri'),
  'the help': () => table().press('?').type('pau'),
  'a reader': () => opened().press('s').answer('load-job-sql', { type: 'sql', text: 'select 1;' }),
  explain: () => table().press('e'),
  unlocking: () => locked().press(':').type('rw').press('enter'),
  ...Object.fromEntries(
    ['p', 'X', 'R', 'f', 'L', 't', 'C'].flatMap((key) => [
      [`the dialog of ${key}`, () => card(key)],
      [`the dialog of ${key}, one further`, () => card(key).press('tab')],
      [`the dialog of ${key}, before it`, () => card(key).press('shift-tab')],
    ]),
  ),
  'a dialog of several jobs': () =>
    table().press('space', 'down', 'space', 'p').answerPlan(jobs).read(),
};

const numbered = fc.array(fc.oneof(aReport, fc.constantFrom(...eightBit)), { maxLength: 6 });

test.each(Object.entries(places))(
  'B1: in %s no report of a terminal does or types anything',
  (_, at) => {
    const session = at();
    const before = session.state;
    fc.assert(
      fc.property(numbered, fc.integer({ min: 1, max: 20 }), (reports, size) => {
        const bytes = Buffer.concat(reports);
        const cut = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        session.reads(...cut).reads(bytes);
        expect(session.state).toBe(before);
      }),
      { numRuns: 60 },
    );
  },
);
