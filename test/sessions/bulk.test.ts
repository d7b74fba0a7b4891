import { describe, expect, test } from 'vitest';
import { runText } from '../../source/console/dialogs/run/state.ts';
import type { ActionResult } from '../../source/domain/job/detail.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import { aJob, now } from '../support/jobs.ts';
import { Session } from './session.ts';

const jobs = ['alpha', 'beta', 'gamma', 'delta'].map((asset_name, index) =>
  aJob({ number: index + 1, asset_name, priority: 9 - index }),
);
const [alpha, beta, gamma, delta] = jobs as [JobView, JobView, JobView, JobView];
const plan = { id: '0d9f1c7e-0000-4000-8000-000000000000', created_at: now };

const marked = ({ state }: Session) => [...state.marks].sort();
const ids = (...some: JobView[]) => some.map(({ id }) => id).sort();
const planned = (session: Session, some: JobView[], truncated = false) =>
  session.answerPlan(some, truncated);
/** Three of four jobs marked, and the dialog for pausing them open and read. */
const pausing = (some: JobView[] = [alpha, beta, gamma]) => {
  const session = Session.showing(jobs).press('space', 'down', 'space', 'down', 'space', 'p');
  return planned(session, some).read();
};
/** Types the count and confirms. */
const run = (session: Session, count = '3') =>
  session.press('tab', 'tab').type(count).press('tab', 'y');
const answer = (session: Session, result: Partial<ActionResult> = {}) => session.answerAct(result);
const results = ({ state }: Session) =>
  state.run?.items.map(({ result }) => result?.result ?? null);

describe('marks', () => {
  test('space marks the job under the cursor, and takes the mark away', () => {
    const session = Session.showing(jobs).press('space', 'down', 'down', 'space');
    expect(marked(session)).toEqual(ids(alpha, gamma));
    expect(marked(session.press('space'))).toEqual(ids(alpha));
  });

  test('v marks a range as the cursor moves, back and forth, beside what was marked', () => {
    const session = Session.showing(jobs).press('G', 'space', 'g', 'v', 'down', 'down');
    expect(marked(session)).toEqual(ids(alpha, beta, gamma, delta));
    expect(marked(session.press('up', 'v', 'down'))).toEqual(ids(alpha, beta, delta));
  });

  test('a range held over a filter that matches nothing: the first job that comes has the cursor', () => {
    const session = Session.showing(jobs).press('v', '!');
    expect(session.state.jobs.cursor).toBeNull();
    session.refreshed([alpha, aJob({ number: 2, asset_name: 'beta', state: 'failed' })]);
    expect(session.cursorName).toBe('beta');
  });

  test('U clears them, and says how many', () => {
    const session = Session.showing(jobs).press('space', 'U');
    expect(marked(session)).toEqual([]);
    expect(session.notice).toBe('1 mark cleared');
    expect(session.press('U').notice).toBe('no jobs are marked');
  });

  test('are tied to ids: another order, and rows that vanish, move no mark', () => {
    const session = Session.showing(jobs).press('down', 'space').wait(5000);
    session.refreshed([{ ...delta, priority: 99 }, alpha, beta, gamma]);
    expect(marked(session)).toEqual(ids(beta));
    expect(marked(session.refreshed([alpha, gamma]))).toEqual(ids(beta));
  });
});

describe('"all matching" is a frozen, counted list of ids', () => {
  test('the database says which', () => {
    const session = Session.showing(jobs).press('/').type('a').press('enter', '*');
    expect(session.asked('plan-jobs').at(-1)?.effect).toEqual({ type: 'plan-jobs', filter: 'a' });
    planned(session, [alpha, gamma]);
    expect(session.notice).toBe('2 jobs marked: all that match a');
    session.refreshed([...jobs, aJob({ number: 9, asset_name: 'late' })]);
    expect(marked(session)).toEqual(ids(alpha, gamma));
  });

  test('more than can be marked is said', () => {
    const session = planned(Session.showing(jobs).press('*'), jobs, true);
    expect(session.notice).toContain('more jobs match than can be marked');
  });
});

