import { describe, expect, test } from 'vitest';
import { unanswered } from '../../source/console/background/follow.ts';
import type { DataEffect } from '../../source/console/model/effects.ts';
import { changeLines, jobLine } from '../../source/console/plain/job-lines.ts';
import type { ErrorCode } from '../../source/errors.ts';
import { diagnosedJob, explainFacts } from '../support/explained.ts';
import { aJob, aList, now, secondsAgo } from '../support/jobs.ts';
import { clicks, orders, PlainSession } from './plain-session.ts';

const alerts = (...firing: string[]) => ({
  as_of: now,
  tenant_id: 'acme',
  executors: { alive: 1, silent: 0 },
  jobs: [],
  alerts: ['Stuck', 'Slow', 'Late'].map((name) => ({ name, firing: firing.includes(name) })),
});
const told = (session: PlainSession, ...firing: string[]) =>
  session.answer('load-board', {
    type: 'board',
    board: 'alerts',
    data: alerts(...firing) as never,
  });
const asked = ({ effects }: PlainSession, type: DataEffect['type']) =>
  effects.filter((one) => one.type === 'data' && one.effect.type === type).length;
const timers = ({ effects }: PlainSession, name: string) =>
  effects.flatMap((one) => (one.type === 'timer' && one.name === name ? [one.after_ms] : []));
const fail = (session: PlainSession, type: DataEffect['type'], code: ErrorCode, hint?: string) =>
  session.answer(type, {
    type: 'failure',
    failure: { code, message: 'no', ...(hint && { hint }) },
  });

describe('alerts', () => {
  test('are told as they begin and end, and all that fire when asked for', () => {
    const session = new PlainSession();
    expect(session.say('alerts').told.at(-1)).toMatch(/not loaded yet/);
    session.told = [];
    expect(told(session).say('alerts').told).toEqual(['No alerts are firing.']);
    session.told = [];
    expect(told(session, 'Stuck', 'Late').told).toEqual([
      'Alert Stuck is firing.',
      'Alert Late is firing.',
    ]);
    session.told = [];
    expect(told(session, 'Late', 'Slow').told).toEqual([
      'Alert Slow is firing.',
      'Alert Stuck is resolved.',
    ]);
    session.told = [];
    expect(session.say('alerts').told).toEqual(['Alert Slow is firing.', 'Alert Late is firing.']);
  });

  test('are read every 15 s, also after a failure, which is not told', () => {
    const session = new PlainSession();
    expect(asked(session, 'load-board')).toBe(1);
    told(session);
    expect(timers(session, 'alerts')).toEqual([15_000]);
    session.timer('alerts');
    expect(asked(session, 'load-board')).toBe(2);
    fail(session, 'load-board', 'database_unreachable');
    expect([session.told, session.down, timers(session, 'alerts')]).toEqual([
      [],
      false,
      [15_000, 15_000],
    ]);
  });
});

test('jobs are read at the interval, sooner after a failure; other timers ask for other things', () => {
  const session = new PlainSession();
  expect(timers(session, 'refresh')).toEqual([1000]);
  session.timer('refresh');
  expect([asked(session, 'load-jobs'), asked(session, 'load-board')]).toEqual([2, 1]);
  session.fail('load-jobs');
  expect(timers(session, 'refresh').at(-1)).toBe(500);
  expect(session.down).toBe(true);
  session.timer('dialogs');
  expect([asked(session, 'load-jobs'), asked(session, 'announce-dialog')]).toEqual([2, 0]);
});

test('unfinished jobs that were told of are followed to their end', () => {
  const done = aJob({ number: 3, state: 'completed', completed_at: now });
  const session = new PlainSession([orders, done]).timer('refresh');
  expect(session.effects.at(-1)).toMatchObject({
    effect: { type: 'load-jobs', keep: [orders.id] },
  });
  // A job that was not told of is not followed merely because it was requested.
  const stranger = aJob({ number: 4 });
  const page = { kept: [stranger] };
  session.answer('load-jobs', { type: 'jobs', list: aList([orders, done], { page }) });
  expect(session.told).toEqual([]);
});

test('at first it says how much there is, by state', () => {
  const first = (jobs: (typeof orders)[], truncated = false, counts?: Record<string, number>) => {
    const session = new PlainSession(null);
    session.told = [];
    const list = aList(jobs, { truncated, ...(counts && { counts }) });
    return session.answer('load-jobs', { type: 'jobs', list }).told;
  };
  expect(first([])).toEqual(['No jobs.']);
  expect(first([orders, clicks])).toEqual(['1 running, 1 paused.']);
  expect(first([orders], true, { running: 9, waiting_upstream: 2, failed: 0 })).toEqual([
    '9 running, 2 waiting upstream. The 1 most urgent are followed.',
  ]);
});

