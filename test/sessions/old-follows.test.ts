import { describe, expect, test } from 'vitest';
import { followShown } from '../../source/console/background/follow.ts';
import { aJob } from '../support/jobs.ts';
import { Session } from './session.ts';

describe('B7: an old follow-up does not hold the message line', () => {
  const [one, two] = [aJob({ number: 1, state: 'paused', running_slots: 0 }), aJob({ number: 2 })];
  const resumed = () => {
    const session = Session.showing([one, two]).press('G', 'r').read().press('y');
    session.answerAct({ version: 2 }).answerJob(aJob({ ...one, state: 'resuming', version: 2 }));
    return session;
  };

  test('after 30 s without news it is shown with its own job only', () => {
    const session = resumed();
    const line = () => followShown(session.state, two.id);
    expect(line().follow?.id).toBe(one.id);
    session.wait(31_000).timer('clock');
    expect(line()).toEqual({ follow: null, others: 1 });
    expect(followShown(session.state, one.id).follow?.id).toBe(one.id);
  });

  test('the last word of a newer action is before it', () => {
    const session = resumed().wait(1000).press('g', 'p').read().press('y');
    session
      .answerAct({ version: 2 })
      .answerJob(aJob({ ...two, state: 'paused', version: 2, running_slots: 0 }));
    expect(followShown(session.state, one.id)).toMatchObject({ follow: { id: two.id }, others: 1 });
  });
});
