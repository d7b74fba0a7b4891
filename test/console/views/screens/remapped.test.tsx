import { renderToString } from 'ink';
import { describe, expect, test } from 'vitest';
import { keymap } from '../../../../source/console/app/keymap.ts';
import { remapKeys } from '../../../../source/console/app/remap.ts';
import { sqlReader } from '../../../../source/console/dialogs/reader/state.ts';
import { nameOf, spokenNames } from '../../../../source/console/model/key-hints.ts';
import { plainTheme } from '../../../../source/console/widgets/theme.ts';
import { Session } from '../../../sessions/session.ts';
import { ConsoleApp } from '../../../support/console-app.tsx';
import { aJob, anInsight, secondsAgo } from '../../../support/jobs.ts';

/** Every name of the keymap on a letter of its own that no keyboard has. */
const names = [...new Set(keymap.filter(({ always }) => !always).map(nameOf))];
const letters = Object.fromEntries(
  names.map((name, index) => [name, String.fromCodePoint(0x0400 + index)]),
);
const { keymap: remapped, problems } = remapKeys(keymap, letters);
const on = (name: string) => letters[name]!;

const job = aJob({ number: 1, asset_name: 'orders' });
const open = (options = {}) =>
  Session.showing([job, aJob({ number: 2, asset_name: 'clicks' })], {
    keymap: remapped,
    ...options,
  });
const picture = ({ state }: Session) =>
  renderToString(<ConsoleApp state={state} theme={plainTheme} />, { columns: state.size.columns });
const footer = (session: Session) => picture(session).trimEnd().split('\n').at(-1)!;

test('every row can be remapped, and every name that a text speaks of is a row', () => {
  expect(problems).toEqual([]);
  expect(spokenNames.filter((name) => !names.includes(name))).toEqual([]);
});

describe('a text that names a key names the one that [keys] has given it', () => {
  test('the footer of each screen, and the tabs', () => {
    for (const title of ['Triage', 'Risk', 'Executors', 'Alerts', 'Events']) {
      const session = open().press(on(`go to ${title}`));
      expect(picture(session)).toContain(` ${on('go to Jobs')} Jobs `);
      expect(footer(session)).toMatch(/^ [\u0400-\u045f] /);
      expect(footer(session)).not.toMatch(/(^| {2})[!-~]+ /);
    }
  });

  test('the footer of a text that is read', () => {
    const session = open().press(on('explain'));
    const [up, down, back] = [on('previous row'), on('next row'), letters.back];
    expect(footer(session)).toBe(` ${back} close`);
    session.state = { ...session.state, overlay: sqlReader('SQL', 'select 1;\n'.repeat(60)) };
    expect(footer(session)).toContain(`${up}${down} scroll`);
    const run = open().press(on('go to Triage'));
    expect(footer(run)).toContain(on('show the SQL of the check'));
  });

  test('an empty table, and an empty board', () => {
    const back = letters.back;
    const table = open().press(on('filter')).type('nothing').press('enter');
    expect(picture(table)).toContain(`${back} clears it`);
    const board = open().press(on('go to Events'));
    board.answerBoard('events', { as_of: secondsAgo(0), tenant_id: 'acme', events: [], jobs: [] });
    board.press(on('filter')).type('nothing').press('enter');
    expect(picture(board)).toContain(`${back} clears it`);
  });

  test('what is followed, frozen, wide, read-only, or elsewhere', () => {
    expect(open().press(on('follow the job')).notice).toContain(`${on('follow the job')} stops it`);
    const frozen = open().press(on('freeze'));
    expect(frozen.press(on('refresh now')).notice).toContain(`${letters.freeze} unfreezes it`);
    const [left, right] = [
      on('scroll the columns to the left'),
      on('scroll the columns to the right'),
    ];
    expect(open().press(on('wide')).notice).toBe(
      `all columns: ${left} ${right} scroll, ${on('wide')} fits them again`,
    );
    expect(open().press(right).notice).toContain(`${on('wide')} shows them at full width`);
    const locked = open({ read_only: true, locked_reason: null }).press(on('pause'));
    expect(locked.notice).toContain(`${on('palette')} rw unlocks it`);
    expect(open().press(on('go to Alerts'), on('wide')).notice).toContain(
      `Jobs (${on('go to Jobs')})`,
    );
  });

  test('a run of several, and a job that is not unique', () => {
    const run = on('results');
    const session = open().press(on('mark or unmark the job'), on('pause'));
    session.answerPlan([job]).read().press('tab', 'tab').type('1').press('tab', 'y');
    expect(picture(session)).toContain(`(${run} shows it)`);
    session.press('escape');
    expect(picture(session)).toContain(`(${run} shows it)`);
    session.press(on('palette')).type('job 0000').press('enter');
    expect(session.notice).toContain(`filter with ${on('filter')}`);
  });

  test('a related job is gone to by it', () => {
    const related = { id: job.id, to: job.id, depth: 1, job };
    const session = open().press(on('open the job'));
    session.answerJob(job, { insight: anInsight({ waiting: [related] }) });
    expect(footer(session)).toContain(`${on('open')} open`);
  });
});

test('arrows still move while a filter is typed, whatever moves else', () => {
  const session = open().press(on('filter'), 'down');
  expect(session.cursorName).toBe('clicks');
});
