import { expect, test } from 'vitest';
import { cardLines } from '../../../source/console/dialogs/card/lines.ts';
import { missing } from '../../../source/console/dialogs/card/state.ts';
import { runLines } from '../../../source/console/dialogs/run/lines.ts';
import type { State } from '../../../source/console/model/state.ts';
import { noteLine } from '../../../source/console/screens/footer.ts';
import { jobsPicture } from '../../../source/console/screens/jobs/picture.ts';
import type { Line } from '../../../source/console/widgets/spans.ts';
import { Session } from '../../sessions/session.ts';
import { aJob } from '../../support/jobs.ts';

// B13: what matters is never cut off on a small terminal.

const size = { columns: 80, rows: 24 };
const jobs = ['orders_daily', 'clicks_hourly'].map((asset_name, index) =>
  aJob({ number: index + 1, asset_name, version: 7, running_slots: 2 }),
);
const textOf = (line: Line) => line.map(({ text }) => text).join('');
const run = (state: State) => runLines(state, 0, 76, 9).map((line) => textOf(line).trimEnd());

function pausingBoth(): Session {
  const session = Session.showing(jobs, { size }).press('space', 'down', 'space', 'p');
  return session.answerPlan(jobs).read().press('tab', 'tab').type('2').press('tab', 'y');
}

test('B13: a run shows of each job whether it was sent, and its result in full', () => {
  const session = pausingBoth();
  expect(run(session.state)).toEqual([
    'pause 2 jobs: 2 left',
    '· orders_daily     00000001  sent, not confirmed yet',
    '· clicks_hourly    00000002  waiting',
    'S stop after this job   Esc close, it continues (B shows it)',
  ]);
  session.answerAct({ message: 'paused orders_daily 00000001 (27/365 done, checkpoint k0027)' });
  expect(run(session.state).slice(1, 3)).toEqual([
    '✓ orders_daily     00000001  applied: paused (27/365 done, checkpoint k0027)',
    '· clicks_hourly    00000002  sent, not confirmed yet',
  ]);
  session.fail('act');
  expect(run(session.state)[2]).toBe('? clicks_hourly    00000002  outcome unknown');
});

test('B13: that an answer was lost, and that nothing was done, fit into 80 columns', () => {
  const session = Session.showing(jobs, { size }).press('p').read().press('y').fail('act');
  const note = () => textOf(noteLine(session.state, [])).trimEnd();
  expect(note()).toBe(' ✗ pausing orders_daily: connection lost: outcome unknown');
  session.answerJob(jobs[0]!);
  expect(note()).toBe(
    ' ! orders_daily: not applied so far: still running, version 7 (connection lost)',
  );
});

test.each([
  [100, '[ Keep running ]   [ Pause ]', 'Tab to the buttons, then y'],
  [60, '[ Keep running ]   [ Pause ]', 'Tab to the buttons, then y'],
  [44, '[ Keep running ]   [ Pause ]', 'Tab, then y'],
])('B13: at %d columns a dialog says which keys lead to its button', (columns, buttons, hint) => {
  const session = Session.showing(jobs, { size: { columns, rows: 24 } }).press('p');
  const lines = cardLines(session.state, session.card, columns - 3, 18).map(textOf);
  const last = lines.at(-1)!;
  expect(last.startsWith(buttons)).toBe(true);
  expect(last.trimEnd().endsWith(hint)).toBe(true);
});

test('a job that has gone under its dialog: disarmed, not counted, and its row as wide as before', () => {
  const figures = {
    asset_name: 'orders_hourly_eu',
    completed_partitions: 3833,
    total_partitions: 5113,
  };
  const job = aJob({ number: 1, version: 7, running_slots: 2, ...figures });
  const session = Session.showing([job], { size }).press('p').read();
  const heads = () => textOf(jobsPicture(session.state).top.at(-1)!);
  const before = heads();
  expect(missing(session.state, session.card)).toBeNull();
  session.refreshed([]);
  expect(missing(session.state, session.card)).toBe('this job no longer exists');
  expect(session.press('y').acts).toEqual([]);
  const picture = jobsPicture(session.state);
  expect(heads()).toBe(before);
  expect(textOf(picture.body[0]!)).toMatch(/orders_hourly_eu .* 3833\/5113/);
  expect(textOf(picture.bottom[0]!)).toMatch(/^ 0 jobs/);
  const card = cardLines(session.state, session.card, 76, 18).map(textOf);
  expect(card.some((line) => /^Now +this job no longer exists$/.test(line.trimEnd()))).toBe(true);
});