describe('the plan is shown before anything is done', () => {
  test('what the database has now is planned, not what the screen showed', () => {
    const session = Session.showing(jobs).press('space', 'down', 'space', 'p');
    expect(session.asked('plan-jobs').at(-1)?.effect).toEqual({
      type: 'plan-jobs',
      ids: [alpha.id, beta.id],
    });
    expect(session.state.overlay).toBeNull();
    planned(session, [alpha, aJob({ ...beta, state: 'paused', version: 8 })]);
    expect(session.card.plan?.jobs.map(({ refusal }) => refusal)).toEqual([
      null,
      'only running jobs can be paused; this one is paused',
    ]);
    expect(session.acts).toEqual([]);
  });

  test('several jobs want their count typed', () => {
    const session = pausing().press('tab', 'tab', 'tab', 'y');
    expect(session.card.hint).toBe('type 3 to enable the button');
    expect(session.acts).toEqual([]);
    const wrong = run(pausing(), '2');
    expect(wrong.acts).toEqual([]);
  });

  test('hidden ones are named', () => {
    const session = Session.showing(jobs).press('space', 'down', 'space', '/').type('alpha');
    planned(session.press('enter', 'p'), [alpha, beta]);
    expect(session.card.plan?.hidden.map(({ asset_name }) => asset_name)).toEqual(['beta']);
  });

  test('input is dropped until it has been painted for 300 ms', () => {
    const session = planned(Session.showing(jobs).press('space', 'p'), [alpha]);
    expect(session.press('tab', 'y', 'enter').acts).toEqual([]);
    expect(session.focus).toBe('confirm');
  });

  test('it does not open over something else that was opened meanwhile', () => {
    const session = Session.showing(jobs).press('space', 'p', 'enter');
    planned(session, [alpha]);
    expect(session.state).toMatchObject({ overlay: null, screen: 'job' });
    expect(session.notice).toBe('pause was not opened: press its key again');
  });

  test('nothing possible: it says why, and opens nothing', () => {
    const session = Session.showing(jobs).press('space', 'r');
    planned(session, [alpha]);
    expect(session.notice).toMatch(/none of the 1 marked: only paused jobs can be resumed/);
  });

  test('a read-only console plans nothing', () => {
    const session = Session.showing(jobs, { read_only: true }).press('space', 'p');
    expect(session.asked('plan-jobs')).toEqual([]);
    expect(session.notice).toContain('read-only');
  });
});

describe('a run', () => {
  test('sends one job after the other, each bound to what the plan saw', () => {
    const session = run(pausing());
    expect(session.acts).toEqual([
      {
        type: 'act',
        action: 'pause',
        id: alpha.id,
        state: 'running',
        version: 7,
        reason: null,
        plan,
      },
    ]);
    answer(session);
    answer(session, { result: 'skipped', message: 'it is now completed' });
    answer(session, { result: 'failed', message: 'no' });
    expect(session.acts.map(({ id }) => id)).toEqual([alpha.id, beta.id, gamma.id]);
    expect(results(session)).toEqual(['applied', 'skipped', 'failed']);
    expect(runText(session.state)).toBe('pause 3 jobs: 1 applied, 1 skipped, 1 failed');
    expect(marked(session)).toEqual([]);
  });

  test('what the plan will skip is never sent', () => {
    const session = pausing([alpha, aJob({ ...beta, state: 'paused' }), gamma]);
    answer(answer(run(session, '2')));
    expect(session.acts.map(({ id }) => id)).toEqual([alpha.id, gamma.id]);
    expect(results(session)).toEqual(['applied', 'skipped', 'applied']);
  });

  test('set carries its parameters and the settings of each job as it was seen', () => {
    const session = Session.showing(jobs).press('space', 'down', 'space', 't');
    planned(session, [alpha, beta]).read();
    session
      .press('tab')
      .type('3')
      .press('tab', 'tab', 'tab', 'tab', 'tab')
      .type('2')
      .press('tab', 'y');
    answer(session);
    expect(session.acts).toMatchObject([
      { action: 'set', parameters: { priority: '3' }, settings: { priority: 9 } },
      { action: 'set', parameters: { priority: '3' }, settings: { priority: 8 } },
    ]);
  });

  test('q does not leave while it is open, and Esc only puts it away', () => {
    const session = run(pausing()).press('escape');
    expect(session.press('q').exits).toEqual([]);
    expect(session.notice).toContain('pause 3 jobs: 3 left');
    expect(session.press('B').state.overlay).toMatchObject({ type: 'run' });
    answer(answer(answer(session)));
    expect(session.press('escape', 'q').exits).toEqual([0]);
  });

  test('S stops it after the present job; y continues', () => {
    const session = answer(run(pausing()).press('S'));
    expect(session.acts).toHaveLength(1);
    expect(runText(session.state)).toBe('pause 3 jobs: 1 applied, 2 left · stopped');
    expect(session.press('y').acts).toHaveLength(2);
  });
});

describe('a run is resumable after a lost connection', () => {
  const lost = () => answer(run(pausing())).fail('act', 'database_unreachable');

  test('it stops, says which answer is missing, and sends nothing automatically', () => {
    const session = lost();
    expect(runText(session.state)).toContain('1 applied, 2 left · stopped: connection refused');
    expect(session.state.run?.items[1]).toMatchObject({ answer_lost: true, result: null });
    session.wait(10_000).timer('refresh').answerJobs(jobs);
    expect(session.acts).toHaveLength(2);
  });

  test('not before the database answers again', () => {
    const session = lost().timer('refresh').fail('load-jobs');
    expect(session.press('y').acts).toHaveLength(2);
    expect(session.notice).toBe('no answer from the database yet');
  });

  test('y continues with the rest, and what was done already counts as applied', () => {
    const session = lost().timer('refresh').answerJobs(jobs).press('y');
    expect(session.acts.map(({ id }) => id)).toEqual([alpha.id, beta.id, beta.id]);
    answer(session, { result: 'skipped', already: true, message: 'this plan has done it already' });
    answer(session);
    expect(results(session)).toEqual(['applied', 'applied', 'applied']);
    expect(session.state.run?.items[1]?.result?.message).toBe('done (the first answer was lost)');
  });
});
