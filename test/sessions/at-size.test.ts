import { describe, expect, test } from 'vitest';
import { asked } from '../../source/console/model/asking.ts';
import { rowOf } from '../../source/console/model/job-rows.ts';
import { jobsLayout } from '../../source/console/model/layout.ts';
import { infoLine } from '../../source/console/screens/footer.ts';
import { jobsPicture } from '../../source/console/screens/jobs/picture.ts';
import type { Line } from '../../source/console/widgets/spans.ts';
import { aJob } from '../support/jobs.ts';
import { Session } from './session.ts';

const job = (number: number, columns: Parameters<typeof aJob>[0] = {}) =>
  aJob({
    number,
    asset_name: `asset_${String(number).padStart(4, '0')}`,
    priority: 0,
    created_at: new Date(Date.UTC(2024, 0, 1) - number * 60_000),
    ...columns,
  });
const many = Array.from({ length: 3000 }, (_, index) => job(index + 1));
const without = (number: number) => many.filter(({ id }) => id !== job(number).id);
const small = { size: { columns: 120, rows: 30 } };

const textOf = (line: Line) => line.map(({ text }) => text).join('');
const info = (session: Session) => textOf(infoLine(session.state));
const body = (session: Session) => jobsPicture(session.state).body.map(textOf).join('\n');
const inFlight = (session: Session) => asked(session.state, 'jobs') !== null;
/** Answers until no request is open. */
const answerAll = (session: Session, jobs = many) => {
  for (let round = 0; inFlight(session); round++) {
    if (round > 5) throw new Error('it asks without end');
    session.answerFrom(jobs);
  }
  return session;
};
const presses = (session: Session, key: string, times: number) =>
  session.press(...Array.from({ length: times }, () => key));

describe('more jobs than the table holds', () => {
  test('a stretch of them is held, and it says which', () => {
    const session = Session.on(many, small);
    expect(session.state.jobs.list!.jobs).toHaveLength(200);
    expect(info(session)).toContain('3,000 jobs');
    const { rows } = jobsLayout(session.state);
    expect(info(session)).toMatch(new RegExp(`1–${rows} of 3,000$`));
  });

  test('1,000 are held whole, and nothing is asked when they are filtered and sorted', () => {
    const session = Session.on(many.slice(0, 1000), small);
    expect(session.state.jobs.order).toHaveLength(1000);
    const asked = session.asked('load-jobs').length;
    session.press('>', 'I', '/').type('asset:*7').press('enter', 'G');
    expect(session.asked('load-jobs')).toHaveLength(asked);
    expect(session.names).toHaveLength(100);
  });

  test('the table is read on before the cursor comes to its end, one question at a time', () => {
    const session = Session.on(many, small);
    presses(session, 'page-down', 8);
    expect(inFlight(session)).toBe(true);
    const asked = session.asked('load-jobs').length;
    presses(session, 'down', 5);
    expect(session.asked('load-jobs')).toHaveLength(asked);
    answerAll(session);
    for (let page = 0; page < 40; page++) answerAll(session.press('page-down'));
    const { rows } = jobsLayout(session.state);
    const expected = 8 * (rows - 1) + 5 + 40 * (rows - 1);
    expect(session.cursorName).toBe(`asset_${String(expected + 1).padStart(4, '0')}`);
    expect(info(session)).toMatch(/^ 3,000 jobs .* 993–1,014 of 3,000$/);
  });

  test('and back again, to the first', () => {
    const session = Session.on(many, small);
    for (let page = 0; page < 30; page++) answerAll(session.press('page-down'));
    for (let page = 0; page < 30; page++) answerAll(session.press('page-up'));
    expect(session.cursorName).toBe('asset_0001');
    expect(session.state.jobs.first).toBe(0);
  });

  test('G goes to the very last job, g back to the first', () => {
    const session = Session.on(many, small).press('G');
    expect(session.cursorName).toBe('asset_0001');
    answerAll(session);
    expect(session.cursorName).toBe('asset_3000');
    expect(info(session)).toMatch(/–3,000 of 3,000$/);
    answerAll(session.press('g'));
    expect(session.cursorName).toBe('asset_0001');
  });

  test('a key pressed while G is on its way goes from where the cursor is, and G is forgotten', () => {
    const session = Session.on(many, small).press('G', 'down');
    answerAll(session);
    expect(session.cursorName).toBe('asset_0002');
  });

  test('the rows on the screen stay where they are when the stretch slides', () => {
    const session = Session.on(many, small);
    presses(session, 'page-down', 8);
    const before = body(session);
    answerAll(session);
    expect(body(session)).toBe(before);
  });

  test('the cursor stays on its job when the table is read again', () => {
    const session = Session.on(many, small);
    for (let page = 0; page < 20; page++) answerAll(session.press('page-down'));
    const name = session.cursorName;
    session.wait(5000).timer('refresh');
    answerAll(session, [job(0, { priority: 10 }), ...many]);
    expect(session.cursorName).toBe(name);
  });
});

