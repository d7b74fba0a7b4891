import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dialog } from '../../source/domain/job/dialog.ts';
import { aDetail, aJob, aList, now, secondsAgo } from '../support/jobs.ts';
import { clicks, orders, PlainSession } from './plain-session.ts';

describe('what changes is told as lines', () => {
  test('nothing, while nothing changes', () => {
    expect(new PlainSession().read(orders, clicks).told).toEqual([]);
  });

  test('a state', () => {
    const { told } = new PlainSession().read({ ...orders, state: 'failed' }, clicks);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^orders_daily 00000001: was running, is failed now, /);
  });

  test('the end of one that is no longer among the most urgent was never told', () => {
    const session = new PlainSession();
    const ended = { ...clicks, state: 'cancelled' };
    const page = { whole: false, after: true, kept: [ended] };
    session.answer('load-jobs', {
      type: 'jobs',
      list: aList([orders], { truncated: true, page }),
    });
    expect(session.told).toHaveLength(1);
    expect(session.told[0]).toMatch(/^clicks 00000002: was paused, is cancelled now, /);
  });

  test('progress in steps of ten per cent, not every figure', () => {
    const at = (done: number) =>
      aJob({ ...orders, completed_partitions: done, total_partitions: 100 });
    const session = new PlainSession([at(41)]);
    for (let done = 42; done <= 60; done += 1) session.read(at(done));
    expect(session.told).toHaveLength(2);
    expect(session.told[0]).toContain('50 of 100 partitions (50 %)');
  });

  test('failures when they double', () => {
    const at = (failed: number) => aJob({ ...orders, failed_partitions: failed });
    const session = new PlainSession([at(0)]);
    for (let failed = 1; failed <= 9; failed += 1) session.read(at(failed));
    expect(session.told.map((line) => line.match(/\d+ partitions? failed/)?.[0])).toEqual([
      '1 partition failed',
      '2 partitions failed',
      '4 partitions failed',
      '8 partitions failed',
    ]);
  });

  test('a risk level, a new job, one that is gone', () => {
    const session = new PlainSession().read({ ...orders, risk_level: 'high', risk_severity: 0.63 });
    expect(session.told[0]).toBe('orders_daily 00000001: deadline late by 1s (HIGH 63%)');
    expect(session.told[1]).toBe('clicks 00000002 no longer exists');
    session.read(orders, clicks);
    expect(session.told.at(-1)).toMatch(/^new: clicks 00000002: paused, /);
  });

  test('a database that is lost, once, and that it is back', () => {
    const session = new PlainSession().fail('load-jobs').fail('load-jobs');
    expect(session.told).toEqual(['No answer from the database: connection refused. Retrying.']);
    expect(session.read(orders, clicks).told.at(-1)).toBe('The database answers again.');
  });
});

