import { describe, expect, test } from 'vitest';
import { followText } from '../../source/console/background/follow.ts';
import { cardLines } from '../../source/console/dialogs/card/lines.ts';
import { dialogOf } from '../../source/console/dialogs/keys.ts';
import { sqlReader } from '../../source/console/dialogs/reader/state.ts';
import { headerLine } from '../../source/console/screens/header.ts';
import type { Line } from '../../source/console/widgets/spans.ts';
import { explainText } from '../../source/presentation/triage/explain-text.ts';
import { diagnosedJob, explainFacts } from '../support/explained.ts';
import { aJob, secondsAgo } from '../support/jobs.ts';
import { Session } from './session.ts';

const running = aJob({ number: 1 });
const paused = aJob({
  number: 2,
  asset_name: 'events_raw',
  state: 'paused',
  paused_at: secondsAgo(300),
  running_slots: 0,
});
const textOf = (line: Line) => line.map(({ text }) => text).join('');
const hints = ({ state }: Session) =>
  dialogOf(state)!
    .hints(state, state.overlay!)
    .map((hint) => hint.join(' '));

describe('keys that are named do what they say', () => {
  test('Esc leaves a field first, and closes from a button', () => {
    const session = Session.showing([running]).press('p').seen();
    expect(hints(session)).toContain('Esc to the buttons');
    expect(session.press('escape').focus).toBe('cancel');
    expect(hints(session)).toContain('Esc close');
    expect(session.press('escape').state.overlay).toBeNull();
  });

  test('nothing scrolls that is shown whole', () => {
    const session = Session.showing([running]);
    const reading = (lines: number) => {
      session.state = { ...session.state, overlay: sqlReader('SQL', 'select 1;\n'.repeat(lines)) };
      return hints(session).some((hint) => hint.endsWith(' scroll'));
    };
    expect([reading(3), reading(60)]).toEqual([false, true]);
  });

  test('a run of several jobs: stopped it continues, and once over neither', () => {
    const jobs = [1, 2, 3].map((number) => aJob({ number }));
    const session = Session.showing(jobs).press('*').answerPlan(jobs).press('p').answerPlan(jobs);
    session.seen().press('tab').type('3').press('tab', 'tab', 'y');
    expect(hints(session)).toEqual(['S stop after this job', 'Esc close']);
    session.press('S');
    expect(hints(session)).toEqual(['Esc close']);
    session.answerAct({});
    expect(hints(session)).toEqual(['y continue', 'Esc close']);
    session.press('y').answerAct({}).answerAct({});
    expect(hints(session)).toEqual(['Esc close']);
  });
});

test('only what is refused because of the pause says how long it has lasted', () => {
  const said = (key: string) => Session.showing([paused]).press(key).notice;
  expect(said('p')).toBe('only running jobs can be paused; this one is paused for 5m');
  expect(said('f')).toBe('only running jobs can be reclaimed; this one is paused for 5m');
  expect(said('R')).toBe('no failed partitions to retry');
});

test('where a reason is cut, its end stays: it says what the job is', () => {
  const jobs = [running, aJob({ number: 3, asset_name: 'orders_daily', state: 'failed' })];
  const session = Session.showing(jobs, { size: { columns: 80, rows: 24 } });
  session.press('*').answerPlan(jobs).press('X').answerPlan(jobs).seen();
  const lines = cardLines(session.state, session.card, 76, 18).map(textOf);
  expect(lines.find((line) => line.includes('skipped: '))).toMatch(/….*this one is failed$/);
});

test('no badge is shown without those that are more important', () => {
  const order = ['1 executor silent', '12 breached', '3 at risk', 'EMBEDDED'];
  for (let columns = 50; columns <= 130; columns += 1) {
    const session = Session.showing([running], { size: { columns, rows: 24 } });
    const { state } = session;
    const alerts = {
      ...state.boards.alerts,
      data: {
        tenant_id: 'acme',
        as_of: secondsAgo(0),
        alerts: [],
        jobs: [],
        executors: { alive: 1, silent: 1 },
      },
    };
    const late = { at_risk: 3, breached: 12, capped: false };
    const labels = { ...state.options.labels, embedded: true };
    const header = textOf(
      headerLine({
        ...state,
        boards: { ...state.boards, alerts },
        jobs: { ...state.jobs, late },
        options: { ...state.options, labels },
      }),
    );
    const shown = order.map((badge) => header.includes(badge));
    expect(shown, header).toEqual(shown.toSorted((a, b) => Number(b) - Number(a)));
    expect(shown[0], header).toBe(true);
  }
});

describe('what a silent executor holds', () => {
  const held = (silent_slots: number) => ({
    ...paused,
    running_slots: 3,
    silent_slots,
    version: 8,
  });

  test.each([
    [0, '3 partitions still running'],
    [1, '2 partitions still running'],
    [3, '3 partitions still leased to a silent executor'],
  ])('a pause with %i of 3 slots silent: %s', (silent_slots, text) => {
    const job = { ...running, id: paused.id, asset_name: 'events_raw' };
    const session = Session.showing([job]).press('p').read().press('y').answerAct({ version: 8 });
    session.answerJob(held(silent_slots));
    expect(followText(session.state.follows[0]!)).toBe(`pausing events_raw: ${text}`);
  });

  test('explain does not name the state twice', () => {
    const explained = (state: string, running_slots: number) =>
      explainText(
        {
          ...diagnosedJob(explainFacts(running.id, { state, running_slots })),
          clause: state === 'running' ? 'running' : 'no_handler',
        },
        { width: 100, zone: 'utc' },
      );
    expect(explained('running', 4)).toMatch(/^\S+ 00000001: running on 4 of /);
    expect(explained('pending', 0)).toMatch(/^\S+ 00000001 \(pending\): no executor/);
  });
});