describe('a question that fails', () => {
  test.each([
    ['status 0000beef', 'find-job'],
    ['all pause state:running', 'plan-jobs'],
    ['list', 'load-jobs'],
  ] as const)('%s is answered in any case, and forgotten', (line, type) => {
    const session = new PlainSession().say(line);
    session.told = [];
    fail(session, type, 'not_found', 'look elsewhere');
    expect(session.told).toEqual(['no (look elsewhere)']);
    expect([session.state.planning, session.down]).toEqual([null, false]);
  });

  test('in the middle of another, which is asked again', () => {
    const session = new PlainSession().say('pause orders_daily');
    session.told = [];
    session.fail('load-jobs');
    expect(session.told).toEqual([
      expect.stringMatching(/^No answer from the database: connection refused/),
      expect.stringMatching(/^Reason \(optional\)\?/),
    ]);
    session.told = [];
    expect(session.fail('load-recent-events').told).toEqual([]);
  });

  test('an action: what is not known is not claimed', () => {
    const sent = () => new PlainSession().say('pause orders_daily', '', 'yes');
    const session = sent();
    session.told = [];
    fail(session, 'act', 'not_allowed');
    expect([session.told, unanswered(session.state)]).toEqual([
      ['orders_daily 00000001: no'],
      null,
    ]);
  });

  test('while the database is away nothing is begun, nor sent', () => {
    const session = new PlainSession().fail('load-jobs');
    expect(session.say('pause orders_daily').told.at(-1)).toMatch(
      /: no answer from the database: the data shown is old$/,
    );
    const open = new PlainSession().say('pause orders_daily', '').fail('load-jobs').say('yes');
    expect([open.acts, open.told.at(-1)]).toEqual([
      [],
      'no answer from the database: nothing was done',
    ]);
    expect(open.card).toBeNull();
  });
});

test('a job by its id, its asset, or asked for; several are named', () => {
  const twin = aJob({ number: 0x12, asset_name: 'orders_daily' });
  const session = new PlainSession([orders, twin, clicks]);
  const said = (line: string) => {
    session.told = [];
    return session.say(line).told;
  };
  expect(said('status')).toEqual(['Missing job: status JOB']);
  expect(said('status orders_daily')).toEqual([
    'Several jobs match:',
    'orders_daily 00000001',
    'orders_daily 00000012',
  ]);
  expect(said('STATUS 00000012')[0]).toMatch(/^orders_daily 00000012: running, 40 of 100/);
  expect(said('status clicks')[0]).toMatch(/^clicks 00000002: paused/);
  expect(said('status 000000')).toHaveLength(4);
  expect(said('status nowhere')).toEqual([]);
  session.answer('find-job', { type: 'found', job: clicks });
  expect(session.told[0]).toMatch(/^clicks 00000002: paused/);
  // A second answer answers nothing.
  session.told = [];
  expect(session.answer('find-job', { type: 'found', job: clicks }).told).toEqual([]);
  expect([said(''), said('frobnicate')[0]]).toEqual([
    [],
    expect.stringMatching(/^Unknown command "frobnicate"\. Type help/),
  ]);
  expect(said('list priority:x')[0]).toMatch(/priority:x/);
});

test('a list says how much of what it is', () => {
  const all = aList([orders, clicks]);
  const listed = (page: Partial<typeof all.page>) => {
    const session = new PlainSession().say('list');
    session.answer('load-jobs', { type: 'jobs', list: { ...all, page: { ...all.page, ...page } } });
    return session.told.at(-1);
  };
  expect(listed({})).toMatch(/^2 jobs/);
  expect(listed({ whole: false })).toBe('The first 2 jobs of more.');
  expect(listed({ whole: false, total: { count: 2, capped: false } })).toBe('2 jobs.');
  expect(listed({ whole: false, total: { count: 3, capped: false } })).toBe(
    'The first 2 jobs of 3.',
  );
  expect(listed({ whole: false, total: { count: 100_000, capped: true } })).toBe(
    'The first 2 jobs of 100,000 or more.',
  );
  const session = new PlainSession().say('list');
  session.told = [];
  session.answer('load-jobs', {
    type: 'jobs',
    list: { ...all, page: { ...all.page, problem: 'there is no job x' } },
  });
  expect(session.told[0]).toBe('there is no job x.');
});

