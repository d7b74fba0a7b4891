import { describe, expect, test } from 'vitest';
import { dialogsInTable } from '../../source/console/background/presence.ts';
import type { AnnounceDialog } from '../../source/console/model/effects.ts';
import type { Card } from '../../source/console/model/overlay.ts';
import type { State } from '../../source/console/model/state.ts';
import { jobsPicture } from '../../source/console/screens/jobs/picture.ts';
import type { Line } from '../../source/console/widgets/spans.ts';
import type { JobEvent } from '../../source/domain/job/detail.ts';
import type { Dialog } from '../../source/domain/job/dialog.ts';
import { dialogText, planDialogText } from '../../source/presentation/job/dialog-text.ts';
import { toAscii } from '../../source/presentation/text/ascii.ts';
import { jobPicture } from '../support/job-picture.tsx';
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
  login: 'servo_app',
  reason: null,
  at: secondsAgo(20),
  ...columns,
});
const open = (...events: JobEvent[]) =>
  Session.showing([running])
    .press('p')
    .answer('load-recent-events', { type: 'recent-events', as_of: now, events });
const news = (...events: JobEvent[]) => open(...events).card.recent;

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
    expect(session.asked('load-recent-events')).toEqual([]);
    expect(session.press('p').asked('load-recent-events')).toHaveLength(1);
  });

  test('an answer for a card that was closed is dropped, and a failure disturbs nothing', () => {
    const session = Session.showing([running]).press('p').read().press('escape', 'X');
    const [first] = session.asked('load-recent-events');
    const answer = { type: 'recent-events', as_of: now, events: [event({})] } as const;
    session.send({ type: 'answered', request: first!.request, answer });
    expect(session.card.recent).toBeNull();
    session.fail('load-recent-events');
    expect(session.state.link.down_since).toBeNull();
    expect(session.card.name).toBe('cancel');
  });

  test('it does not block the action', () => {
    expect(open(event({})).read().press('y').acts).toHaveLength(1);
  });
});