describe('order is held while the operator moves, in a stretch as in a whole table', () => {
  const urgent = job(2999, { priority: 10 });
  const moved = many.map((one) => (one.id === urgent.id ? urgent : one));

  test('a new row comes after the one that it follows', () => {
    const session = Session.on(many, small).press('down').timer('refresh');
    answerAll(session, moved);
    expect(session.names.slice(0, 3)).toEqual(['asset_2999', 'asset_0001', 'asset_0002']);
    expect(session.cursorName).toBe('asset_0002');
  });

  test('a row that would move stays until the operator has stopped', () => {
    const sinking = many.map((one) => (one.id === job(3).id ? job(3, { priority: -5 }) : one));
    const session = Session.on(many, small).press('down').timer('refresh');
    answerAll(session, sinking);
    expect(session.names.slice(0, 4)).toEqual([
      'asset_0001',
      'asset_0002',
      'asset_0003',
      'asset_0004',
    ]);
    answerAll(session.wait(3000).timer('refresh'), sinking);
    expect(session.names.slice(0, 3)).toEqual(['asset_0001', 'asset_0002', 'asset_0004']);
  });

  test('a row that vanishes stays, shown as gone, with its actions off', () => {
    const session = Session.on(many, small).press('down').timer('refresh');
    answerAll(session, without(2));
    expect(session.names.slice(0, 3)).toEqual(['asset_0001', 'asset_0002', 'asset_0003']);
    expect(rowOf(session.state.jobs, job(2).id)).toMatchObject({ gone: true });
    expect(session.press('p').notice).toBe('this job no longer exists');
    answerAll(session.press('down').wait(5000).timer('refresh'), without(2));
    expect(session.names.slice(0, 2)).toEqual(['asset_0001', 'asset_0003']);
  });
});

describe('filter', () => {
  test('few that match are found among all, and held whole', () => {
    const session = Session.on(many, small).press('/').type('asset:*77 ');
    expect(body(session)).toContain('asset_0077');
    answerAll(session).press('enter');
    expect(session.names).toHaveLength(30);
    expect(session.state.jobs.list!.page).toMatchObject({ whole: true, filter: 'asset:*77 ' });
  });

  test('while the database looks, the table says so instead of that nothing matches', () => {
    const session = Session.on(many, small).press('/').type('asset:*2999');
    expect(body(session)).toContain('searching all jobs');
    answerAll(session);
    expect(session.names).toEqual(['asset_2999']);
  });

  test('one question is in flight, however fast the typing; the last letter is answered', () => {
    const session = Session.on(many, small).press('/').type('asset:*123');
    expect(session.asked('load-jobs')).toHaveLength(2);
    answerAll(session);
    expect(session.names).toEqual(['asset_0123', 'asset_1123', 'asset_2123']);
  });

  test('Esc brings back what was before', () => {
    const session = answerAll(Session.on(many, small).press('/').type('asset:*123'));
    answerAll(session.press('escape'));
    expect(info(session)).toContain('of 3,000');
    expect(session.state.jobs.list!.page).toMatchObject({ whole: false, filter: '' });
  });

  test('nothing that matches among all is told apart from a search that had to end', () => {
    const session = Session.on(many, small).press('/').type('by:unknown').press('enter');
    const { filter } = session.state.jobs;
    session.answerJobs([], { page: { filter: filter.text.slice(0, 1) } });
    session.answerJobs([], {
      page: { filter: filter.text, searched: 20_000 },
      counts: { running: 1000 },
    });
    expect(body(session)).toContain('none among the newest 20,000 of each state');
    session
      .timer('refresh')
      .answerJobs([], { page: { filter: filter.text }, counts: { running: 1000 } });
    expect(body(session)).toContain('no job matches the filter');
  });

  test('what is wrong with it may be found out by the database only', () => {
    const session = Session.on(many, small).press('/').type('sla:later-than:ffff').press('enter');
    const problem = 'job ffff not found';
    session.answerJobs([], { page: { filter: session.state.jobs.filter.text, problem } });
    expect(info(session)).toContain(problem);
  });
});

test('! leaves problems only, beside the words that are there, and all again', () => {
  const ill = many.map((one, index) =>
    index % 500 === 7 ? job(index + 1, { failed_partitions: 2 }) : one,
  );
  const session = answerAll(Session.on(ill, small).press('!'), ill);
  expect(session.names).toHaveLength(6);
  expect(info(session)).toContain('filter: problems');
  answerAll(session.press('/').type(' asset:*8').press('enter'), ill);
  answerAll(session.press('!'), ill);
  expect(session.state.jobs.filter.text).toBe('asset:*8');
});

describe('sort', () => {
  test('a column that an index leads through: the table goes with the cursor’s job', () => {
    const session = Session.on(many, small);
    const turns = [
      'state',
      'asset',
      'progress',
      'done',
      'failed',
      'rate',
      'eta',
      'sla',
      'priority',
    ];
    for (const _ of turns) answerAll(session.press('>'));
    expect(session.state.jobs.list!.page.sort).toMatchObject({ column: 'priority' });
    expect(session.cursorName).toBe('asset_0001');
  });

  test('a column that nothing leads through says so, and the order stays by attention', () => {
    const session = answerAll(Session.on(many, small).press('>', '>', '>'));
    expect(session.state.jobs.sort.column).toBe('progress');
    expect(info(session)).toContain('not by PROGRESS: more than 1,000 match');
    expect(info(session)).toContain('sorted by attention');
    answerAll(session.press('/').type('asset:*77').press('enter'));
    expect(info(session)).toContain('sorted by PROGRESS');
    expect(info(session)).not.toContain('not by');
  });
});

test('frozen data stays as it is, at size too', () => {
  const session = Session.on(many, small).press('Z', 'G');
  expect(inFlight(session)).toBe(false);
  expect(session.cursorName).toBe('asset_0200');
});

test('a tenant that outgrows the table goes on in stretches, around the cursor', () => {
  const session = Session.on(many.slice(0, 900), small).press('G');
  expect(session.cursorName).toBe('asset_0900');
  answerAll(session.wait(5000).timer('refresh'));
  expect(session.cursorName).toBe('asset_0900');
  expect(session.state.jobs.list!.page.whole).toBe(false);
  expect(info(session)).toContain('more than 1,000 jobs');
  answerAll(session.wait(1000).timer('refresh'));
  expect(info(session)).toContain('3,000 jobs');
});