describe('acting by lines, with the same rules in words', () => {
  test('pause: a reason or none, and yes', () => {
    const session = new PlainSession().say('pause 00000001', 'db maintenance', 'yes');
    expect(session.acts).toEqual([
      {
        type: 'act',
        action: 'pause',
        id: orders.id,
        state: 'running',
        version: orders.version,
        reason: 'db maintenance',
      },
    ]);
    const result = {
      id: orders.id,
      result: 'applied',
      state: 'paused',
      version: 9,
      message: 'ok',
    } as const;
    expect(session.answer('act', { type: 'acted', result }).told.slice(-2)).toEqual([
      'pausing orders_daily 00000001: sent, not confirmed yet',
      'pausing orders_daily 00000001: accepted',
    ]);
    const paused = { ...orders, state: 'paused', version: 8 };
    const looked = (running_slots: number) => {
      const detail = aDetail({ ...paused, running_slots });
      return session.answer('load-job', { type: 'job', detail }).wait(500).timer('watch').told;
    };
    // Not each partition that is waited for.
    looked(3);
    expect(looked(2).at(-1)).toBe('pausing orders_daily 00000001: 3 partitions still running');
    expect(looked(0).at(-1)).toBe('orders_daily 00000001: paused at 2024-02-09 (1.0 s)');
  });

  test('Enter never means yes, nor does y', () => {
    for (const word of ['', 'y', 'no', 'ye', '.'])
      expect(new PlainSession().say('pause orders_daily', '', word).acts).toEqual([]);
  });

  test('cancel requires a reason, the asset’s name typed, and yes', () => {
    const session = new PlainSession().say(
      'cancel orders_daily',
      '',
      'wrong range',
      'orders',
      'yes',
    );
    expect(session.acts).toEqual([]);
    expect(session.told.at(-1)).toContain('Type orders_daily to continue');
    session.say('orders_daily', 'yes');
    expect(session.acts).toMatchObject([{ action: 'cancel', reason: 'wrong range' }]);
  });

  test('what was pasted or typed ahead answers nothing', () => {
    const session = new PlainSession().paste('pause orders_daily', '', 'yes', 'yes');
    expect(session.acts).toEqual([]);
    expect(session.told.at(-1)).toContain('Ignored: typed before the question.');
  });

  test('a job that changes under the question disarms it', () => {
    const session = new PlainSession().say('pause orders_daily', '');
    session.read(aJob({ ...orders, version: orders.version + 1, state: 'paused' }), clicks);
    expect(session.told.at(-1)).toBe(
      'orders_daily 00000001 has changed meanwhile: nothing was done',
    );
    expect(session.say('yes').acts).toEqual([]);
  });

  test('what is not possible says why', () => {
    const { told } = new PlainSession().say('pause clicks');
    expect(told[0]).toContain('only running jobs can be paused');
    const locked = new PlainSession([orders], { read_only: true }).say('pause orders_daily');
    expect(locked.told[0]).toContain('this console is read-only');
  });

  test('a job that is not in the list is asked for', () => {
    const far = aJob({ number: 0xabcd, asset_name: 'far_away' });
    const session = new PlainSession().say('pause 0000abcd');
    session.answer('find-job', { type: 'found', job: far });
    expect(session.told[0]).toContain('far_away 0000abcd');
  });

  test('a lost answer is not claimed to be either', () => {
    const session = new PlainSession().say('pause orders_daily', '', 'yes').fail('act');
    expect(session.told.at(-1)).toBe(
      'pausing orders_daily 00000001: connection lost: outcome unknown',
    );
    session.answer('load-job', { type: 'job', detail: aDetail(orders) });
    expect(session.told.at(-1)).toBe(
      'orders_daily 00000001: not applied so far: still running, version 7 (connection lost)',
    );
  });
});

describe('actions that ask for more than a reason', () => {
  test('deadline: what is typed is read back as an instant in the SQL, and sent as one', () => {
    const session = new PlainSession().say('deadline orders_daily');
    expect(session.told.at(-1)).toContain('Deadline, now none, as +2h');
    session.say('2024-05-14T14:00Z');
    expect(session.told.join(' ')).toMatch(/SQL: UPDATE .*2024-05-14T14:00:00/i);
    session.say('agreed', 'yes');
    expect(session.acts).toMatchObject([
      {
        action: 'set',
        parameters: { deadline: '2024-05-14T14:00:00.000Z' },
        settings: { sla_deadline_at: null },
        reason: 'agreed',
      },
    ]);
  });

  test('what is no deadline is asked for again', () => {
    const session = new PlainSession().say('deadline orders_daily', 'soon');
    expect(session.told.at(-1)).toMatch(/Deadline, now none/);
    expect(session.card?.focus).toBe('deadline');
  });

  test('tune: an empty line leaves what it is; nothing typed, nothing done', () => {
    const session = new PlainSession().say('tune orders_daily', '8', '', '', '', '', 'yes');
    expect(session.acts).toMatchObject([{ action: 'set', parameters: { priority: '8' } }]);
    const idle = new PlainSession().say('tune orders_daily', '', '', '', '');
    expect(idle.told.at(-1)).toBe('orders_daily 00000001: nothing was done');
    expect(idle.card).toBeNull();
  });

  test('recreate: priority 10 unless told otherwise, a reason, the asset typed, and yes', () => {
    const session = new PlainSession().say('recreate orders_daily');
    expect(session.told.at(-1)).toContain('Enter sets 10');
    session.say('', '', '', 'sla at risk', 'orders_daily', 'yes');
    expect(session.acts).toMatchObject([
      { action: 'recreate', parameters: { priority: '10' }, reason: 'sla at risk' },
    ]);
  });
});

