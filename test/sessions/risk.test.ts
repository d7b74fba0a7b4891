import { describe, expect, test } from 'vitest';
import { planLines } from '../../source/console/dialogs/card/plan.ts';
import { runText } from '../../source/console/dialogs/run/state.ts';
import { listed } from '../../source/console/model/boards.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';
import { riskBoardOf } from '../support/snapshots.ts';
import { Session } from './session.ts';

const inSeconds = (seconds: number) => secondsAgo(-seconds);
const weather = (columns: Parameters<typeof aJob>[0] = {}) =>
  aJob({
    number: 1,
    asset_name: 'weather',
    total_partitions: 804,
    completed_partitions: 0,
    failed_partitions: 0,
    avg_partition_duration_ms: 60_000,
    execution_strategy: { type: 'parallel', max_parallel: 12 },
    running_slots: 6,
    sla_deadline_at: inSeconds(82 * 60),
    ...columns,
  });
/** Of higher rank, and with work for days. */
const clicks = (columns: Parameters<typeof aJob>[0] = {}) =>
  aJob({
    number: 2,
    asset_name: 'clicks',
    total_partitions: 100_000,
    running_slots: 3,
    execution_strategy: { type: 'parallel', max_parallel: 3 },
    priority: 9,
    ...columns,
  });
const stuck = aJob({
  number: 3,
  asset_name: 'sessions',
  heartbeat_at: secondsAgo(840),
  sla_deadline_at: inSeconds(900),
});
const late = aJob({
  number: 4,
  asset_name: 'revenue',
  state: 'pending',
  running_slots: 0,
  sla_deadline_at: secondsAgo(1200),
});

const board = (...jobs: JobView[]) => riskBoardOf(jobs, 9);

const showing = (...jobs: JobView[]) =>
  Session.showing([weather()])
    .press('4')
    .answerBoard('risk', board(...jobs));
const rows = ({ state }: Session) => listed('risk', state.boards.risk).map(({ row }) => row);
const what = ({ state }: Session) => state.boards.risk.what;
const rowOf = (session: Session, name: string) =>
  rows(session).find(({ asset_name }) => asset_name === name)!;

describe('the risk screen', () => {
  test('shows the most urgent first, unknown and breached as such, then what has no deadline', () => {
    const session = showing(clicks(), stuck, weather(), late);
    expect(rows(session).map((row) => [row.asset_name, row.risk_level])).toEqual([
      ['revenue', 'breached'],
      ['weather', 'high'],
      ['sessions', 'unknown'],
      ['clicks', 'none'],
    ]);
    expect(rows(session).every(({ what_if }) => what_if === null)).toBe(true);
  });

  test('a what-if neither reads nor writes the database', () => {
    const session = showing(weather({ failed_partitions: 2 }), clicks());
    const before = session.effects.length;
    session.press(']', '[', '}', ')', 'P', 'T', '0', '{', '(');
    expect(session.effects.slice(before)).toEqual([]);
  });

  test('a what-if outlives a refresh, and its outcome follows the data', () => {
    const session = showing(weather(), clicks()).press(']', ']', ']');
    expect(rowOf(session, 'weather').what_if).toMatchObject({
      eta_seconds: 90 * 60,
      moved_seconds: -44 * 60,
      risk_level: 'low',
    });
    const half = weather({ completed_partitions: 402 });
    session.wait(1000).timer('refresh').answerBoard('risk', board(half, clicks()));
    expect(what(session).slots).toBe(12);
    expect(rowOf(session, 'weather').what_if).toMatchObject({ risk_level: 'on_track' });
  });
});

