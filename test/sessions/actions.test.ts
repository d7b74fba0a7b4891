import { describe, expect, test } from 'vitest';
import { followText } from '../../source/console/background/follow.ts';
import { actionNames, actionOf } from '../../source/console/model/actions.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';
import { Session } from './session.ts';

const running = aJob({ number: 1, failed_partitions: 12, version: 7 });
const open = (key: string, job = running) => Session.showing([job]).press(key).read();
const says = (session: Session) => session.state.follows.map(followText);
const seen = {
  priority: 5,
  sla_deadline_at: null,
  execution_strategy: { type: 'parallel', max_parallel: 4 },
};

describe('each action has a key, and its card sends what it says', () => {
  test('R retries what has failed', () => {
    expect(open('R').press('y').acts).toEqual([
      { type: 'act', action: 'retry', id: running.id, state: 'running', version: 7, reason: null },
    ]);
  });

  test('f reclaims', () => {
    expect(open('f').press('y').acts).toMatchObject([{ action: 'reclaim', version: 7 }]);
  });

  test('L sets the deadline to the instant that the card has echoed', () => {
    const session = open('L').press('tab').type('+2h').press('tab', 'tab', 'y');
    expect(session.acts).toEqual([
      {
        type: 'act',
        action: 'set',
        id: running.id,
        state: 'running',
        version: 7,
        reason: null,
        parameters: { deadline: '2024-05-14T14:00:00.000Z' },
        settings: seen,
      },
    ]);
  });

  test('L takes the same grammar as the command line: a time, a day, none', () => {
    for (const [typed, sent] of [
      ['2024-05-15T08:00+02', '2024-05-15T06:00:00.000Z'],
      ['2024-05-15', '2024-05-15T00:00:00.000Z'],
      ['none', 'none'],
    ] as const) {
      const session = open('L').press('tab').type(typed).press('tab', 'tab', 'y');
      expect(session.acts).toMatchObject([{ parameters: { deadline: sent } }]);
    }
  });

  test('t tunes only what was typed', () => {
    const session = open('t').press('tab').type('8').press('tab', 'tab', 'tab').type('30s');
    session.press('tab').type('more slots').press('tab', 'y');
    expect(session.acts).toMatchObject([
      { action: 'set', reason: 'more slots', parameters: { priority: '8', timeout: '30s' } },
    ]);
  });

  test('C recreates with priority 10 by default, with a reason and the asset typed', () => {
    const session = open('C').press('y');
    expect(session.card.hint).toBe('a reason is required');
    expect(session.card.values.priority).toBe('10');
    const ended = Session.showing([aJob({ state: 'cancelled', running_slots: 0 })]).press('C');
    expect(ended.card.values.priority).toBe('');
    session.type('SLA at risk').press('tab').type('orders_daily').press('tab', 'y');
    expect(session.acts).toMatchObject([
      { action: 'recreate', reason: 'SLA at risk', parameters: { priority: '10' } },
    ]);
  });
});

describe('y acts only with every field valid', () => {
  test('a deadline that has passed', () => {
    const session = open('L').press('tab').type('2024-05-14T11:59:59Z').press('tab', 'tab', 'y');
    expect(session.acts).toEqual([]);
    expect(session.card.hint).toBe('deadline: use a later one, e.g. +2h');
  });

  test('what is not a time, a number in bounds, or a duration', () => {
    const hint = (key: string, tabs: number, text: string) => {
      const session = open(key);
      for (let tab = 0; tab < tabs; tab += 1) session.press('tab');
      session.type(text).press('escape', 'y');
      expect(session.acts).toEqual([]);
      return session.card.hint;
    };
    expect(hint('L', 1, 'soon')).toMatch(/^deadline: expected ISO 8601/);
    expect(hint('t', 1, '11')).toBe('priority: expected a whole number from -10 to 10');
    expect(hint('t', 2, '0')).toMatch(/^max parallel: expected a whole number from 1/);
    expect(hint('t', 3, 'x')).toMatch(/^max attempts: expected a whole number/);
    expect(hint('t', 4, '8d')).toBe('timeout: expected up to 7d, e.g. 30s, 5m or 1h30m');
  });

  test('a card that changes nothing', () => {
    expect(open('t').press('y').card.hint).toBe('type a new value first');
    expect(open('L').press('y').card.hint).toBe('type a new value first');
  });

  test('Enter, Tab and arrows move on through every field, in the order drawn', () => {
    const session = open('t');
    const order = ['priority', 'parallel', 'max_attempts', 'timeout', 'reason', 'confirm'];
    for (const focus of order) expect(session.press('tab').focus).toBe(focus);
    expect(open('t').press('tab', 'enter').focus).toBe('parallel');
  });

  test('pasted text is text in a parameter too', () => {
    expect(open('L').press('tab').paste('+2h\n').card.values.deadline).toBe('+2h ');
    expect(open('L').paste('+2h\ny').acts).toEqual([]);
  });
});

describe('an action that is not possible says why', () => {
  const notice = (key: string, job: Partial<JobView>) =>
    Session.showing([aJob({ ...running, ...job })]).press(key).notice;

  test('retry without failures, reclaim of what does not run, set of what has ended', () => {
    expect(notice('R', { failed_partitions: 0 })).toContain('no failed partitions');
    expect(notice('f', { state: 'pending' })).toBe(
      'only running jobs can be reclaimed; this one is pending',
    );
    expect(notice('f', { state: 'paused', paused_at: secondsAgo(720) })).toMatch(/paused for 12m$/);
    for (const key of ['L', 't']) {
      expect(notice(key, { state: 'completed' })).toMatch(/ended cannot be changed/);
    }
    expect(
      notice('C', { state: 'completed', completed_partitions: 100, failed_partitions: 0 }),
    ).toBe('nothing left to run: it is completed');
    expect(notice('C', { state: 'quarantined' })).toContain('unknown state quarantined');
  });

  test('every action is refused by a read-only console', () => {
    for (const name of actionNames) {
      const session = Session.showing([running], { read_only: true }).press(actionOf(name).key);
      expect(session.notice).toBe('this console is read-only');
      expect(session.state.overlay).toBeNull();
    }
  });
});