describe('another operator’s open dialog on the same job is visible', () => {
  const dialog = (columns: Partial<Dialog> = {}): Dialog => ({
    actor: 'mara',
    host: 'db-7',
    action: 'cancel',
    jobs: 1,
    job_ids: [running.id],
    opened_at: secondsAgo(20),
    ...columns,
  });
  const held = (session: Session, ...dialogs: Dialog[]) =>
    session.answer('announce-dialog', { type: 'dialogs', as_of: now, dialogs });
  const holds = (session: Session) =>
    session.asked('announce-dialog').map(({ effect }) => effect as AnnounceDialog);
  const words = ({ others }: Card) => others && dialogText(others.dialogs, others.as_of);

  test('on the card: who, where, what, and since when', () => {
    const session = held(Session.showing([running]).press('p'), dialog());
    expect(words(session.card)).toBe('mara@db-7 has Cancel open on this job for 20s');
    const own = dialog({ actor: 'mara@db-7', opened_at: secondsAgo(1), action: 'tune', jobs: 24 });
    expect(words(held(Session.showing([running]).press('p'), own, dialog()).card)).toBe(
      'mara@db-7 has Tune open on this job and 23 more for <5s (and 1 more)',
    );
  });

  test('when the other’s dialog has ended it disappears, and what it led to is read', () => {
    const session = held(Session.showing([running]).press('p'), dialog()).timer('dialogs');
    expect(session.asked('load-recent-events')).toHaveLength(1);
    held(session);
    expect(words(session.card)).toBeNull();
    expect(session.asked('load-recent-events')).toHaveLength(2);
    const paused = event({ kind: 'set', to_state: null });
    session.answer('load-recent-events', { type: 'recent-events', as_of: now, events: [paused] });
    expect(session.card.recent).toBe('changed by jo 20s ago');
    expect(held(session.timer('dialogs')).asked('load-recent-events')).toHaveLength(2);
  });

  test('of several jobs: on which of them', () => {
    const second = aJob({ number: 2, asset_name: 'clicks' });
    const session = Session.showing([running, second]).press('space', 'down', 'space', 'p');
    session.answerPlan([running, second]);
    expect(holds(session)).toMatchObject([{ ids: [running.id, second.id], action: 'pause' }]);
    held(session, dialog({ jobs: 3, job_ids: [second.id] }));
    const { others } = session.card;
    const nameOf = (id: string) => (id === second.id ? 'clicks' : id);
    expect(planDialogText(others!.dialogs, others!.as_of, nameOf)).toBe(
      'mara@db-7 has Cancel open on 1 of these for 20s: clicks',
    );
  });

  test('a refused job of a plan is not announced: nothing would be done to it', () => {
    const paused = aJob({ number: 2, state: 'paused', running_slots: 0 });
    const session = Session.showing([running, paused]).press('space', 'down', 'space', 'p');
    expect(holds(session.answerPlan([running, paused]))).toMatchObject([{ ids: [running.id] }]);
  });

  test('it is announced when it opens, renewed while it is open, and withdrawn when it closes', () => {
    const session = Session.showing([running]).press('p');
    expect(holds(session)).toEqual([
      { type: 'announce-dialog', action: 'pause', ids: [running.id], renew: false },
    ]);
    held(session);
    expect(session.timersSet('dialogs')).toEqual([3000]);
    expect(holds(session.timer('dialogs')).map(({ renew }) => renew)).toEqual([false, true]);
    held(session).read().press('escape');
    expect(session.asked('close-dialog')).toHaveLength(1);
    session.answer('close-dialog', { type: 'dialog-closed' }).timer('dialogs');
    expect(holds(session)).toHaveLength(2);
  });

  test('an action confirmed closes it as well', () => {
    const session = held(Session.showing([running]).press('p'))
      .read()
      .press('y');
    expect([session.acts.length, session.asked('close-dialog').length]).toEqual([1, 1]);
  });

  test('one question at a time: a card that was closed before the answer came is left after it', () => {
    const session = Session.showing([running]).press('p').read().press('escape', 'X');
    expect([holds(session).length, session.asked('close-dialog').length]).toEqual([1, 0]);
    held(session, dialog());
    expect(session.card.others).toBeNull();
    expect(holds(session).map(({ action }) => action)).toEqual(['pause', 'cancel']);
  });

  test('without dialogs nothing is asked', () => {
    const session = Session.showing([running]).refreshed([running]).press('/', 'escape', '?');
    expect([...session.asked('announce-dialog'), ...session.asked('close-dialog')]).toEqual([]);
    expect(session.timersSet('dialogs')).toEqual([]);
  });

  test('a read-only console asks nothing of the kind, and sees what others have open', () => {
    const session = Session.showing([running], { read_only: true }).press('p', 'X');
    session.refreshed([running], { page: { dialogs: [dialog()] } });
    expect(session.asked('announce-dialog')).toEqual([]);
    expect(dialogsInTable(session.state, running.id)).toHaveLength(1);
  });

  test('it is never a obstacle: a failure is not shown, and y acts', () => {
    for (const code of ['database_unreachable', 'permission_denied', 'internal'] as const) {
      const session = Session.showing([running]).press('p').fail('announce-dialog', code);
      expect(session.state.link.down_since).toBeNull();
      expect(session.state.notice).toBeNull();
      expect(session.read().press('y').acts).toHaveLength(1);
    }
  });

  test('without an answer it does not block the action, nor show a delay', () => {
    const session = Session.showing([running]).press('p').read().wait(5000).timer('clock');
    expect(session.state.link.silent_since).toBeNull();
    expect(session.press('y').acts).toHaveLength(1);
  });

  test('it is announced again after a lost database, but not without the privilege', () => {
    const lost = Session.showing([running]).press('p').fail('announce-dialog');
    expect(holds(lost.timer('dialogs'))).toHaveLength(2);
    const refused = Session.showing([running])
      .press('p')
      .fail('announce-dialog', 'permission_denied');
    expect(refused.timersSet('dialogs')).toEqual([]);
    refused.refreshed([running]).read().press('escape');
    expect([...holds(refused), ...refused.asked('close-dialog')]).toHaveLength(1);
    expect(holds(refused.press('X'))).toHaveLength(2);
  });

  test('in the table a mark at the row, and the words below it; gone with the next reading', () => {
    const other = aJob({ number: 2, asset_name: 'clicks' });
    const session = Session.showing([running, other]);
    session.refreshed([running, other], { page: { dialogs: [dialog()] } });
    const shown = () => picture(session, (state) => jobsPicture(state).body);
    expect(shown()[0]).toContain('✎orders_daily');
    expect(toAscii(shown()[0]!)).toContain('&orders_daily');
    expect(shown()[1]).toContain(' clicks');
    expect(picture(session, (state) => jobsPicture(state).bottom).join()).toContain(
      'mara@db-7 has Cancel open on this job for 20s',
    );
    session.refreshed([running, other]);
    expect(shown()[0]).not.toContain('✎');
  });

  test('on the job’s screen too', () => {
    const session = Session.showing([running]).press('enter');
    session.answerJob(running, { dialogs: [dialog()] });
    const shown = () => picture(session, (state) => jobPicture(state, state.job!).body)[0];
    expect(shown()).toContain('✎ mara@db-7 has Cancel open on it for 20s');
    session.wait(1000).timer('refresh').answerJob(running);
    expect(shown()).not.toContain('✎');
  });
});

function picture(session: Session, lines: (state: State) => readonly Line[]): string[] {
  return lines(session.state).map((line) => line.map(({ text }) => text).join(''));
}
