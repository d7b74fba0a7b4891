import { describe, expect, test } from 'vitest';
import { aJob } from '../support/jobs.ts';
import { Session } from './session.ts';

const orders = aJob({ number: 1, asset_name: 'orders_daily' });
const clicks = aJob({ number: 2, asset_name: 'clicks' });

const following = () => Session.showing([orders, clicks]).press('m');
const rings = ({ effects }: Session) =>
  effects.flatMap((effect) => (effect.type === 'ring' ? [effect.text] : []));
const heard = (session: Session, ...jobs: (typeof orders)[]) =>
  session.timer('bells').answer('load-named', { type: 'named', jobs });

describe('a followed job rings when its state or risk level changes', () => {
  test('and for nothing else', () => {
    const session = following();
    heard(session, aJob({ ...orders, completed_partitions: 90, version: 9 }));
    expect(rings(session)).toEqual([]);
    heard(session, { ...orders, state: 'paused' });
    heard(session, { ...orders, state: 'paused' });
    expect(rings(session)).toEqual(['orders_daily 00000001: running → paused']);
    expect(session.notice).toBe('orders_daily 00000001: running → paused');
    heard(session, { ...orders, state: 'paused', risk_level: 'high' });
    expect(rings(session).at(-1)).toMatch(/^orders_daily 00000001: risk .* → high$/);
  });

  test('whatever screen one is on, frozen data or not', () => {
    for (const keys of [['5'], ['enter'], ['Z'], ['?']]) {
      const session = following().press(...keys);
      heard(session, { ...orders, state: 'failed' });
      expect(rings(session)).toHaveLength(1);
    }
  });

  test('a job that has ended or vanished is reported once more', () => {
    const session = following().press('j', 'm');
    heard(session, { ...orders, state: 'completed' });
    expect(rings(session)).toEqual([
      'orders_daily 00000001: running → completed · clicks 00000002 no longer exists',
    ]);
    expect(session.state.bells).toEqual([]);
    const before = session.asked('load-named').length;
    expect(session.timer('bells').asked('load-named')).toHaveLength(before);
  });

  test('a job followed while the others are read is not reported as gone', () => {
    const session = following().timer('bells').press('j', 'm');
    session.answer('load-named', { type: 'named', jobs: [orders] });
    expect(rings(session)).toEqual([]);
    heard(session, orders, { ...clicks, state: 'paused' });
    expect(rings(session)).toEqual(['clicks 00000002: running → paused']);
    expect(session.state.bells).toHaveLength(2);
  });

  test('m again ends it', () => {
    const session = following().press('m');
    expect(session.notice).toBe('stopped following orders_daily 00000001');
    expect(session.timer('bells').asked('load-named')).toEqual([]);
  });

  test('a failed reading is tried again, and changes nothing', () => {
    const session = following().timer('bells').fail('load-named');
    expect(session.state.bells).toHaveLength(1);
    expect(session.timersSet('bells')).toHaveLength(2);
    expect(rings(session)).toEqual([]);
  });

  test('what it is called never reaches the terminal as a command', () => {
    const evil = aJob({ number: 3, asset_name: 'x\x07\x1b]0;pwned\x07' });
    const session = Session.showing([evil]).press('m');
    heard(session, { ...evil, state: 'paused' });
    expect(rings(session)[0]).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  });

  test('one that has ended cannot be followed, and it says so', () => {
    const session = Session.showing([aJob({ number: 1, state: 'failed' })]).press('m');
    expect(session.notice).toBe('the job has ended (failed)');
  });
});

describe('! shows problems only', () => {
  const failing = aJob({ number: 3, asset_name: 'failing', failed_partitions: 4 });

  test('and all the others again, keeping what else is filtered', () => {
    const session = Session.showing([orders, failing]).press('/').type('a').press('enter', '!');
    expect(session.state.jobs.filter.text).toBe('a problems');
    expect(session.names).toEqual(['failing']);
    session.press('!');
    expect(session.state.jobs.filter.text).toBe('a');
    expect(session.names).toHaveLength(2);
  });
});

describe('w shows all columns, to be scrolled', () => {
  test('arrows scroll within what there is, w fits them again', () => {
    const session = Session.showing([orders]).press('right');
    expect(session.notice).toBe('all columns are visible: w shows them at full width');
    session.press('w', 'left');
    expect(session.state.wide).toBe(0);
    for (let presses = 0; presses < 40; presses += 1) session.press('right');
    expect(session.state.wide).toBeLessThan(20);
    expect(session.press('w').state.wide).toBeNull();
  });
});
