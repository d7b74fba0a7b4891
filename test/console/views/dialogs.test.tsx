import { Box } from 'ink';
import { cleanup, render } from 'ink-testing-library';
import type { ReactElement } from 'react';
import { afterEach, describe, expect, test } from 'vitest';
import { DialogFrame, framedDialog } from '../../../source/console/dialogs/dialog-box.tsx';
import { columnsOf } from '../../../source/console/dialogs/finder/columns.ts';
import { helpEntries } from '../../../source/console/dialogs/finder/help-entries.ts';
import { readerContents } from '../../../source/console/dialogs/reader/lines.ts';
import { runContents } from '../../../source/console/dialogs/run/lines.ts';
import { dialogRows } from '../../../source/console/model/layout.ts';
import type { Reader, RunList } from '../../../source/console/model/overlay.ts';
import type { State } from '../../../source/console/model/state.ts';
import { Placeholders } from '../../../source/console/terminal/placeholders.ts';
import { PlaceholderContext } from '../../../source/console/widgets/line.tsx';
import type { Line } from '../../../source/console/widgets/spans.ts';
import { plainTheme, type Theme } from '../../../source/console/widgets/theme.ts';
import { ThemeContext } from '../../../source/console/widgets/theme-context.tsx';
import { UiTheme } from '../../../source/console/widgets/ui-theme.tsx';
import { widthOf } from '../../../source/presentation/text/width.ts';
import { Session } from '../../sessions/session.ts';
import { aJob } from '../../support/jobs.ts';

afterEach(cleanup);

/** What Ink draws in a terminal of these columns. */
function frameOf(node: ReactElement, columns: number): string {
  const { stdout, rerender, lastFrame } = render(<Box />);
  Object.defineProperty(stdout, 'columns', { value: columns });
  rerender(node);
  return lastFrame()!;
}

/** The dialog alone, in as many lines as a screen leaves it. */
function dialogOf(
  state: State,
  room: number,
  theme: Theme = plainTheme,
  lines: Placeholders | null = null,
): string[] {
  const dialog = framedDialog(state, room)!;
  const node = (
    <PlaceholderContext value={lines}>
      <ThemeContext value={theme}>
        <UiTheme theme={theme}>
          <DialogFrame dialog={dialog} />
        </UiTheme>
      </ThemeContext>
    </PlaceholderContext>
  );
  const drawn = frameOf(node, state.size.columns).split('\n');
  expect(drawn).toHaveLength(dialog.covered);
  expect(dialog.above + dialog.covered).toBeLessThanOrEqual(Math.max(room, 3));
  return drawn;
}

const textOf = (line: Line) => line.map(({ text }) => text).join('');

const running = aJob({ number: 1, asset_name: 'orders_daily', failed_partitions: 3 });
const other = aJob({ number: 2, asset_name: 'clicks_hourly', state: 'paused' });
const many = Array.from({ length: 60 }, (_, index) =>
  aJob({
    number: index + 1,
    asset_name: `asset_${index}`,
    state: index % 3 ? 'running' : 'paused',
  }),
);
const labels = { database: 'warehouse', tenant: 'acme', embedded: false, rls_bypassed: false };

type Sized = Parameters<typeof Session.showing>[1];

const card = (key: string) => (size: Sized) =>
  Session.showing([running, other], size).press(key).read();
const early = (key: string) => (size: Sized) => card(key)(size).press('y');

function planned(size: Sized): Session {
  const session = Session.showing(many, size).press('g', 'space', 'v', 'G', 'p');
  return session.answerPlan(many).read();
}

function run(size: Sized): Session {
  const session = planned(size);
  const { expected } = session.card;
  session.press('tab', 'tab').type(expected!).press('tab', 'y');
  return session.answerAct({ message: 'paused' });
}

function unlocking(size: Sized): Session {
  const options = { ...size, labels: { ...labels, context: 'prod' }, read_only: true };
  const session = Session.showing([running], { ...options, locked_reason: null });
  session.press(':').type('rw').press('enter');
  const { overlay } = session.state;
  if (overlay?.type !== 'unlock') throw new Error('no such dialog is open');
  return session.send({ type: 'painted', token: overlay.token }).wait(300).press('shift-tab', 'y');
}

/** A text longer than the screen. */
function reading(size: Sized): Session {
  const session = Session.showing([running], size).press('e');
  const text = Array.from({ length: 90 }, (_, index) => `line ${index + 1}`).join('\n');
  const overlay = { ...(session.state.overlay as Reader), text, live: false, source: null };
  session.state = { ...session.state, overlay };
  return session;
}

