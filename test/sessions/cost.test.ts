import { describe, expect, test } from 'vitest';
import { headerLine } from '../../source/console/screens/header.ts';
import { aJob } from '../support/jobs.ts';
import { Session } from './session.ts';

const jobs = [aJob({ number: 1 })];
const header = (session: Session) =>
  headerLine(session.state)
    .map(({ text }) => text)
    .join('');

/** A reading that takes this long. */
const reading = (session: Session, ms: number) =>
  session.wait(1000).timer('refresh').wait(ms).answerJobs(jobs);
const readings = (session: Session, ms: number, times: number) => {
  for (let time = 0; time < times; time++) reading(session, ms);
  return session;
};
const waits = (session: Session) => session.timersSet('refresh').at(-1);

describe('the console slows itself when the database is slow', () => {
  test('it asks at most a quarter of the time, and says why', () => {
    const session = readings(Session.showing(jobs), 1200, 3);
    expect(waits(session)).toBe(4000);
    expect(session.notice).toBe('refresh every 4 s: the database takes 1.2 s');
    expect(header(session)).toContain('query p95 ≥ 1 s · every 4 s');
  });

  test('one slow answer among fast ones changes nothing', () => {
    const session = readings(Session.showing(jobs), 20, 4);
    readings(reading(session, 2500), 20, 2);
    expect(waits(session)).toBe(1000);
    expect(session.notice).toBeUndefined();
  });

  test('it goes back to the interval of the operator, and says so', () => {
    const session = readings(Session.showing(jobs), 1200, 3).timer('notice');
    readings(session, 20, 3);
    expect(waits(session)).toBe(1000);
    expect(session.notice).toBe('refresh every 1 s again');
  });

  test('it does not go to and fro', () => {
    const session = readings(Session.showing(jobs), 1200, 5).timer('notice');
    readings(readings(session, 900, 5), 1100, 5);
    expect(waits(session)).toBe(4000);
    expect(session.notice).toBeUndefined();
  });

  test('an interval that the operator has set longer stays', () => {
    const session = readings(Session.showing(jobs, { interval_ms: 10_000 }), 1200, 5);
    expect(waits(session)).toBe(10_000);
    expect(header(session)).toContain('query p95 ≥ 1 s');
    expect(header(session)).not.toContain('every');
  });

  test('the remark does not push away another one', () => {
    const session = readings(Session.showing(jobs), 1200, 1).press('y');
    const said = session.notice;
    readings(session, 1200, 3);
    expect(session.notice).toBe(said);
    expect(header(session)).toContain('every 4 s');
  });
});

test('what a fast database takes is not worth knowing', () => {
  expect(header(readings(Session.showing(jobs), 300, 20))).not.toContain('p95');
});
