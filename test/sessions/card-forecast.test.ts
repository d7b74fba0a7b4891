import { describe, expect, test } from 'vitest';
import { cardLines } from '../../source/console/dialogs/card/lines.ts';
import { news } from '../../source/console/plain/news.ts';
import type { Effects, Expected } from '../../source/domain/forecast/effects.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';
import { Session } from './session.ts';

const orders = aJob({ number: 1, asset_name: 'orders', sla_deadline_at: secondsAgo(-1200) });
const clicks = aJob({ number: 2, asset_name: 'clicks', state: 'paused', running_slots: 0 });

const inMinutes = (minutes: number) => secondsAgo(-60 * minutes);
const expected = (minutes: number | null, more: Partial<Expected> = {}): Expected => ({
  start_at: now,
  finish_at: minutes === null ? null : inMinutes(minutes),
  late_by_seconds: null,
  place: null,
  bound_by: 'nothing',
  unknown: null,
  limit: null,
  ...more,
});
const effect = (id: string, before: Expected | null, after: Expected | null, asset = 'orders') => ({
  ...{ job_id: id, asset_name: asset, before, after, fails: false },
});
const effects = (more: Partial<Effects> = {}): Effects => ({
  as_of: now,
  slots: { busy: 8, total: 8 },
  jobs: [],
  others: [],
  more: { lose: 0, gain: 0 },
  ...more,
});
const paused = effects({
  jobs: [effect(orders.id, expected(18), expected(null, { unknown: 'paused' }))],
  others: [
    effect('x', expected(30), expected(37, { late_by_seconds: 180 }), 'daily_sales'),
    effect('y', expected(40), expected(28), 'ml_features'),
  ],
});
const faster = (minutes: number) =>
  effects({ jobs: [effect(orders.id, expected(18), expected(minutes))] });

const open = (key: string, size = { columns: 120, rows: 30 }) =>
  Session.showing([orders, clicks], { size }).press(key);
const answer = (session: Session, given: Effects) =>
  session.answer('load-effects', { type: 'effects', effects: given });
const linesOf = (session: Session, width = 80, height = 30) =>
  cardLines(session.state, session.card, width, height).map((line) =>
    line
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  );
const told = (session: Session, width = 80, height = 30) =>
  linesOf(session, width, height).filter((line) => /^(ETA|Other)|^ {6}ml_/.test(line));
const questions = (session: Session) =>
  session.asked('load-effects').map(({ effect: one }) => (one as { changes: unknown }).changes);