/** Each dialog, with what must be in it however small the terminal. */
const table: Record<string, [open: (size: Sized) => Session, said: readonly string[]]> = {
  'card, pause': [card('p'), ['Seen', 'Will', 'Reason (optional): ', '[ Pause ]']],
  'card, tune, y too early': [
    early('t'),
    ['Priority', 'Max parallel', 'Max attempts', 'Timeout', 'Reason', 'type a new value first'],
  ],
  'card, cancel, y too early': [
    early('X'),
    ['Type orders_daily:', 'a reason is required', '[ Cancel the job ]'],
  ],
  'card, changed': [
    (size) => card('X')(size).refreshed([{ ...running, version: 99 }]),
    ['Now ', 'version 99: the job has changed', 'Type orders_daily:'],
  ],
  'card, gone': [
    (size) => card('X')(size).refreshed([]),
    ['this job no longer exists', 'Type orders_daily:'],
  ],
  plan: [planned, ['will be skipped', 'Type 40:', '[ Pause 40 jobs ]']],
  'plan, y too early': [
    (size) => planned(size).press('y'),
    ['Type 40:', 'type 40 to enable the button'],
  ],
  run: [run, ['pause 60 jobs: 1 applied, 20 skipped, 39 left', '21 of 60', 'S stop']],
  'unlock, y too early': [unlocking, ['Type prod:', 'type prod to enable', '[ Unlock ]']],
  palette: [(size) => Session.showing([running], size).press(':'), ['job ID', 'tenant NAME']],
  help: [(size) => Session.showing([running], size).press('?'), ['Search:', 'next row']],
  'help, typed': [
    (size) => Session.showing([running], size).press('?').type('pause'),
    ['Search: pause', 'pause'],
  ],
  reader: [reading, ['line 1']],
};

const sizes = [
  [80, 24],
  [120, 40],
  [200, 50],
] as const;

describe.each(sizes)('every dialog at %i×%i', (columns, rows) => {
  test.each(Object.entries(table))('%s', (_, [open, said]) => {
    const { state } = open({ size: { columns, rows } });
    const room = rows - 9;
    const drawn = dialogOf(state, room);
    for (const line of drawn) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
    for (const text of said) expect(drawn.join('\n')).toContain(text);
    // In ASCII the same cells, each by a sign that every terminal has.
    const ascii = dialogOf(state, room, { ...plainTheme, ascii: true });
    expect(ascii.join('')).toMatch(/^[\x20-\x7e]*$/);
    expect(ascii.map(widthOf)).toEqual(drawn.map(widthOf));
    // Each line through Ink costs 0.4 ms: all but a few take the short way.
    const lines = new Placeholders();
    const native = dialogOf(state, room, plainTheme, lines).filter((line) =>
      /[^\ue000-\uf8ff│╭╮╰╯─ ]/.test(line),
    );
    expect(native.length).toBeLessThanOrEqual(8);
  });
});

describe('why a button is dead, once it was asked for', () => {
  const inFrame = (lines: readonly string[], text: string) =>
    lines.some((line) => line.includes('│ │ ') && line.includes(text));

  test.each([
    [24, true],
    [12, false],
  ])('with %i lines: in an alert %s, and the question stays', (room, framed) => {
    const cancelling = early('X')({ size: { columns: 100, rows: 40 } });
    const lines = dialogOf(cancelling.state, room);
    expect(inFrame(lines, 'a reason is required')).toBe(framed);
    for (const text of ['Reason (required)', 'Type orders_daily:', 'a reason is required'])
      expect(lines.join('\n')).toContain(text);
    // The alert says why, the buttons' line how to go on.
    expect(lines.join('\n').includes('Tab to the buttons, then y')).toBe(framed);
    // The next key takes it away.
    expect(inFrame(dialogOf(cancelling.press('tab').state, room), 'required')).toBe(false);
  });

  test('both alerts where there is room; the changed job first where there is room for one', () => {
    const changed = card('X')({ size: { columns: 100, rows: 60 } });
    changed.refreshed([{ ...running, version: 99 }]).press('y');
    const framed = (room: number) => {
      const lines = dialogOf(changed.state, room);
      return ['version 99', 'close and try again'].map((text) => inFrame(lines, text));
    };
    const seen = new Set(Array.from({ length: 14 }, (_, room) => framed(room + 12).join()));
    expect([...seen]).toEqual(['false,false', 'true,false', 'true,true']);
  });
});

