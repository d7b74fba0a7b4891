import { describe, expect, test } from 'vitest';
import { followText } from '../../source/console/background/follow.ts';
import { cardTitle } from '../../source/console/dialogs/card/controls.ts';
import { cardLines } from '../../source/console/dialogs/card/lines.ts';
import { actionNames, actionOf } from '../../source/console/model/actions.ts';
import { noteLine } from '../../source/console/screens/footer.ts';
import { headerLine } from '../../source/console/screens/header.ts';
import { jobsPicture } from '../../source/console/screens/jobs/picture.ts';
import type { Line } from '../../source/console/widgets/spans.ts';
import { textProps } from '../../source/console/widgets/theme.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import type { ExplainFacts } from '../../source/domain/triage/explain.ts';
import { kindsOf } from '../../source/presentation/partition/failure-groups.ts';
import { diagnosedJob, explainFacts } from '../support/explained.ts';
import { aJob, aList, anInsight, secondsAgo } from '../support/jobs.ts';
import { Session } from './session.ts';

const running = aJob({ number: 1, failed_partitions: 3 });
const paused = aJob({ number: 2, asset_name: 'events_raw', state: 'paused', running_slots: 0 });
const textOf = (line: Line) => line.map(({ text }) => text).join('');
const said = ({ state, card }: Session) => cardLines(state, card, 100, 24).map(textOf).join('\n');

/** A dialog on the job, with its explanation. */
function knowing(job: JobView, key: string, facts: Partial<ExplainFacts>): Session {
  const session = Session.showing([job]).press(key).seen();
  const { state } = job;
  return session.answer('explain-job', {
    type: 'explained',
    diagnosed: diagnosedJob(explainFacts(job.id, { state, ...facts })),
  });
}

describe('B4: what the header counts is read on every screen', () => {
  const header = ({ state }: Session) => textOf(headerLine(state));
  const late = (at_risk: number) => {
    const list = aList([running]);
    const page = { ...list.page, late: { at_risk, breached: 0, capped: false } };
    return { type: 'jobs', list: { ...list, page } } as const;
  };

  test.each(['2', '3', '4', '5', '6', '7'])('on screen %s', (key) => {
    const session = Session.showing([running]).press(key);
    const before = session.asked('load-jobs').length;
    session.wait(5000).timer('counts');
    expect(session.asked('load-jobs')).toHaveLength(before + 1);
    session.answer('load-jobs', late(2));
    expect(header(session)).toContain('2 at risk');
    session.wait(5000).timer('counts').answer('load-jobs', late(3));
    expect(header(session)).toContain('3 at risk');
    // The screen's own interval is not disturbed, and a failure of this question is not the
    // screen's.
    expect(session.timersSet('counts').length).toBeGreaterThan(1);
    session.wait(5000).timer('counts').fail('load-jobs');
    expect(session.state.link.down_since).toBeNull();
  });
});

describe('B5: reclaim says what explain knows', () => {
  test('a fresh heartbeat beside a silent executor is no sign of work', () => {
    const silent = [{ id: 'web-2:77', slots: 2, seen_at: secondsAgo(180), until: secondsAgo(-9) }];
    const text = said(knowing(running, 'f', { silent, running_slots: 2 }));
    expect(text).toContain('web-2:77 with 2 slots has been silent for 3m');
    expect(text).not.toContain('its heartbeat is fresh');
    expect(said(knowing(running, 'f', {}))).toContain('its heartbeat is fresh');
  });
});

describe('B9: a dialog says what will keep the job from running', () => {
  const makingWork = actionNames.filter((name) => /resume|retry|recreate|reclaim/.test(name));
  const limit = { scope: 'tenant' as const, name: 'acme', max_running: 2, running: 2 };

  test.each([
    ['a limit', { limits: [limit] }, /But +limit reached: 2 of 2 running jobs/],
    ['no executor', { executors: 0, with_handler: 0, ready: 0 }, /But +no executor/],
    ['no handler', { with_handler: 0, ready: 0 }, /But +no executor has a handler/],
  ])('%s', (_, facts, words) => {
    const session = knowing(paused, 'r', facts);
    expect(said(session)).toMatch(words);
    session.press('tab', 'y').answerAct({ version: 2 });
    session.answerJob(aJob({ ...paused, state: 'resuming', version: 2 }));
    const text = followText(session.state.follows[0]!);
    expect(text).toMatch(/^resuming events_raw: waiting: /);
    expect(text).not.toContain('waiting for an executor');
  });

  test.each(actionNames)(
    '%s: a silent executor, and nothing where nothing is in the way',
    (name) => {
      const job = name === 'resume' ? paused : running;
      const silent = [
        { id: 'web-2:77', slots: 2, seen_at: secondsAgo(180), until: secondsAgo(-9) },
      ];
      const { key } = actionOf(name);
      expect(said(knowing(job, key, { silent, running_slots: 2 }))).toContain(
        'web-2:77 with 2 slots has been silent for 3m',
      );
      expect(said(knowing(job, key, {}))).not.toMatch(/^But|silent/m);
    },
  );

  test('of several jobs: the obstacle of the first, by name', () => {
    const jobs = [1, 2].map((number) => aJob({ number, state: 'paused', running_slots: 0 }));
    const session = Session.showing(jobs).press('space', 'down', 'space', 'r').answerPlan(jobs);
    const facts = explainFacts(jobs[0]!.id, { state: 'paused', limits: [limit] });
    session.seen().answer('explain-job', { type: 'explained', diagnosed: diagnosedJob(facts) });
    expect(said(session)).toMatch(/But +00000001: limit reached: 2 of 2 running jobs/);
  });

  test.each(makingWork)('%s: a limit', (name) => {
    const job = name === 'resume' ? paused : running;
    expect(said(knowing(job, actionOf(name).key, { limits: [limit] }))).toMatch(
      /But +limit reached: 2 of 2/,
    );
  });
});

