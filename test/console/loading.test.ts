import { describe, expect, test } from 'vitest';
import { asked, silenceMs } from '../../source/console/model/asking.ts';
import { headerLine } from '../../source/console/screens/header.ts';
import type { ErrorCode } from '../../source/errors.ts';
import { Session } from '../sessions/session.ts';
import { aJob, aList, now } from '../support/jobs.ts';

const orders = aJob({ number: 1, asset_name: 'orders' });
const clicks = aJob({ number: 2, asset_name: 'clicks' });
const table = () => Session.showing([orders, clicks]);
const job = () => table().press('enter').answerJob(orders);
const journal = { as_of: now, tenant_id: 'acme', events: [], jobs: [] };
const events = () => table().press('7').answerBoard('events', journal);
const alertsOf = (alive: number, silent: number) => ({
  as_of: now,
  tenant_id: 'acme',
  alerts: [],
  executors: { alive, silent },
  jobs: [],
});

/** A screen whose next question has been asked, and which question that is. */
const screens = {
  jobs: [() => table().wait(1000).timer('refresh'), 'load-jobs'],
  job: [() => job().wait(1000).timer('refresh'), 'load-job'],
  board: [() => events().wait(1000).timer('refresh'), 'load-board'],
} as const;
type View = keyof typeof screens;
const views = Object.keys(screens) as View[];

describe('a failure', () => {
  test.each(views)(
    'of the %s: tried again after 0.5 s, twice as long each time, at most 2 s',
    (view) => {
      const [asking, question] = screens[view];
      const session = asking();
      const since = session.state.at;
      const waits: (number | undefined)[] = [];
      for (let attempt = 1; attempt <= 13; attempt++) {
        session.fail(question);
        waits.push(session.timersSet('refresh').at(-1));
        expect(session.state.link).toMatchObject({
          failure: { code: 'database_unreachable' },
          down_since: since,
          failed_attempts: attempt,
          silent_since: null,
        });
        expect(session.timersSet('clock').at(-1)).toBe(1000);
        session.wait(1).timer('refresh');
      }
      expect(waits.slice(0, 4)).toEqual([500, 1000, 2000, 2000]);
      expect(new Set(waits.slice(2))).toEqual(new Set([2000]));
    },
  );

  test.each<[View, ErrorCode, boolean]>([
    ['job', 'not_found', true],
    ['job', 'database_unreachable', false],
    ['jobs', 'not_found', false],
    ['board', 'not_found', false],
  ])('of the %s by %s: the job is gone: %s', (view, code, gone) => {
    const [asking, question] = screens[view];
    const session = asking().fail(question, code);
    expect(session.state.job?.gone ?? false).toBe(gone);
    expect(session.state.link.failure === null).toBe(gone);
    expect(asked(session.state, view)).toBeNull();
  });

  test('is forgotten with the next answer', () => {
    const session = screens.jobs[0]().fail('load-jobs').wait(500).timer('refresh');
    session.answerJobs([orders]);
    expect(session.state.link).toEqual({
      failure: null,
      down_since: null,
      failed_attempts: 0,
      silent_since: null,
    });
    expect(session.timersSet('refresh').at(-1)).toBe(1000);
    expect(session.effects).toContainEqual({ type: 'stop-timer', name: 'clock' });
  });
});

describe('silence', () => {
  test.each(views)(
    'on the %s is told after 3 s, and the clock ticks as long as it lasts',
    (view) => {
      const session = screens[view][0]();
      const { asked_at } = asked(session.state, view)!;
      expect(session.timersSet('clock').at(-1)).toBe(silenceMs);
      session.wait(silenceMs - 1).timer('clock');
      expect(session.state.link.silent_since).toBeNull();
      session.wait(1).timer('clock');
      expect(session.state.link.silent_since).toBe(asked_at);
      expect(session.timersSet('clock').at(-1)).toBe(1000);
    },
  );

  test('a question that is open is not asked again by a refresh; by hand it is, once it is overdue', () => {
    const session = screens.jobs[0]();
    const count = () => session.asked('load-jobs').length;
    const before = count();
    session.timer('refresh').press('ctrl-r');
    expect(count()).toBe(before);
    session.wait(silenceMs).press('ctrl-r');
    expect(count()).toBe(before + 1);
  });

  test('nothing ticks where nothing is asked, lost or frozen', () => {
    const session = table();
    const before = session.timersSet('clock').length;
    session.timer('clock');
    expect(session.timersSet('clock')).toHaveLength(before);
    session.press('Z').timer('clock');
    expect(session.timersSet('clock').length).toBeGreaterThan(before);
  });
});

