import { describe, expect, test } from 'vitest';
import type { JobEvent } from '../../source/domain/job-detail.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';
import { Session } from './session.ts';

const running = aJob({ number: 1 });
const event = (columns: Partial<JobEvent>): JobEvent => ({
  id: 1,
  job_id: running.id,
  partition_key: null,
  kind: 'state',
  from_state: 'running',
  to_state: 'paused',
  actor: 'jo',
  reason: null,
  at: secondsAgo(20),
  ...columns,
});
const open = (...events: JobEvent[]) =>
  Session.showing([running])
    .press('p')
    .answer('load-lately', { type: 'lately', as_of: now, events });
const news = (...events: JobEvent[]) => open(...events).card.lately;

describe('another operator’s recent action on the same job is on the card', () => {
  test('who did what, when and why: the newest', () => {
    const older = event({ kind: 'set', to_state: null, at: secondsAgo(300), actor: 'ann' });
    const newest = event({ id: 2, to_state: 'resuming', reason: 'db is back' });
    expect(news(older, newest)).toBe('resuming by jo 20s ago: "db is back"');
    expect(news(event({ kind: 'reclaim requested', to_state: null, at: secondsAgo(120) }))).toBe(
      'reclaimed by jo 2m ago',
    );
  });

  test('not what executors do, nor what was long ago', () => {
    expect(news(event({ to_state: 'running', actor: 'web-1:812:ab' }))).toBeNull();
    expect(news(event({ kind: 'failed', to_state: null }))).toBeNull();
    expect(news(event({ at: secondsAgo(3600) }))).toBeNull();
  });

  test('it is read once for a card, and never without one', () => {
    const session = Session.showing([running]).refreshed([running]);
    expect(session.asked('load-lately')).toEqual([]);
    expect(session.press('p').asked('load-lately')).toHaveLength(1);
  });

  test('an answer for a card that was closed is dropped, and a failure disturbs nothing', () => {
    const session = Session.showing([running]).press('p').read().press('escape', 'X');
    const [first] = session.asked('load-lately');
    const answer = { type: 'lately', as_of: now, events: [event({})] } as const;
    session.send({ type: 'answered', request: first!.request, answer });
    expect(session.card.lately).toBeNull();
    session.fail('load-lately');
    expect(session.state.link.down_since).toBeNull();
    expect(session.card.name).toBe('cancel');
  });

  test('it keeps nobody from acting', () => {
    expect(open(event({})).read().press('y').acts).toHaveLength(1);
  });
});
