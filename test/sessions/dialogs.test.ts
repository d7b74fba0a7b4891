import { describe, expect, test } from 'vitest';
import { actionNames, actionOf } from '../../source/console/model/actions.ts';
import type { Unlock } from '../../source/console/model/overlay.ts';
import { aJob } from '../support/jobs.ts';
import { Session } from './session.ts';

const running = aJob({ number: 1, failed_partitions: 12, version: 7 });
const paused = aJob({ number: 2, asset_name: 'events_raw', state: 'paused', running_slots: 0 });
const open = (key: string, job = running) => Session.showing([job]).press(key).seen();
const several = () => {
  const jobs = [1, 2, 3].map((number) => aJob({ number }));
  const session = Session.showing(jobs).press('space', 'down', 'space', 'down', 'space', 'p');
  return session.answerPlan(jobs).seen();
};

/** Sentences with every letter that acts on a button or on a screen. */
const sentences = [
  'by hand',
  'maintenance',
  'quick fix: yes, now',
  'X marks p and y; n, q, R, t, L, C',
];
const speeds = [10, 100, 300];

describe('B2: what is typed into a dialog is text', () => {
  test.each(actionNames)(
    '%s opens on its first field, and a sentence typed there acts nowhere',
    (name) => {
      const job = name === 'resume' ? paused : running;
      for (const sentence of sentences) {
        for (const everyMs of speeds) {
          const session = open(actionOf(name).key, job);
          const field = session.focus;
          expect(['cancel', 'confirm']).not.toContain(field);
          const before = session.card.values[field as 'reason'] ?? '';
          session.type(sentence, everyMs);
          expect(session.card.values[field as 'reason']).toBe(before + sentence);
          expect(session.acts).toEqual([]);
        }
      }
    },
  );

  test('also before it has been painted, and within the 300 ms: only what acts is dropped', () => {
    const session = Session.showing([running]).press('p').type('db', 10);
    session.send({ type: 'painted', token: session.card.token }).type(' down\ty', 10);
    expect(session.card).toMatchObject({ focus: 'confirm', values: { reason: 'db down' } });
    expect(session.acts).toEqual([]);
    expect(session.wait(300).press('y').acts).toHaveLength(1);
  });

  test('while the jobs of a dialog are read, no letter is a key of the screen', () => {
    const session = Session.showing([running, paused]).press('space', 'down', 'space', 'p');
    session.type('maintenance by Xq');
    expect(session.state).toMatchObject({ overlay: null, screen: 'jobs' });
    expect(session.exits).toEqual([]);
    expect(session.notice).toBe('loading the jobs for a dialog: Esc cancels');
    session.answerPlan([running]);
    expect(session.card.name).toBe('pause');
    const left = Session.showing([running, paused]).press('space', 'p', 'escape');
    expect(left.answerPlan([running]).state.overlay).toBeNull();
  });
});

describe('B2: a letter acts on a button only, and not while a field waits for a text', () => {
  test('a letter typed on a button goes to the field that is empty and wanted', () => {
    const session = open('X').press('shift-tab').type('no more');
    expect(session.card).toMatchObject({ focus: 'reason', values: { reason: 'no more' } });
    expect(open('X').press('shift-tab').type('quite wrong').card.values.reason).toBe('quite wrong');
  });

  test('y there says what is missing, and leads to it', () => {
    const session = open('X').press('shift-tab', 'y');
    expect(session.card).toMatchObject({ focus: 'reason', hint: 'a reason is required' });
    session.type('wrong range').press('tab', 'tab', 'y');
    expect(session.card).toMatchObject({
      focus: 'check',
      hint: 'type orders_daily to enable the button',
    });
    expect(session.acts).toEqual([]);
  });

  test('the count that is asked for was ignored on a button, and landed in the reason after Tab', () => {
    const onButton = several().press('shift-tab').type('3');
    expect(onButton.card).toMatchObject({ focus: 'check', values: { check: '3', reason: '' } });
    const first = several().type('3').press('tab');
    expect(first.card).toMatchObject({ focus: 'confirm', values: { check: '3', reason: '' } });
    expect(first.press('y').state.run?.items).toHaveLength(3);
  });

  test('so does the name of what is cancelled', () => {
    const session = open('X').type('orders_daily').press('tab');
    expect(session.card.values).toMatchObject({ reason: '', check: 'orders_daily' });
  });

  test('unlocking opens on what is to be typed', () => {
    const session = Session.showing([running], { read_only: true, locked_reason: null });
    session.press(':').type('rw').press('enter');
    const { token } = session.state.overlay as Unlock;
    session.send({ type: 'painted', token }).wait(300).type('yes');
    expect(session.state.overlay).toMatchObject({ focus: 'check', typed: 'yes' });
    expect(session.asked('unlock')).toEqual([]);
  });
});

describe('B2: what follows a letter that closed a dialog is ignoredTyping', () => {
  const closers = [
    ['y', () => open('p').press('shift-tab')],
    ['n', () => open('p').press('shift-tab')],
    ['q', () => open('p').press('shift-tab')],
  ] as const;

  test.each(closers)('after %s, at every speed, until there is a pause', (letter, dialog) => {
    for (const everyMs of speeds) {
      const session = dialog().press(letter).type(' hand, maintenance: X by q\r', everyMs);
      expect(session.state.overlay).toBeNull();
      expect(session.state.screen).toBe('jobs');
      expect(session.exits).toEqual([]);
      expect(session.acts.length).toBe(letter === 'y' ? 1 : 0);
    }
  });

  test('a notice says so; arrows count at once, other keys after a pause', () => {
    const session = Session.showing([running, paused]).press('p').seen().press('shift-tab', 'n');
    session.type('t');
    expect(session.notice).toBe('ignored: typed after the dialog closed');
    session.send({ type: 'key', key: 'down', text: null, alone: true });
    expect(session.cursorName).toBe('events_raw');
    session.wait(600).type('?');
    expect(session.state.overlay?.type).toBe('help');
  });

  test('in the list of a run too: S would stop it, q put it away', () => {
    const session = several().type('3').press('tab', 'y').type('Sorry, q');
    expect(session.state.overlay?.type).toBe('run');
    expect(session.state.run?.stopped).toBeNull();
  });

  test('Esc and Enter close without that: they are no letters of a sentence', () => {
    const session = open('p').press('escape', 'escape').type('?');
    expect(session.state.overlay?.type).toBe('help');
  });
});