describe('what if', () => {
  test('slots', () => {
    const session = showing(weather()).press(']');
    expect(what(session).slots).toBe(10);
    session.press('[');
    expect(what(session).slots).toBeNull();
    session.press(...Array.from({ length: 12 }, () => '['));
    expect(what(session).slots).toBe(0);
    expect(rowOf(session, 'weather').what_if).toMatchObject({
      eta_seconds: null,
      risk_level: 'unknown',
    });
  });

  test('the selected job is paused, and its slots help the one at risk', () => {
    const session = showing(weather(), clicks()).press('j', 'P');
    expect(what(session).pause).toEqual([clicks().id]);
    expect(rowOf(session, 'weather').what_if).toMatchObject({ eta_seconds: 90 * 60 });
    session.press('P');
    expect(what(session).pause).toEqual([]);
  });

  test('its parallelism, its deadline, its failures', () => {
    const failed = weather({ failed_partitions: 3 });
    const session = showing(failed).press('{', '{', ')', ')', 'T');
    expect(what(session)).toMatchObject({
      parallel: { [failed.id]: 10 },
      deadline: { [failed.id]: inSeconds(112 * 60) },
      retry_failed: [failed.id],
    });
    expect(session.press('0').state.boards.risk.what).toMatchObject({ parallel: {}, slots: null });
  });

  test('its priority, and a paused job resumed', () => {
    const low = weather({ priority: 3, running_slots: 0 });
    const session = showing(
      low,
      clicks({ running_slots: 9, execution_strategy: { type: 'parallel', max_parallel: 9 } }),
    );
    expect(rowOf(session, 'weather').eta_seconds).toBeGreaterThan(86_400);
    for (let step = 0; step < 7; step += 1) session.press('>');
    expect(what(session).priority).toEqual({ [low.id]: 10 });
    expect(session.press('>').state.boards.risk.what.priority).toEqual({ [low.id]: 10 });
    expect(rowOf(session, 'weather').what_if).toMatchObject({
      risk_level: 'low',
      victim: false,
    });
    expect(rowOf(session, 'clicks').what_if).toMatchObject({ victim: true, made_late: false });
    for (let step = 0; step < 7; step += 1) session.press('<');
    expect(what(session).priority).toEqual({});
    const paused = showing(weather({ state: 'paused', running_slots: 0 })).press('P');
    expect(what(paused)).toMatchObject({ resume: [low.id], pause: [] });
    expect(rowOf(paused, 'weather').what_if).toMatchObject({ resumed: true, risk_level: 'low' });
  });

  test('what makes no sense says why', () => {
    const session = showing(late, clicks());
    expect(session.press('P').notice).toBe('only running jobs can be paused; this one is pending');
    expect(session.press('T').notice).toBe('no partition of this job has failed');
    expect(session.press('j', ')').notice).toBe('this job has no deadline to move');
    expect(session.press('0').notice).toBe('no what-if change is set');
  });
});

describe('A applies the remedy of the selected job', () => {
  const two_hours = inSeconds(7200);
  const alone = { type: 'sequential' };

  test('settings of one job open its own card, filled in, and nothing is sent before y', () => {
    const slow = weather({
      priority: 3,
      running_slots: 1,
      execution_strategy: alone,
      sla_deadline_at: two_hours,
    });
    const busy = { running_slots: 8, execution_strategy: { type: 'parallel', max_parallel: 8 } };
    const session = showing(slow, clicks(busy)).press('A').read();
    expect(session.card).toMatchObject({ name: 'tune', plan: null, values: { priority: '10' } });
    const { parallel } = session.card.values;
    expect(Number(parallel)).toBeGreaterThan(6);
    expect(what(session)).toMatchObject({
      parallel: { [slow.id]: Number(parallel) },
      priority: { [slow.id]: 10 },
    });
    expect(session.acts).toEqual([]);
    const parameters = { parallel, priority: '10' };
    expect(session.press('y').acts).toMatchObject([{ action: 'set', parameters }]);
  });

  test('changes of several jobs are one plan', () => {
    const equal = weather({
      priority: 10,
      running_slots: 0,
      state: 'pending',
      sla_deadline_at: two_hours,
    });
    const rival = clicks({
      priority: 10,
      running_slots: 9,
      execution_strategy: { type: 'parallel', max_parallel: 9 },
    });
    const session = showing(equal, rival).press('A').read();
    expect(session.card).toMatchObject({ name: 'pause', plan: null });
    const other = clicks({ ...rival, number: 5, running_slots: 4 });
    const both = showing(equal, { ...rival, running_slots: 5 }, other).press('A');
    both.answerPlan([rival, other]);
    expect(both.card.plan!.jobs.map(({ job, change }) => [job.id, change?.name])).toEqual([
      [other.id, 'pause'],
      [rival.id, 'pause'],
    ]);
  });

  test('it says why there is none', () => {
    const fine = weather({ sla_deadline_at: inSeconds(86_400) });
    expect(showing(fine).press('A').notice).toBe('nothing is to be done');
    expect(showing(stuck).press('A').notice).toBe('no change of jobs brings it in');
    const all = weather({
      priority: 10,
      running_slots: 9,
      execution_strategy: { type: 'parallel', max_parallel: 900 },
      sla_deadline_at: inSeconds(3000),
    });
    expect(showing(all).press('A').notice).toBe(
      'this remedy is not an action on jobs: servo-tui advise names it',
    );
  });
});