describe('the header', () => {
  test('counts the alerts every 15 s, or 3 s while no executor is alive or one is silent', () => {
    const timers = (alive: number, silent: number) => {
      const session = table().answerBoard('alerts', alertsOf(alive, silent));
      expect(session.state.boards.alerts.data?.executors).toEqual({ alive, silent });
      expect(asked(session.state, 'alerts')).toBeNull();
      return session.timersSet('alerts');
    };
    expect(timers(2, 0)).toEqual([15_000]);
    expect(timers(0, 0)).toEqual([15_000, 3000]);
    expect(timers(2, 1)).toEqual([15_000, 3000]);
  });

  test('does not ask for them while the data is frozen, but goes on waiting to', () => {
    const session = table().answerBoard('alerts', alertsOf(1, 0)).press('Z');
    const before = session.asked('load-board').length;
    session.timer('alerts');
    expect(session.asked('load-board')).toHaveLength(before);
    expect(session.timersSet('alerts').at(-1)).toBe(15_000);
    session.press('Z').timer('alerts');
    expect(session.asked('load-board')).toHaveLength(before + 1);
  });

  test('a failure to read them is no matter of the screen', () => {
    const session = table().fail('load-board');
    expect(session.state.link.failure).toBeNull();
    expect(asked(session.state, 'alerts')).toBeNull();
  });

  test.each([
    ['on the table, which reads them itself', () => table(), 0],
    ['on a board', () => events(), 1],
    ['on a job', () => job(), 1],
    ['on a board that is frozen', () => events().press('Z'), 0],
    ['on a board without a database', () => screens.board[0]().fail('load-board'), 0],
  ] as const)('counts the jobs every 5 s: %s', (_, make, more) => {
    const session = make();
    const before = session.asked('load-jobs').length;
    session.timer('counts');
    expect(session.asked('load-jobs')).toHaveLength(before + more);
    expect(session.timersSet('counts').at(-1)).toBe(5000);
  });

  test('takes new counts on a board, and leaves the board its own question', () => {
    const session = events().timer('counts');
    const refreshes = session.timersSet('refresh').length;
    session.answerJobs([orders], { counts: { running: 7 } });
    expect(session.state.jobs.list!.counts).toEqual({ running: 7 });
    expect(session.timersSet('refresh')).toHaveLength(refreshes);
  });
});

describe('frozen data', () => {
  test('stays: on the table, on a job, on a board', () => {
    const jobs = screens.jobs[0]().press('Z');
    const list = jobs.state.jobs.list;
    expect(jobs.answerJobs([]).state.jobs.list).toBe(list);
    const open = screens.job[0]().press('Z');
    const detail = open.state.job!.detail;
    expect(open.answerJob(aJob({ number: 1, state: 'paused' })).state.job!.detail).toBe(detail);
    const board = screens.board[0]().press('Z');
    const { data } = board.state.boards.events;
    expect(board.answerBoard('events', { ...journal }).state.boards.events.data).toBe(data);
  });

  test('is not asked for again', () => {
    for (const view of views) {
      const [asking, question] = screens[view];
      const session = asking().press('Z');
      const before = session.asked(question).length;
      session.answer(question, { type: 'failure', failure: { code: 'internal', message: '' } });
      session.timer('refresh');
      expect(session.asked(question)).toHaveLength(before);
    }
  });
});

test('an answer about a job that has been left is dropped', () => {
  const session = screens.job[0]();
  const { request } = session.asked('load-job').at(-1)!;
  session.press('escape').press('j', 'enter');
  const shown = session.state.job;
  session.send({
    type: 'answered',
    request,
    answer: { type: 'jobs', list: aList([]) },
  });
  expect(session.state.job?.id).toBe(shown?.id);
});

test('the header tells the slots in use, and gives them up before a warning', () => {
  const slots = { busy: 8, total: 8 };
  const header = (columns: number, late = 0) => {
    const session = Session.showing([orders, clicks], { size: { columns, rows: 30 } });
    session.refreshed([orders, clicks], {
      page: { slots, late: { at_risk: late, breached: late, capped: false } },
    });
    return headerLine(session.state)
      .map(({ text }) => text)
      .join('');
  };
  expect(header(120)).toContain('read-write · 8/8 slots · UTC');
  expect(header(120, 3)).toContain('8/8 slots');
  expect(header(60, 3)).toContain('3 breached');
  for (let columns = 30; columns < 120; columns += 1) {
    const [quiet, loud] = [header(columns), header(columns, 3)];
    // Whatever the width: where a warning has no room, the slots have none.
    if (!loud.includes('at risk')) expect(loud).not.toContain('slots');
    if (columns > 55) expect(quiet).toContain('8/8 slots');
  }
  expect(
    headerLine(table().state)
      .map(({ text }) => text)
      .join(''),
  ).not.toContain('slot');
});