describe('several jobs at once, by all ACTION FILTER', () => {
  const third = aJob({ number: 3, asset_name: 'third' });
  const planned = (session = new PlainSession([orders, clicks, third])) => {
    session.say('all pause state:running,paused');
    const plan = { id: 'plan', created_at: orders.created_at, truncated: false };
    return session.answer('plan-jobs', {
      type: 'planned',
      plan: { ...plan, jobs: [orders, clicks, third] },
    });
  };
  const acted = (session: PlainSession) => {
    const { id } = session.acts.at(-1)!;
    const result = { id, result: 'applied', state: 'paused', version: 9, message: 'ok' } as const;
    return session.answer('act', { type: 'acted', result });
  };

  test('the frozen list is told, with what will be skipped, and the count must be typed', () => {
    const session = planned();
    expect(session.told.join('\n')).toMatch(/clicks 00000002: will be skipped: only running jobs/);
    expect(session.told).toContain('Pause: 2 of 3 jobs.');
    session.say('maintenance', '3', 'yes');
    expect(session.acts).toEqual([]);
    expect(session.told.at(-1)).toContain('That does not match. Type 2 to continue');
    expect(session.say('2').told.at(-1)).toContain('Type yes to pause 2 jobs');
  });

  test('one after the other, each bound to what the plan saw, and each result told separately', () => {
    const session = planned().say('maintenance', '2', 'yes');
    expect(session.acts).toMatchObject([
      { id: orders.id, version: orders.version, reason: 'maintenance', plan: { id: 'plan' } },
    ]);
    acted(acted(session));
    expect(session.acts.map(({ id }) => id)).toEqual([orders.id, third.id]);
    expect(session.told.slice(-3)).toEqual([
      'applied: orders_daily 00000001: ok',
      'applied: third 00000003: ok',
      'pause 3 jobs: 2 applied, 1 skipped.',
    ]);
  });

  test('a lost connection stops it; continue sends what has no result again', () => {
    const session = planned().say('', '2', 'yes').fail('act');
    expect(session.told.at(-2)).toContain('no answer, outcome unknown');
    expect(session.say('quit').told.at(-1)).toBe(
      'pause 3 jobs: 1 skipped, 2 left · stopped: connection refused: Ctrl-C quits anyway',
    );
    session.say('continue');
    expect(session.acts.map(({ id }) => id)).toEqual([orders.id, orders.id]);
    const done = { id: orders.id, result: 'skipped', state: 'paused', version: 9 } as const;
    session.answer('act', { type: 'acted', result: { ...done, already: true, message: 'so' } });
    expect(session.told.at(-1)).toBe(
      'applied: orders_daily 00000001: done (the first answer was lost)',
    );
    expect(session.acts.at(-1)!.id).toBe(third.id);
  });

  test('stop ends it after the one under way', () => {
    const session = acted(planned().say('', '2', 'yes').say('stop'));
    expect(session.acts).toHaveLength(1);
    expect(session.told.at(-1)).toContain('1 applied, 1 skipped, 1 left · stopped. Type continue');
    expect(session.say('pause third').told.at(-1)).toContain(
      'an action on several jobs is still running',
    );
    acted(session.say('continue'));
    expect(session.told.at(-1)).toBe('pause 3 jobs: 2 applied, 1 skipped.');
  });

  test('without an action or a filter it says what it wants', () => {
    const session = new PlainSession().say('all stop x', 'all pause', 'all pause priority:x');
    expect(session.told[0]).toContain('Missing action: all ACTION FILTER');
    expect(session.told[1]).toContain('Missing filter: all pause FILTER');
    expect(
      session.effects.some((one) => one.type === 'data' && one.effect.type === 'plan-jobs'),
    ).toBe(false);
  });
});

test('another operator’s recent action is told before the question is answered', () => {
  const session = new PlainSession().say('pause orders_daily');
  const event = {
    id: 1,
    job_id: orders.id,
    partition_key: null,
    kind: 'state',
    from_state: 'resuming',
    to_state: 'cancelled',
    actor: 'mara',
    login: 'servo_app',
    reason: 'no',
    at: orders.created_at,
  };
  session.answer('load-recent-events', {
    type: 'recent-events',
    as_of: orders.created_at,
    events: [event],
  });
  expect(session.told.at(-2)).toBe('News: cancelled by mara 0s ago: "no".');
  expect(session.told.at(-1)).toContain('Reason (optional)?');
});

test('quitting waits for an answer that is still out', () => {
  const session = new PlainSession().say('pause orders_daily', '', 'yes', 'quit');
  expect(session.told.at(-1)).toBe(
    'the database has not answered yet (pause orders_daily): Ctrl-C quits anyway',
  );
  session.fail('act').say('quit');
  expect(session.effects.at(-1)).toEqual({ type: 'exit', code: 0 });
});

test('what is followed is as many as the table holds, and list asks for all there are', () => {
  const session = new PlainSession();
  const questions = () =>
    session.effects.flatMap((one) =>
      one.type === 'data' && one.effect.type === 'load-jobs' ? [one.effect] : [],
    );
  expect(questions().at(-1)).toMatchObject({ whole: 1000, limit: 1000, filter: '' });
  session.say('list');
  expect(questions().at(-1)).toMatchObject({ whole: 1000, filter: '', total: true });
  const list = aList([orders]);
  const page = { ...list.page, whole: false, after: true, total: { count: 52_310, capped: false } };
  session.answer('load-jobs', { type: 'jobs', list: { ...list, page } });
  expect(session.told.at(-1)).toBe('The first 1 job of 52,310.');
  expect(session.state.jobs.list?.jobs).toHaveLength(2);
});