describe('after acting, the console follows through', () => {
  const look = (session: Session, job: JobView, of_keys: Record<string, number> = {}) =>
    session.wait(500).timer('watch').answerJob(job, {}, of_keys);
  const keys = ['a', 'b', 'c'];
  const retrying = () =>
    open('R').press('y').answerAct({ version: 7, retried_partitions: 3, retried_keys: keys });

  test('retrying: how many are done, and how many failed again', () => {
    const session = retrying();
    expect(session.asked('load-job').at(-1)?.effect).toMatchObject({ keys });
    session.answerJob(running, {}, { pending: 3 });
    expect(says(session)).toEqual(['retrying orders_daily: 3 partitions: due again']);
    look(session, running, { pending: 1, running: 1, completed: 1 });
    expect(says(session)).toEqual(['retrying orders_daily: 3 partitions: 1 done, 1 running']);
    look(session, running, { completed: 2, failed: 1 });
    expect(says(session)[0]).toMatch(/^orders_daily: 3 partitions: 2 done, 1 failed again \(/);
    expect(session.state.follows[0]).toMatchObject({ phase: 'final', tone: 'warn' });
  });

  test('retrying a paused job says that they wait', () => {
    const session = retrying().answerJob(aJob({ ...running, state: 'paused' }), {}, { pending: 3 });
    expect(says(session)).toEqual(['orders_daily: 3 partitions: due again; the job is paused']);
  });

  test('retrying an ended job follows the new one', () => {
    const fresh = aJob({ number: 0xbeef, state: 'pending', running_slots: 0, total_partitions: 3 });
    const session = open('R', aJob({ ...running, state: 'failed', running_slots: 0 })).press('y');
    session.answerAct({ new_job_id: fresh.id, retried_partitions: 3, retried_keys: keys });
    expect(session.asked('load-job').at(-1)?.effect).toMatchObject({ id: fresh.id });
    session.answerJob(fresh, {}, { pending: 3 });
    expect(says(session)[0]).toContain('3 partitions in the new job 0000beef: due again');
  });

  test('reclaiming: until an executor runs it again', () => {
    const session = open('f').press('y').answerAct({ version: 8 });
    session.answerJob(aJob({ ...running, version: 8, heartbeat_at: secondsAgo(300) }));
    expect(says(session)).toEqual(['reclaiming orders_daily: waiting for an executor to claim it']);
    look(session.wait(30_000), aJob({ ...running, version: 8, heartbeat_at: secondsAgo(330) }));
    expect(says(session)[0]).toContain('still not claimed');
    look(session, aJob({ ...running, version: 9 }));
    expect(says(session)[0]).toMatch(/^orders_daily: an executor runs it again/);
  });

  const tuned = () => open('t').press('tab').type('8').press('escape', 'y');

  test('set: the present values, or a change by someone else', () => {
    const session = tuned().answerAct({ version: 7 });
    session.answerJob(aJob({ ...running, priority: 8 }));
    expect(says(session)[0]).toMatch(/^orders_daily: priority 5 → 8 \(/);
    const other = tuned()
      .answerAct({ version: 7 })
      .answerJob(aJob({ ...running, priority: 2 }));
    expect(says(other)[0]).toContain('changed by someone else since: priority 2 → 8');
  });

  test('a set whose answer was lost is explained by the present values', () => {
    const session = tuned().fail('act', 'database_unreachable');
    session.answerJob(aJob({ ...running, priority: 8 }));
    expect(says(session)[0]).toContain('priority 5 → 8');
    const undone = tuned().fail('act', 'database_unreachable').answerJob(running);
    expect(says(undone)[0]).toContain('not applied so far');
  });

  test('recreating: the new job, by its id', () => {
    const fresh = aJob({ number: 0xbeef, state: 'pending', running_slots: 0, priority: 10 });
    const session = open('C').press('tab', 'tab', 'tab', 'tab').type('SLA').press('tab');
    session.type('orders_daily').press('tab', 'y');
    session.answerAct({ state: 'cancelled', version: 8, new_job_id: fresh.id }).answerJob(fresh);
    expect(says(session)[0]).toContain('replaced by 0000beef: waiting for an executor');
    look(session, aJob({ ...fresh, state: 'running' }));
    expect(says(session)[0]).toMatch(/replaced by 0000beef, running, priority 10/);
  });

  test('a second change waits for a reading that is newer than the first', () => {
    const session = tuned().answerAct({ version: 7 }).press('t');
    expect(session.notice).toBe('the previous action on this job is not shown yet');
    session.refreshed([aJob({ ...running, priority: 8 })]).press('t');
    expect(session.card.job.priority).toBe(8);
  });
});

test('a relative deadline counts from the database’s clock, and does not tick', () => {
  const session = open('L').press('tab').type('+1h').wait(60_000).press('escape', 'y');
  expect(session.acts).toMatchObject([
    { parameters: { deadline: new Date(now.getTime() + 3_600_000).toISOString() } },
  ]);
});