describe('the forecast in the dialog of an action', () => {
  test('is asked when the dialog opens, and shown when the answer is there', () => {
    const session = open('p');
    expect(questions(session)).toEqual([[{ id: orders.id, action: 'pause', parameters: {} }]]);
    expect(told(session)).toEqual([]);
    answer(session, paused);
    expect(told(session)).toEqual([
      'ETA   done 12:18 → unknown: paused',
      'Other daily_sales +7m: late by 3m · ml_features 12m earlier, no deadline',
    ]);
    // Confirming waits for nothing.
    expect(open('p').read().press('y').acts).toHaveLength(1);
  });

  test('is asked again for a field that has changed, one question at a time', () => {
    const session = open('t');
    expect(questions(session)).toEqual([]);
    session.seen().type('9');
    session.press('tab').type('8');
    expect(questions(session)).toHaveLength(1);
    answer(session, faster(9));
    // It was an answer to priority 9 alone.
    expect(told(session)).toEqual(['ETA   …']);
    expect(questions(session).at(-1)).toEqual([
      { id: orders.id, action: 'set', parameters: { priority: '9', parallel: '8' } },
    ]);
    answer(session, faster(5));
    expect(told(session)).toEqual(['ETA   done 12:18 → 12:05 (13m earlier)']);
    // What changes no forecast asks nothing, and a mistake has none.
    session.press('tab').type('5');
    expect(questions(session)).toHaveLength(2);
    expect(told(session)).toEqual(['ETA   done 12:18 → 12:05 (13m earlier)']);
    session.press('tab').type('x');
    expect(questions(session)).toHaveLength(2);
    expect(told(session)).toEqual([]);
  });

  test('that fails says so, and one that is late is of no other dialog', () => {
    const session = open('p');
    session.fail('load-effects');
    expect(told(session)[0]).toMatch(/^ETA {3}no forecast: /);
    const other = open('p').read().press('escape', 'j', 'r');
    expect(questions(other)).toHaveLength(2);
    const [first] = other.asked('load-effects');
    other.send({
      type: 'answered',
      request: first!.request,
      answer: { type: 'effects', effects: paused },
    });
    expect(told(other)).toEqual([]);
    answer(other, effects({ jobs: [effect(clicks.id, null, expected(9), 'clicks')] }));
    expect(told(other)).toEqual(['ETA   done 12:09']);
  });

  test('is renewed every ten seconds while the dialog is open', () => {
    const session = answer(open('p'), paused);
    session.refreshed([orders, clicks]);
    expect(questions(session)).toHaveLength(1);
    session.wait(10_000).refreshed([orders, clicks]);
    expect(questions(session)).toHaveLength(2);
    // Until then it stays.
    expect(told(session)).toHaveLength(2);
  });

  test('on a low terminal others give way first, and the buttons stay', () => {
    const session = answer(open('p', { columns: 80, rows: 24 }), paused);
    for (const height of [30, 14, 13, 12, 11, 10]) {
      const lines = linesOf(session, 76, height);
      expect(lines.length).toBeLessThanOrEqual(height);
      expect(lines.at(-1)).toContain('[ Pause ]');
      expect(lines.join('\n')).toContain('done 12:18 → unknown: paused');
    }
  });

  test('of one failed partition, and of all when it is turned', () => {
    const failed = aJob({ number: 3, asset_name: 'visits', failed_partitions: 4 });
    const partition = { partition_key: 'p1', error_message: 'refused', attempt_count: 3 };
    const session = Session.showing([failed])
      .press('enter')
      .answerJob(failed, { failed: [{ ...partition, completed_at: now } as never] });
    session.press('R').seen().press('ctrl-t');
    expect(session.card.only).toBeNull();
    answer(session, paused);
    expect(questions(session)).toEqual([
      [{ id: failed.id, action: 'retry', parameters: {}, keys: ['p1'] }],
      [{ id: failed.id, action: 'retry', parameters: {} }],
    ]);
  });

  test('is told in lines as well', () => {
    const failed = aJob({ number: 3, asset_name: 'visits', failed_partitions: 4 });
    const session = Session.showing([failed]).press('R');
    expect(questions(session)).toEqual([[{ id: failed.id, action: 'retry', parameters: {} }]]);
    const before = session.state;
    answer(session, { ...paused, jobs: [effect(failed.id, expected(18), expected(20), 'visits')] });
    expect(news(before, session.state)).toEqual([
      'Forecast: done 12:18 → 12:20 (2m later).',
      'Forecast: daily_sales +7m: late by 3m.',
      'Forecast: ml_features 12m earlier, no deadline.',
    ]);
    const told = session.state;
    session.wait(10_000).refreshed([failed]);
    answer(session, paused);
    expect(news(told, session.state).filter((line) => line.startsWith('Forecast'))).toEqual([]);
  });

  test('of several jobs is asked at once, of those that do not refuse', () => {
    const session = Session.showing([orders, clicks]).press('space', 'j', 'space', 'p');
    session.answerPlan([orders, clicks]);
    expect(questions(session)).toEqual([[{ id: orders.id, action: 'pause', parameters: {} }]]);
    answer(session, { ...paused, jobs: [...paused.jobs, ...paused.jobs] });
    expect(told(session, 100)).toEqual([
      'ETA   2 jobs: done unknown: paused',
      'Other daily_sales +7m: late by 3m · ml_features 12m earlier, no deadline',
    ]);
  });
});