test('the reasons of refusals are listed where the plan is longer than its list', () => {
  const { state } = planned({ size: { columns: 120, rows: 40 } });
  const text = dialogOf(state, 31).join('\n');
  expect(text).toContain('– 20 skipped: only running jobs can be paused; this one is paused');
  const few = Session.showing(many, { size: { columns: 120, rows: 40 } });
  few.press('g', 'space', 'v', 'j', 'j', 'p').answerPlan(many.slice(0, 3));
  expect(dialogOf(few.state, 31).join('\n')).not.toContain('– 1 skipped');
});

describe('a page of a dialog is what it shows: no line is skipped', () => {
  const textShown = ({ state }: Session) =>
    readerContents({
      state,
      overlay: state.overlay as Reader,
      width: 94,
      height: dialogRows(state),
    }).lines.map(textOf);
  const itemsShown = ({ state }: Session) =>
    runContents({
      state,
      overlay: state.overlay as RunList,
      width: 94,
      height: dialogRows(state),
    }).items.map((line) => /asset_\d+/.exec(textOf(line))?.[0]);

  function paged<T>(session: Session, shown: (session: Session) => T[]): Set<T> {
    const seen = new Set(shown(session));
    for (let page = 0; page < 90; page++)
      for (const line of shown(session.press('page-down'))) seen.add(line);
    return seen;
  }

  test.each([6, 9, 14, 24, 25, 40, 60])('at %i rows', (rows) => {
    const size = { columns: 100, rows };
    for (const key of ['1', 'enter', '3', '4', '5']) {
      const session = reading({ size: { columns: 100, rows: 40 } });
      const { overlay } = session.state;
      session.state = { ...session.state, overlay: null };
      session.press(key).send({ type: 'resized', size });
      session.state = { ...session.state, overlay };
      expect(paged(session, textShown).size, key).toBe(90);
      expect(textShown(session).at(-1)).toBe('line 90');
      expect(textShown(session.press('g'))[0]).toBe('line 1');
    }
    const items = paged(
      run({ size: { columns: 100, rows: 40 } }).send({ type: 'resized', size }),
      itemsShown,
    );
    items.delete(undefined);
    expect(items.size).toBe(60);
  });
});

describe('the help in columns', () => {
  const at = (columns: number, rows = 40) =>
    Session.showing([running], { size: { columns, rows } }).press('?');

  test('two from 100 columns on, until something is searched for', () => {
    const heads = (session: Session) =>
      dialogOf(session.state, 31).filter((line) => /Move .* Look /.test(line)).length;
    expect([at(99), at(100), at(160), at(160).type('pause')].map(heads)).toEqual([0, 1, 1, 0]);
    const title = (session: Session) => dialogOf(session.state, 31)[0];
    expect(title(at(120))).toContain(' Keys (page 1 of 2) ');
    expect(title(at(120).press('end'))).toContain(' Keys (page 2 of 2) ');
    expect(dialogOf(at(120, 60).state, 50)[0]).toContain(' Keys ─');
  });

  test('down goes through every key in the order of the columns; the last line has it in full', () => {
    const session = at(120);
    const { overlay } = session.state;
    if (overlay?.type !== 'help') throw new Error('the help is not open');
    for (const [index, { binding }] of helpEntries(session.state, overlay).entries()) {
      if (index % 6 === 0) {
        const lines = dialogOf(session.state, 31);
        expect(lines.at(-2)).toContain(binding.title.slice(0, 40));
      }
      session.press('down');
    }
  });

  test('every item once, in order, each column under the heading of its group', () => {
    const groups = [...Array(15).fill('Move'), ...Array(14).fill('Look'), 'Act', 'Program'];
    for (let rows = 2; rows < 40; rows++) {
      const columns = columnsOf(groups, rows);
      const cells = columns.flat();
      expect(cells.flatMap((cell) => (cell && 'item' in cell ? cell.item : []))).toEqual([
        ...groups.keys(),
      ]);
      for (const column of columns) {
        expect(column.length).toBeLessThanOrEqual(rows);
        let heading = '';
        for (const cell of column) {
          if (cell !== null && 'heading' in cell) heading = cell.heading;
          if (cell !== null && 'item' in cell) expect(groups[cell.item]).toBe(heading);
        }
      }
    }
    expect(columnsOf([], 5)).toEqual([]);
  });
});
