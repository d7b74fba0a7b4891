import { render } from 'ink-testing-library';
import { afterEach, describe, expect, test } from 'vitest';
import { App } from '../../../../source/console/app/app.tsx';
import { boardNames } from '../../../../source/console/model/boards.ts';
import type { ConsoleOptions, State } from '../../../../source/console/model/state.ts';
import { Placeholders } from '../../../../source/console/terminal/placeholders.ts';
import { PlaceholderContext } from '../../../../source/console/widgets/line.tsx';
import { plainTheme, type Theme } from '../../../../source/console/widgets/theme.ts';
import { Session } from '../../../sessions/session.ts';
import { badged } from '../../../support/console-options.ts';
import { aDetail, aJob, aList, now } from '../../../support/jobs.ts';
import { variedJobs } from '../../../support/memory-database.ts';
import { openBoard } from '../../../support/text-boards.ts';

/** A store that a test sets, with the views that listen to it. */
class Shown {
  readonly listeners = new Set<() => void>();
  state: State;
  constructor(state: State) {
    this.state = state;
  }
  readonly getSnapshot = () => this.state;
  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

/** Lines that were drawn, counted. */
class Counted extends Placeholders {
  drawn = 0;
  override set(placeholder: string, text: string, width: number): void {
    this.drawn += 1;
    super.set(placeholder, text, width);
  }
}

type View = { shown: Shown; frame: () => string; again: () => void; unmount: () => void };
const open = new Set<View>();
afterEach(() => {
  for (const view of open) view.unmount();
});

function view(state: State, theme: Theme = plainTheme, lines: Placeholders | null = null): View {
  const shown = new Shown(state);
  const app = (
    <PlaceholderContext value={lines}>
      <App shown={shown} themeOf={() => theme} />
    </PlaceholderContext>
  );
  const ink = render(null as never);
  Object.defineProperty(ink.stdout, 'columns', { get: () => shown.state.size.columns });
  ink.rerender(app);
  const made = {
    shown,
    frame: () => ink.lastFrame() ?? '',
    again: () => {
      for (const listener of shown.listeners) listener();
      ink.rerender(app);
    },
    unmount: () => {
      open.delete(made);
      ink.unmount();
    },
  };
  open.add(made);
  return made;
}

const at = (columns: number, rows = 30, options: Partial<ConsoleOptions> = {}) => ({
  ...options,
  size: { columns, rows },
});
const jobs = variedJobs(now);
const one = aJob({ asset_name: 'orders_daily', failed_partitions: 2 });
const table = (columns = 100, options: Partial<ConsoleOptions> = {}) =>
  Session.showing(jobs, at(columns, 30, options));
const opened = (session: Session) => session.press('enter').answerJob(one);
const noted = (text: string, tone: 'plain' | 'good' | 'warn' | 'bad') => {
  const { state } = table();
  return { ...state, notice: { text, tone } };
};

type Row = readonly [name: string, state: () => State, ...expected: (string | RegExp)[]];
/** Each view, and what must be read on it. */
const views: readonly Row[] = [
  ['jobs', () => table().state, /^ {4}ASSET +PROGRESS/m, /^▐ · revenue_daily/m, '15 jobs'],
  ['jobs, loading', () => new Session(at(100)).state, 'loading jobs …'],
  ['jobs, none', () => Session.showing([], at(100)).state, 'tenant acme has no jobs'],
  ['jobs, filtered', () => table().press('/').type('click').state, / \/ click▏/, '1 of 15 jobs'],
  ['jobs, marked', () => table().press('space', 'j').state, /◆/, '1 marked'],
  ['jobs, followed', () => table().press('j', 'm').state, /♪/],
  [
    'jobs, old',
    () => table().wait(9000).timer('refresh').fail('load-jobs').state,
    /data is 5s old · retrying · connection refused/,
  ],
  ['pane', () => Session.showing([one], at(170)).state, /│ orders_daily 00000001/, '│ loading …'],
  [
    'pane, read',
    () => {
      const session = Session.showing([one], at(170)).wait(250).timer('pane');
      return session.answer('load-job', { type: 'job', detail: aDetail(one) }).state;
    },
    /│ .*40 done · 2 failed/,
  ],
  ['job', () => opened(Session.showing([one], at(100))).state, /^ orders_daily · /m, /Failed 2/],
  ['job, wide', () => opened(Session.showing([one], at(150))).state, /Failed 2 .*Events 0/],
  ['header: read-only', () => table(100, { read_only: true }).state, / {2}READ-ONLY {2}· UTC/],
  [
    'header: unlocked',
    () => ({ ...table(100, { read_only: true }).state, unlocked_until: 600_000 }),
    / {2}UNLOCKED \d+m /,
  ],
  ['header: frozen', () => table().press('Z').state, / FROZEN <5s /],
  ['header: bypassed', () => table(110, { labels: badged }).state, / RLS BYPASSED .*EMBEDDED/],
  ['note: warning', () => noted('look here', 'warn'), /^ ! look here$/m],
  ['note: error', () => noted('it failed', 'bad'), /^ ✗ it failed$/m],
  ['note: success', () => noted('it is done', 'good'), /^ ✓ it is done$/m],
  ['note: plain', () => noted('copied', 'plain'), /^ copied$/m],
  [
    'note: a field without a column',
    () => Session.showing([one], at(80)).state,
    / · ETA 12:14 in 15m · /,
  ],
  ...boardNames.map(
    (name): Row => [
      name,
      () => openBoard(name, 'orders_daily', Session.showing([one], at(100))).state,
      /^▐/m,
      /[A-Z]{3,}/,
      /back$|quit$/m,
    ],
  ),
  [
    'risk bar',
    () => openBoard('risk', 'orders_daily', Session.showing([one], at(100))).press('}').state,
    /at risk \d.*WHAT IF {2}slots 4/,
  ],
];

describe('every view', () => {
  test.each(views.map(([name, ...row]) => [name, row] as const))('%s', (_, row) => {
    const [stateOf, ...expected] = row;
    const state = stateOf();
    const shown = view(state);
    for (const text of expected) {
      if (typeof text === 'string') expect(shown.frame()).toContain(text);
      else expect(shown.frame()).toMatch(text);
    }
    const ascii = view(state, { ...plainTheme, ascii: true });
    expect(ascii.frame()).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test('leaves nothing behind: no listener, no line, no timer', () => {
    const lines = new Placeholders();
    const highest = (frame: string) => Math.max(...[...frame].map((one) => one.charCodeAt(0)));
    const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout');
    const before = timers();
    let most = 0;
    for (let round = 0; round < 2; round += 1) {
      for (const [name, stateOf] of views) {
        const shown = view(stateOf(), plainTheme, lines);
        expect(shown.shown.listeners.size, name).toBeGreaterThan(0);
        const used = highest(shown.frame());
        if (round === 0) most = Math.max(most, used);
        else expect(used, name).toBeLessThanOrEqual(most);
        shown.unmount();
        expect(shown.shown.listeners.size, name).toBe(0);
      }
    }
    expect(timers()).toEqual(before);
  });

  test('a moved cursor draws its two rows and what is said of them, not the table', () => {
    const lines = new Counted();
    const session = table();
    const shown = view(session.state, plainTheme, lines);
    const whole = lines.drawn;
    expect(whole).toBeGreaterThan(20);
    shown.shown.state = session.press('j').state;
    shown.again();
    expect(lines.drawn - whole).toBeLessThanOrEqual(5);
    const moved = lines.drawn;
    shown.again();
    expect(lines.drawn).toBe(moved);
    session
      .wait(1000)
      .timer('refresh')
      .answer('load-jobs', { type: 'jobs', list: aList(jobs) });
    shown.shown.state = session.state;
    shown.again();
    expect(lines.drawn - moved).toBeLessThanOrEqual(2);
  });
});

test('from 160 columns on the pane is there, and the table keeps what tells its jobs apart', () => {
  const heads = (columns: number) => view(table(columns).state).frame().split('\n')[3]!;
  expect(heads(159)).not.toContain('│');
  for (const columns of [160, 170, 180, 200, 240]) {
    expect(heads(columns)).toMatch(
      /STATE +ASSET +.*DONE.* FAILED.* ETA +SLA +PRI +HB .*│ revenue_daily/,
    );
  }
});
