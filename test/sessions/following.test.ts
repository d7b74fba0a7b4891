import { describe, expect, test } from 'vitest';
import { followText } from '../../source/console/background/follow.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import { aJob } from '../support/jobs.ts';
import { Session } from './session.ts';

const running = aJob({ number: 1, asset_name: 'orders_daily', version: 7, running_slots: 2 });
const changed = (columns: Partial<JobView>) => aJob({ ...running, version: 8, ...columns });

const says = (session: Session) => session.state.follows.map(followText);
const look = (session: Session, job: JobView) => session.wait(500).timer('watch').answerJob(job);

const paused = () => Session.showing([running]).press('p').read().press('y');

describe('after acting, the console follows through', () => {
  test('it claims nothing before the database has answered', () => {
    expect(says(paused())).toEqual(['pausing orders_daily: sent, not confirmed yet']);
  });

  test('pausing: partitions in flight → paused at the checkpoint', () => {
    const session = paused().answerAct({ result: 'applied' });
    session.answerJob(changed({ state: 'paused', running_slots: 2 }));
    expect(says(session)).toEqual(['pausing orders_daily: 2 partitions still running']);
    look(session, changed({ state: 'paused', running_slots: 1 }));
    expect(says(session)).toEqual(['pausing orders_daily: 1 partition still running']);
    look(
      session,
      changed({ state: 'paused', running_slots: 0, checkpoint_partition_key: '2024-03-07' }),
    );
    expect(says(session)[0]).toMatch(/^orders_daily: paused at 2024-03-07 \(1\.\d s\)$/);
  });

  test('the job is not looked at any more once it is there', () => {
    const session = paused()
      .answerAct({})
      .answerJob(changed({ state: 'paused', running_slots: 0 }));
    const asked = session.asked('load-job').length;
    expect(session.wait(500).timer('watch').asked('load-job')).toHaveLength(asked);
  });

  test('resuming: waits for an executor, and warns when none comes', () => {
    const job = aJob({ number: 1, asset_name: 'orders_daily', state: 'paused', running_slots: 0 });
    const session = Session.showing([job]).press('r').read().press('y').answerAct({});
    session.answerJob(changed({ state: 'resuming', running_slots: 0 }));
    expect(says(session)).toEqual(['resuming orders_daily: waiting for an executor to claim it']);
    look(session.wait(30_000), changed({ state: 'resuming', running_slots: 0 }));
    expect(says(session)[0]).toContain('still not claimed');
    look(session, changed({ state: 'running', version: 9 }));
    expect(says(session)[0]).toMatch(/^orders_daily: running again/);
  });

  test('cancelled: how many were done and how many will not run', () => {
    const session = Session.showing([running]).press('X').read();
    session.press('tab').type('wrong').press('tab').type('orders_daily').press('tab', 'y');
    session
      .answerAct({})
      .answerJob(changed({ state: 'cancelled', running_slots: 0, skipped_partitions: 20 }));
    expect(says(session)[0]).toMatch(/^orders_daily: cancelled, 40 done, 60 will not run/);
  });
});

describe('results are shown: applied, skipped, failed', () => {
  test('skipped says what it is now', () => {
    const session = paused().answerAct({ result: 'skipped', message: 'it is now completed' });
    expect(says(session)).toEqual(['orders_daily: nothing was done: it is now completed']);
  });

  test('refused says why and what to do', () => {
    const session = paused().fail('act', 'not_allowed', 'ask an owner');
    expect(says(session)).toEqual(['orders_daily: connection refused (ask an owner)']);
  });

  test('an answer that was lost is not taken for a yes or a no', () => {
    const session = paused().fail('act', 'database_unreachable');
    expect(says(session)[0]).toContain('connection lost: outcome unknown');
    session.answerJob(running);
    expect(says(session)).toEqual([
      'orders_daily: not applied so far: still running, version 7 (connection lost)',
    ]);
  });

  test('another operator was quicker', () => {
    const session = paused()
      .answerAct({})
      .answerJob(changed({ state: 'running', version: 9 }));
    expect(says(session)[0]).toContain('now running: changed by someone else');
  });

  test('a job that has been deleted meanwhile', () => {
    const session = paused().answerAct({}).fail('load-job', 'not_found');
    expect(says(session)).toEqual(['orders_daily: this job no longer exists']);
  });
});

test('two actions on two jobs are both followed to their end', () => {
  const other = aJob({ number: 2, asset_name: 'clicks', version: 1 });
  const session = Session.showing([running, other]).press('p').read().press('y').answerAct({});
  session.press('down', 'p').read().press('y').answerAct({});
  expect(session.acts.map(({ id }) => id)).toEqual([running.id, other.id]);
  session.answerJob(changed({ state: 'paused', running_slots: 0 }));
  session.answerJob(aJob({ ...other, state: 'paused', version: 2, running_slots: 0 }));
  expect(session.state.follows.map(({ phase }) => phase)).toEqual(['final', 'final']);
});

test('a row that does not show the last action yet is not acted upon again', () => {
  const session = paused().press('p');
  expect(session.notice).toBe('the previous action on this job has no answer yet');
  session.answerAct({}).press('p');
  expect(session.notice).toBe('the previous action on this job is not shown yet');
  session
    .refreshed([changed({ state: 'paused' })])
    .press('r')
    .read()
    .press('y');
  expect(session.acts.map(({ action, version }) => [action, version])).toEqual([
    ['pause', 7],
    ['resume', 8],
  ]);
});

test('quitting waits for an answer that is still out', () => {
  const session = paused().press('q');
  expect(session.exits).toEqual([]);
  expect(session.notice).toContain('has not answered yet');
  expect(session.press('ctrl-c').exits).toEqual([130]);
});

test('the table is read again at once', () => {
  const session = paused();
  const asked = session.asked('load-jobs').length;
  expect(session.answerAct({}).asked('load-jobs')).toHaveLength(asked + 1);
});

test('the last word does not hide behind an earlier remark, nor is it cut short by a later one', () => {
  const session = paused().answerAct({}).press('y');
  expect(session.notice).toContain('copied');
  session.answerJob(changed({ state: 'paused', running_slots: 0 }));
  expect(session.notice).toBeUndefined();
  session.press('y').timer('notice');
  expect(session.notice).toBeUndefined();
  expect(says(session)[0]).toContain('paused at');
  expect(says(session.timer('notice'))).toEqual([]);
});