describe('B8: R on one selected failed partition', () => {
  const failed = ['2024-03-12', '2024-05-02', '2024-06-30'].map((partition_key, index) => ({
    partition_key,
    attempt_count: 3,
    failure_count: 3,
    error_message: index === 2 ? 'refused' : 'differs',
    completed_at: null,
  }));
  const opened = () =>
    Session.showing([running])
      .press('enter')
      .answerJob(running, { insight: anInsight({ failures: kindsOf(failed) }) });

  test('offers that one, or all', () => {
    const session = opened().press('enter', 'down', 'R').seen();
    expect(cardTitle(session.card)).toMatch(/^Retry 2024-03-12 of orders_daily/);
    expect(said(session)).toContain('Retries only 2024-03-12 (Ctrl-T: all 3 failed partitions)');
    expect(said(session)).toContain('make the failed partition 2024-03-12 due now');
    session.press('ctrl-t');
    expect(said(session)).toContain('make the 3 failed partitions due now');
    expect(session.press('tab', 'y').acts[0]).not.toHaveProperty('keys');
    const one = opened().press('enter', 'down', 'R').seen().press('tab', 'y');
    expect(one.acts).toMatchObject([{ action: 'retry', keys: ['2024-03-12'] }]);
  });

  test('on the line of a kind, and from the table, all', () => {
    expect(opened().press('R').seen().press('tab', 'y').acts[0]).not.toHaveProperty('keys');
    const table = Session.showing([running]).press('R').seen();
    expect(table.press('tab', 'y').acts[0]).not.toHaveProperty('keys');
  });
});

test('B14: B shows a run that has ended, also after Esc on its result', () => {
  const jobs = [1, 2].map((number) => aJob({ number }));
  const session = Session.showing(jobs)
    .press('space', 'down', 'space', 'p')
    .answerPlan(jobs)
    .seen();
  session.type('2').press('tab', 'y').answerAct({}).answerAct({}).press('escape');
  expect(session.state.overlay).toBeNull();
  expect(textOf(noteLine(session.state, []))).not.toContain('B shows it');
  expect(session.press('B').state.overlay?.type).toBe('run');
});

describe('B11: a warning carries a sign, not only a colour', () => {
  test('on the message line', () => {
    const session = Session.showing([paused]).press('p');
    expect(textOf(noteLine(session.state, []))).toMatch(/^ ! only running jobs can be paused/);
    expect(textOf(noteLine(session.press('m').state, []))).toMatch(/^ \w/);
  });

  test('in a dialog', () => {
    const session = Session.showing([running]).press('X').seen().press('shift-tab', 'y');
    expect(said(session)).toContain('! a reason is required');
  });
});

describe('B13: what a row says is seen where it is selected', () => {
  const row = ({ state }: Session) =>
    jobsPicture(state).body.find((line) => textOf(line).startsWith('▐'))!;

  test('the selection keeps the colour of the state', () => {
    const pieces = row(Session.showing([running]));
    expect(pieces.slice(1).every(({ inverse }) => inverse)).toBe(true);
    expect(pieces.find(({ text }) => text.includes('running'))?.tone).toBe('warn');
    expect(pieces.find(({ text }) => text.includes('orders_daily'))?.tone).toBe('plain');
  });

  test("a context's colour is in its header only", () => {
    const theme = { ascii: false, palette: null, accent: 'red' as const };
    const palette = { red: 'red', green: 'green', yellow: 'y', blue: 'b', magenta: 'm', cyan: 'c' };
    expect(textProps({ ...theme, palette }, 'context')).toEqual({ color: 'red' });
    expect(textProps({ ...theme, palette }, 'accent')).toEqual({ color: 'c' });
    const session = Session.showing([running], { accent: 'red' });
    expect(headerLine(session.state)[0]).toMatchObject({ tone: 'context' });
  });

  test('forty jobs of one asset are told apart by their range, where there is room', () => {
    const job = aJob({ partition_start: '2024-01-01', partition_end: '2024-12-31' });
    const shown = (columns: number) =>
      jobsPicture(Session.showing([job], { size: { columns, rows: 30 } }).state);
    expect(shown(200).body.map(textOf).join('\n')).toContain('2024-01-01 – 2024-12-31');
    expect(shown(80).bottom.map(textOf).join('\n')).toContain('partitions 2024-01-01');
  });

  test('the end of a text, which says what to do, is not what is cut off', () => {
    const session = new Session({ size: { columns: 80, rows: 24 } }).send({ type: 'started' });
    const list = aList([]);
    const page = { ...list.page, visible: false };
    session.answer('load-jobs', { type: 'jobs', list: { ...list, page } });
    expect(jobsPicture(session.state).body.map(textOf).join(' ')).toContain('servo-tui doctor');
    const long = Session.showing([running], { size: { columns: 60, rows: 24 } });
    long.state = {
      ...long.state,
      notice: { text: `${'x'.repeat(90)} see: servo-tui list`, tone: 'warn' },
    };
    expect(textOf(noteLine(long.state, []))).toMatch(/^ ! xxx.*….*see: servo-tui list$/);
  });
});