describe('a job in a line', () => {
  const clock = { as_of: now, zone: 'utc' } as const;
  const due = (seconds: number) => ({ sla_deadline_at: secondsAgo(-seconds) });
  test.each([
    [{}, /^orders 00000001: running, 40 of 100 partitions \(40 %\), done \S+.*$/],
    [
      { failed_partitions: 1200, total_partitions: 3000 },
      /, 40 of 3,000 partitions \(1 %\), 1,200 failed, /,
    ],
    [{ avg_partition_duration_ms: null }, /\(40 %\)$/],
    [due(7200), /, deadline on track /],
    [due(60), /, deadline late by \S+ \(HIGH /],
    [{ heartbeat_at: secondsAgo(300) }, /, no heartbeat for 5m$/],
    [
      { state: 'paused', running_slots: 0 },
      /^orders 00000001: paused, 40 of 100 partitions \(40 %\), (?!done)/,
    ],
  ])('%o', (changes, expected) => {
    expect(jobLine(aJob({ asset_name: 'orders', ...changes }), clock)).toMatch(expected);
  });

  const at = (changes: Parameters<typeof aJob>[0]) => aJob({ asset_name: 'orders', ...changes });
  test.each([
    ['nothing', {}, {}, []],
    ['nine per cent', { completed_partitions: 40 }, { completed_partitions: 49 }, []],
    [
      'ten per cent',
      { completed_partitions: 49 },
      { completed_partitions: 50 },
      [/^orders 00000001: running, 50 of/],
    ],
    ['back', { completed_partitions: 50 }, { completed_partitions: 49 }, []],
    ['a state', {}, { state: 'paused', running_slots: 0 }, [/was running, is paused now, 40 of/]],
    ['a deadline that is at risk', due(7200), due(60), [/: deadline late by \S+ \(HIGH/]],
    ['one that is taken away', due(7200), {}, [/: deadline none$/]],
    [
      'one of a job that has ended',
      due(7200),
      { ...due(-5), state: 'completed', completed_at: now },
      [/was running, is completed now/],
    ],
    ['a heartbeat that stops', {}, { heartbeat_at: secondsAgo(300) }, [/: no heartbeat for 5m$/]],
    ['one that goes on', { heartbeat_at: secondsAgo(300) }, {}, [/: heartbeat resumed$/]],
    [
      'one that has not to',
      { heartbeat_at: secondsAgo(300) },
      { state: 'paused', running_slots: 0 },
      [/was running, is paused now/],
    ],
    ['a failure', {}, { failed_partitions: 1 }, [/: 1 partition failed$/]],
    ['another', { failed_partitions: 2 }, { failed_partitions: 3 }, []],
    [
      'twice as many',
      { failed_partitions: 3 },
      { failed_partitions: 4 },
      [/: 4 partitions failed$/],
    ],
    ['fewer', { failed_partitions: 4 }, { failed_partitions: 0 }, []],
    [
      'a failure and a step',
      { completed_partitions: 49 },
      { completed_partitions: 50, failed_partitions: 1 },
      [/: 1 partition failed$/],
    ],
  ] as const)('is told of: %s', (_, before, after, expected) => {
    const lines = changeLines(at(before), at(after), clock);
    expect(lines).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(lines[index]).toMatch(pattern);
  });

  test('what keeps a job waiting is told once, with its state if that has changed', () => {
    const starved = { health: 'starved', health_reason: 'no executor' } as const;
    const paused = at({ state: 'paused', running_slots: 0 });
    const resuming = { ...at({ state: 'resuming', running_slots: 0 }), ...starved };
    expect(changeLines(paused, resuming, clock)).toEqual([
      expect.stringMatching(/was paused, is resuming now, .*, no executor$/),
    ]);
    expect(changeLines(at({}), { ...at({}), ...starved }, clock)).toEqual([
      expect.stringMatching(/: no executor$/),
    ]);
  });
});

describe('the rules of the one model, in lines', () => {
  const answered = (session: PlainSession, ...jobs: (typeof orders)[]) => {
    session.told = [];
    return session.read(...jobs).told;
  };

  test('an answer that is late is told after 10 s, once, and when it comes', () => {
    const session = new PlainSession().timer('refresh');
    const ticks = (times: number) => {
      session.told = [];
      for (let tick = 0; tick < times; tick += 1) session.wait(1000).timer('clock');
      return session.told;
    };
    expect(ticks(9)).toEqual([]);
    // Since 3 s the data shown is old: nothing is done on it.
    expect(session.say('pause orders_daily').told).toEqual([
      'orders_daily 00000001: no answer from the database: the data shown is old',
    ]);
    expect(ticks(20)).toEqual(['No answer from the database. Retrying.']);
    expect(answered(session, orders, clicks)).toEqual(['The database answers again.']);
    const slow = new PlainSession().timer('refresh').wait(5000).timer('clock');
    expect(answered(slow, orders, clicks)).toEqual([]);
  });

  test('what would keep the action from its effect is told when it is known, once', () => {
    const known = (line: string, facts: Parameters<typeof explainFacts>[1]) => {
      const session = new PlainSession().say(line);
      session.told = [];
      const diagnosed = diagnosedJob(explainFacts(clicks.id, { state: 'paused', ...facts }));
      return session.answer('explain-job', { type: 'explained', diagnosed }).told;
    };
    const none = { executors: 0, with_handler: 0, ready: 0 };
    expect(known('resume clicks', none)).toEqual([
      expect.stringMatching(/^But: no executor is running.*\.$/),
    ]);
    expect(known('pause orders_daily', none)).toEqual([]);
    expect(known('resume clicks', {})).toEqual([]);
  });

  test('a job that no longer exists closes its question', () => {
    const session = new PlainSession().say('pause orders_daily');
    expect(answered(session, clicks)).toEqual([
      'orders_daily 00000001 no longer exists',
      'orders_daily 00000001: nothing was done',
    ]);
    expect(session.card).toBeNull();
  });

  test('one that is not in the list is read with it while its question is open', () => {
    const far = aJob({ number: 0xabcd, asset_name: 'far_away' });
    const session = new PlainSession().say('pause 0000abcd');
    session.answer('find-job', { type: 'found', job: far }).say('why');
    const kept = [{ ...far, state: 'paused', version: 8 }];
    session.timer('refresh');
    expect(session.effects.at(-1)).toMatchObject({
      effect: { keep: [orders.id, far.id, clicks.id] },
    });
    const page = { whole: false, after: true, kept };
    const list = aList([orders, clicks], { truncated: true, page });
    expect(session.answer('load-jobs', { type: 'jobs', list }).told.at(-1)).toBe(
      'far_away 0000abcd has changed meanwhile: nothing was done',
    );
  });

  test('the name typed as the reason counts as the check, and the reason is asked for', () => {
    const session = new PlainSession().say('cancel orders_daily', 'orders_daily');
    expect(session.told.at(-1)).toMatch(/^Type yes to cancel/);
    session.told = [];
    expect(session.say('yes').told[0]).toBe('a reason is required.');
    expect(session.told.at(-1)).toMatch(/^Reason \(required\)\?/);
    expect([session.say('.').told.at(-1), session.acts]).toEqual([
      'orders_daily 00000001: nothing was done',
      [],
    ]);
  });

  test('a deadline is read and shown in the zone of the lines', () => {
    const session = new PlainSession([orders], { zone: 'local' }).say('deadline orders_daily');
    // Two days after `now`, so that it is in the future in every zone.
    const at = new Date(2024, 4, 16, 14);
    session.say('2024-05-16T14:00', '', 'yes');
    expect(session.acts).toMatchObject([{ parameters: { deadline: at.toISOString() } }]);
  });

  const all = (session: PlainSession, jobs: (typeof orders)[], truncated = false) => {
    session.say('all pause problems').told = [];
    const plan = { id: 'plan', created_at: now, jobs, truncated };
    return session.answer('plan-jobs', { type: 'planned', plan }).told;
  };

  test('a plan: nothing to do says why, a list that is cut off says so', () => {
    expect(all(new PlainSession(), [])).toEqual(['no job matches']);
    expect(all(new PlainSession(), [clicks])).toEqual([
      expect.stringMatching(/^none of the 1 matching: only running jobs can be paused/),
    ]);
    expect(all(new PlainSession(), [orders, clicks], true)).toContain(
      'Pause: 1 of 2 jobs. More jobs match than one action may include.',
    );
  });

  test('one question at a time: none beside jobs that are loading, none over another', () => {
    const session = new PlainSession().say('all pause problems', 'pause orders_daily');
    expect(session.told.at(-1)).toBe(
      'orders_daily 00000001: the jobs of another action are loading',
    );
    const other = new PlainSession().say('resume 0000beef', 'pause orders_daily');
    other.answer('find-job', { type: 'found', job: { ...clicks, id: '0000beef' } });
    expect(other.told.at(-1)).toBe('clicks 0000beef: another question is open');
    expect(other.card?.job.id).toBe(orders.id);
  });

  test('a slow database: the new interval is told', () => {
    const session = new PlainSession();
    for (let reading = 0; reading < 3; reading += 1) {
      session.timer('refresh').wait(1500).read(orders, clicks);
    }
    expect(session.told).toEqual(['refresh every 5 s: the database takes 1.5 s']);
  });
});