test('list, status, help, quit, and what is not a command', () => {
  const session = new PlainSession();
  session.say('list state:paused');
  const question = session.effects.at(-1);
  expect(question).toMatchObject({ effect: { type: 'load-jobs', filter: 'state:paused' } });
  expect(session.list(clicks).told).toEqual([
    expect.stringMatching(/^clicks 00000002: paused, /),
    '1 job.',
  ]);
  expect(session.say('statu clicks').told.at(-1)).toBe(
    'Unknown command "statu". Did you mean status?',
  );
  expect(session.say('help').told.join('\n')).toContain('cancel JOB: asks for a reason');
  expect(session.say('quit').effects.at(-1)).toEqual({ type: 'exit', code: 0 });
});

test('whatever is typed: nothing is sent without a yes after a question, and no line holds a control character', () => {
  const words = fc.constantFrom(
    ...[
      'pause',
      'cancel',
      'resume',
      'retry',
      'tune',
      'deadline',
      'recreate',
      'all pause problems',
      'continue',
      '8',
      'none',
      'orders_daily',
      'clicks',
      '00000001',
      'yes',
      'Y',
      '',
      '.',
      'list',
      'help',
    ],
  );
  const line = fc.oneof(
    words,
    fc.array(words, { maxLength: 3 }).map((all) => all.join(' ')),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), (script) => {
      const session = new PlainSession([orders, aJob({ ...clicks, asset_name: 'clicks\x1b[2J' })]);
      for (const text of script) {
        const { card } = session;
        const before = session.acts.length;
        session.say(text);
        if (session.acts.length === before) continue;
        expect(card?.focus).toBe('confirm');
        expect(text.trim().toLowerCase()).toBe('yes');
      }
      for (const told of session.told) expect(told).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    }),
    { numRuns: 300 },
  );
});

describe('another operator’s open dialog on the same job is told', () => {
  const cancel = {
    actor: 'mara',
    host: 'db-7',
    action: 'cancel',
    jobs: 2,
    job_ids: ['someone-elses', orders.id],
    opened_at: secondsAgo(20),
  };
  const seeing = (session: PlainSession, ...dialogs: Dialog[]) =>
    session.answer('load-jobs', {
      type: 'jobs',
      list: aList([orders, clicks], { page: { dialogs } }),
    });
  const asked = ({ effects }: PlainSession) =>
    effects.flatMap((one) =>
      one.type === 'data' && /dialog/.test(one.effect.type) ? [one.effect] : [],
    );

  test('once when it opens, once when it is closed, and with the question', () => {
    const session = seeing(seeing(new PlainSession(), cancel), cancel);
    const text = 'mara@db-7 has Cancel open on it and 1 more for 20s';
    expect(session.told).toEqual([`orders_daily 00000001: ${text}`]);
    session.say('pause orders_daily');
    expect(session.told.at(-2)).toBe(
      'Also: mara@db-7 has Cancel open on this job and 1 more for 20s.',
    );
    expect(seeing(session).told.at(-1)).toBe('orders_daily 00000001: mara@db-7 closed Cancel');
  });

  test('one on other jobs is not', () => {
    expect(seeing(new PlainSession(), { ...cancel, job_ids: ['someone-elses'] }).told).toEqual([]);
  });

  test('the others are told of a question, as long as it is open', () => {
    const session = new PlainSession().say('pause orders_daily');
    const hold = { type: 'announce-dialog', action: 'pause', ids: [orders.id] };
    expect(asked(session)).toEqual([{ ...hold, renew: false }]);
    session.answer('announce-dialog', { type: 'dialogs', as_of: now, dialogs: [] });
    session.timer('dialogs');
    expect(asked(session).at(-1)).toEqual({ ...hold, renew: true });
    session.answer('announce-dialog', { type: 'dialogs', as_of: now, dialogs: [] });
    session.say('.');
    expect(asked(session).at(-1)).toEqual({ type: 'close-dialog' });
    session.answer('announce-dialog', { type: 'dialogs', as_of: now, dialogs: [] });
    expect(asked(session.timer('dialogs'))).toHaveLength(3);
  });

  test('a failed announcement is not told, and does not keep the operator from answering', () => {
    const session = new PlainSession().say('pause orders_daily');
    const { length } = session.told;
    session.fail('announce-dialog');
    expect(session.told).toHaveLength(length);
    expect(session.say('', 'yes').acts).toHaveLength(1);
    session.fail('close-dialog');
    expect(session.down).toBe(false);
  });
});