describe('a applies the what-if', () => {
  test('one change has its own card: filled in, and nothing before y', () => {
    const session = showing(weather(), clicks()).press('}', 'a').read();
    expect(session.card).toMatchObject({ name: 'tune', plan: null, values: { parallel: '13' } });
    expect(session.acts).toEqual([]);
    session.press('y');
    expect(session.acts).toMatchObject([
      { action: 'set', id: weather().id, parameters: { parallel: '13' } },
    ]);
  });

  const failed = weather({ failed_partitions: 3 });
  /** Three changes of weather, and a pause of clicks. */
  const whatIf = () => showing(failed, clicks()).press('}', ')', 'T', 'j', 'P', 'k', 'a');
  const planned = (session: Session) =>
    session.card.plan!.jobs.map(({ job, change, refusal }) => [
      job.asset_name,
      change?.name,
      refusal,
    ]);
  const deadline = inSeconds(97 * 60).toISOString();

  test('several changes are one plan, of the jobs as they are now', () => {
    const session = whatIf();
    expect(session.state.overlay).toBeNull();
    expect(session.asked('plan-jobs').at(-1)?.effect).toEqual({
      type: 'plan-jobs',
      ids: [failed.id, clicks().id],
    });
    session.answerPlan([failed, clicks({ state: 'paused', running_slots: 0 })]);
    expect(planned(session)).toEqual([
      ['weather', 'tune', null],
      ['weather', 'deadline', null],
      ['weather', 'retry', null],
      ['clicks', 'pause', 'only running jobs can be paused; this one is paused'],
    ]);
    expect(session.acts).toEqual([]);
  });

  test('at 80 columns every line still says what will be', () => {
    const { card } = whatIf().answerPlan([failed, clicks()]);
    const lines = planLines(card, card.plan!, 74, 10).map((line) =>
      line
        .map(({ text }) => text)
        .join('')
        .replace(/\s+/g, ' ')
        .trim(),
    );
    expect(lines).toEqual([
      'Will make 4 changes, one after the other',
      `weather 00000001 → parallel 13`,
      `weather 00000001 → deadline ${deadline.slice(0, 16).replace('T', ' ')} UTC`,
      'weather 00000001 → retry',
      'clicks 00000002 → pause',
    ]);
  });

  test('several jobs want the count of the changes typed, and nothing is sent before', () => {
    const session = whatIf().answerPlan([failed, clicks()]).read();
    session.press('tab', 'tab', 'tab', 'y');
    expect(session.card.hint).toBe('type 4 to enable the button');
    session.type('3').press('tab', 'y');
    expect(session.acts).toEqual([]);
    session.press('backspace').type('4').press('tab', 'y');
    expect(session.acts).toHaveLength(1);
  });

  test('of one job the count need not be typed', () => {
    const session = showing(weather()).press('}', 'P', 'a').answerPlan([weather()]).read();
    expect(session.press('y').acts).toMatchObject([{ action: 'set' }]);
  });

  const confirmed = () => {
    const session = whatIf().answerPlan([failed, clicks()]).read();
    session.press('tab').type('SLA').press('tab').type('4').press('tab', 'y');
    return session;
  };

  test('one after the other, the pause of a job last, and each as a step of the plan', () => {
    const session = confirmed();
    for (const message of ['set', 'set', 'retrying', 'paused']) session.answerAct({ message });
    const plan = { id: session.state.run!.plan.id, created_at: now };
    expect(session.acts).toEqual([
      {
        type: 'act',
        action: 'set',
        id: failed.id,
        state: 'running',
        version: failed.version,
        reason: 'SLA',
        parameters: { parallel: '13' },
        settings: {
          priority: failed.priority,
          sla_deadline_at: failed.sla_deadline_at,
          execution_strategy: failed.execution_strategy,
        },
        plan: { ...plan, step: 'tune' },
      },
      expect.objectContaining({ parameters: { deadline }, plan: { ...plan, step: 'deadline' } }),
      expect.objectContaining({ action: 'retry', id: failed.id, plan: { ...plan, step: 'retry' } }),
      expect.objectContaining({ action: 'pause', plan: { ...plan, step: 'pause' } }),
    ]);
    expect(runText(session.state)).toBe('apply 4 changes: 4 applied');
  });

  test('the result of each change is shown, and y continues after a lost answer', () => {
    const session = confirmed().answerAct({ message: 'set' }).fail('act');
    expect(runText(session.state)).toContain('apply 4 changes: 1 applied, 3 left · stopped');
    session.wait(1000).timer('refresh').answerBoard('risk', board(failed, clicks()));
    session.press('y').answerAct({ result: 'skipped', already: true }).answerAct({});
    session.answerAct({ result: 'skipped', message: 'it is now completed' });
    expect(session.state.run?.items.map(({ result }) => result?.result)).toEqual([
      'applied',
      'applied',
      'applied',
      'skipped',
    ]);
  });

  test('a change that has come true leaves the what-if', () => {
    const session = confirmed()
      .answerAct({})
      .answerAct({})
      .answerAct({})
      .answerAct({})
      .press('escape');
    const after = weather({
      failed_partitions: 0,
      sla_deadline_at: inSeconds(97 * 60),
      execution_strategy: { type: 'parallel', max_parallel: 13 },
    });
    session.wait(1000).timer('refresh');
    session.answerBoard('risk', board(after, clicks({ state: 'paused', running_slots: 0 })));
    expect(session.press('a').notice).toBe('no what-if change is set');
  });

  test('hidden ones are named, and the dialog is announced', () => {
    const session = showing(failed, clicks()).press('T', 'j', 'P', '/').type('clicks');
    session.press('enter', 'a').answerPlan([failed, clicks()]);
    expect(session.card.plan!.hidden.map(({ asset_name }) => asset_name)).toEqual(['weather']);
    expect(session.asked('announce-dialog').at(-1)?.effect).toMatchObject({
      action: 'apply',
      ids: [failed.id, clicks().id],
    });
  });

  test('a setting that another operator has made meanwhile is skipped', () => {
    const session = showing(weather(), clicks()).press('}', 'j', 'P', 'a');
    const wider = weather({ execution_strategy: { type: 'parallel', max_parallel: 13 } });
    session.answerPlan([wider, clicks()]);
    expect(planned(session)).toEqual([
      ['weather', 'tune', 'already set'],
      ['clicks', 'pause', null],
    ]);
    expect(session.card.expected).toBe('1');
  });

  test('left before it was read, it opens nothing', () => {
    const session = whatIf().press('enter').answerPlan([failed, clicks()]);
    expect(session.state.overlay).toBeNull();
    expect(session.notice).toBe('the what-if was not opened: press its key again');
  });

  test('a change that is no longer possible leaves the what-if', () => {
    const session = showing(weather(), clicks()).press('j', 'P');
    session.wait(1000).timer('refresh');
    session.answerBoard('risk', board(weather(), clicks({ state: 'paused' })));
    expect(what(session).pause).toEqual([]);
    expect(session.press('a').notice).toBe('no what-if change is set');
  });

  test('slots cannot be applied from here, and a read-only console applies nothing', () => {
    expect(showing(weather()).press(']', 'a').notice).toContain('servo-tui --worker');
    const session = Session.showing([weather()], { read_only: true }).press('4');
    session.answerBoard('risk', board(weather())).press('}', 'a');
    expect(session.notice).toBe('this console is read-only');
  });
});
