import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aJob } from '../support/jobs.ts';
import { Session } from './session.ts';

const running = aJob({ number: 1, asset_name: 'orders_daily', version: 7 });
const paused = aJob({
  number: 2,
  asset_name: 'events_raw',
  state: 'paused',
  version: 3,
  running_slots: 0,
});

const pausing = () => Session.showing([running]).press('p').read();
const cancelling = () => Session.showing([running]).press('X').read();

describe('every write is compare-and-set on id, state and version', () => {
  test('what is sent is what was seen when the card was opened', () => {
    expect(pausing().press('y').acts).toEqual([
      { type: 'act', action: 'pause', id: running.id, state: 'running', version: 7, reason: null },
    ]);
  });

  test('a job that has changed since disarms the button and says so', () => {
    const session = pausing().refreshed([aJob({ ...running, version: 8, state: 'paused' })]);
    session.press('y');
    expect(session.acts).toEqual([]);
    expect(session.card.hint).toBe('the job has changed: close and try again');
  });

  test('progress is no change: figures move under an open card', () => {
    const session = pausing().refreshed([aJob({ ...running, completed_partitions: 41 })]);
    expect(session.press('y').acts).toHaveLength(1);
  });
});

describe('Enter never means yes', () => {
  test('not on any element of any dialog, however often', () => {
    for (const open of [pausing, cancelling]) {
      for (let tabs = 0; tabs < 5; tabs += 1) {
        const session = open();
        for (let index = 0; index < tabs; index += 1) session.press('tab');
        expect(session.press('enter', 'enter', 'enter', 'enter', 'enter').acts).toEqual([]);
      }
    }
  });

  test('on the confirm button it says what does', () => {
    const session = pausing().press('tab', 'tab');
    expect(session.focus).toBe('confirm');
    expect(session.press('enter').card.hint).toBe('Enter does not confirm: press y');
  });

  test('on the cancel button it means no', () => {
    expect(pausing().press('enter').state.overlay).toBeNull();
  });
});

describe('focus order in a dialog: cancel, reason, typed check, confirm', () => {
  const order = (session: Session, key: string, times: number) =>
    Array.from({ length: times }, () => session.press(key).focus);

  test('Tab, when the asset must be typed', () =>
    expect(order(cancelling(), 'tab', 4)).toEqual(['reason', 'check', 'confirm', 'cancel']));
  test('Tab, when nothing must be typed', () =>
    expect(order(pausing(), 'tab', 3)).toEqual(['reason', 'confirm', 'cancel']));
  test('Shift-Tab goes back', () =>
    expect(order(cancelling(), 'shift-tab', 3)).toEqual(['confirm', 'check', 'reason']));
  test('arrows and Enter move on from a text field', () => {
    for (const key of ['down', 'right', 'enter', 'tab']) {
      expect(cancelling().press('tab', key).focus).toBe('check');
    }
    for (const key of ['up', 'left', 'shift-tab']) {
      expect(cancelling().press('tab', key).focus).toBe('cancel');
    }
  });
});

describe('keys belong to the focused element', () => {
  test('in a text field every printable key is text', () => {
    const text = 'yes, quit? n/q <>+-ZX1 pr';
    const session = cancelling().press('tab').type(text);
    expect(session.card.values.reason).toBe(text);
    expect(session.acts).toEqual([]);
    expect(session.exits).toEqual([]);
  });

  test('Esc leaves the field, then closes', () => {
    const session = cancelling().press('tab').type('oops').press('escape');
    expect(session.focus).toBe('cancel');
    expect(session.card.values.reason).toBe('oops');
    expect(session.press('escape').state.overlay).toBeNull();
  });

  test('Backspace, Ctrl-W and Ctrl-U edit', () => {
    const session = cancelling().press('tab').type('db is dowm').press('backspace').type('n');
    expect(session.card.values.reason).toBe('db is down');
    expect(session.press('ctrl-w').card.values.reason).toBe('db is ');
    expect(session.press('ctrl-u').card.values.reason).toBe('');
  });
});

describe('y acts only with focus on a button and every required field valid', () => {
  test('until then it says what is missing', () => {
    const session = cancelling().press('y');
    expect(session.card.hint).toBe('a reason is required');
    session.type('wrong range').press('tab', 'tab', 'y');
    expect(session.card.hint).toBe('type orders_daily to enable the button');
    expect(session.acts).toEqual([]);
  });

  test('blanks are no reason', () => {
    const session = cancelling().press('tab').type('   ').press('tab').type('orders_daily');
    expect(session.press('tab', 'y').card.hint).toBe('a reason is required');
  });

  test('cancel requires the exact name of the asset, typed', () => {
    const session = cancelling().press('tab').type('wrong range').press('tab').type('orders_dail');
    expect(session.press('tab', 'y').acts).toEqual([]);
    session.type('y').press('tab', 'y');
    expect(session.acts).toMatchObject([{ action: 'cancel', reason: 'wrong range' }]);
  });

  test('on either button', () => {
    expect(pausing().press('y').acts).toHaveLength(1);
    expect(pausing().press('tab', 'tab', 'y').acts).toHaveLength(1);
  });

  test('an asset that no plain keyboard can type is asked for by its short id', () => {
    const session = Session.showing([aJob({ number: 9, asset_name: '売上\u202eevil' })]).press('X');
    expect(session.card.expected).toBe('00000009');
  });

  test('no key but y ever sends anything', () => {
    const keys = fc.constantFrom(
      ...'pXrnqYZ1/?jkGg <>+-I'.split(''),
      'enter',
      'tab',
      'shift-tab',
      'up',
      'down',
      'left',
      'right',
      'escape',
      'backspace',
      'ctrl-r',
      'ctrl-u',
      'home',
      'end',
      'page-down',
    );
    fc.assert(
      fc.property(fc.array(keys, { maxLength: 60 }), (pressed) => {
        const session = Session.showing([running, paused]);
        for (const key of pressed) {
          session.press(key);
          if (session.state.overlay?.type === 'card') session.read();
        }
        expect(session.acts).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('input is dropped for 300 ms after a dialog opens', () => {
  test('what was typed ahead does not answer the question', () => {
    const session = Session.showing([running]).press('p');
    expect(session.press('tab', 'y', 'y', 'enter', 'escape').acts).toEqual([]);
    expect(session.focus).toBe('confirm');
  });

  test('the time counts from when the card has been painted, not from the key', () => {
    const session = Session.showing([running]).press('p').wait(10_000).press('tab', 'y');
    expect(session.acts).toEqual([]);
    session.send({ type: 'painted', token: session.card.token }).wait(150).press('y');
    expect(session.acts).toEqual([]);
    expect(session.wait(100).press('y').acts).toHaveLength(1);
  });

  test('the paint of an earlier dialog does not arm this one', () => {
    const session = Session.showing([running]).press('p');
    const { token } = session.card;
    session.read().press('escape', 'p').send({ type: 'painted', token }).wait(1000).press('y');
    expect(session.acts).toEqual([]);
  });
});

describe('pasted text never reaches key handlers', () => {
  test('on the table it does nothing', () => {
    const session = Session.showing([running]).paste('pXqy');
    expect(session.state.overlay).toBeNull();
    expect(session.exits).toEqual([]);
  });

  test('on a button it does nothing', () => {
    expect(pausing().paste('y\ny\n').acts).toEqual([]);
  });

  test('in a text field it is text, without its line ends', () => {
    expect(pausing().press('tab').paste('db\nmaintenance\x1b\x07').card.values.reason).toBe(
      'db maintenance',
    );
  });
});

describe('many keys in one read', () => {
  test('fill the fields that they were typed into, Tab and all', () => {
    const session = cancelling().press('tab').burst('wrong range\torders_daily\t');
    expect(session.card).toMatchObject({
      focus: 'confirm',
      values: { reason: 'wrong range', check: 'orders_daily' },
    });
  });

  test('never confirm: a y counts only alone', () => {
    const flooded = cancelling().press('tab').burst('wrong range\torders_daily\ty');
    expect(flooded.acts).toEqual([]);
    expect(flooded.press('y').acts).toHaveLength(1);
    const short = pausing().burst('\t\ty');
    expect(short.acts).toEqual([]);
    expect(short.card.hint).toBe('press y alone');
  });

  test('on the table a text too fast to be typed does nothing', () => {
    const session = Session.showing([running]).burst('pause this job please, q');
    expect(session.state.overlay).toBeNull();
    expect(session.exits).toEqual([]);
  });

  test('what comes after the filter’s Enter goes nowhere', () => {
    const session = Session.showing([running]).press('/').burst('orders_daily and more\rpXq');
    expect(session.state.jobs.filter.text).toBe('orders_daily and more');
    expect(session.state.overlay).toBeNull();
  });
});

describe('an action that is not possible says why', () => {
  test('only running jobs can be paused', () => {
    const session = Session.showing([paused]).press('p');
    expect(session.state.overlay).toBeNull();
    expect(session.notice).toBe('only running jobs can be paused; this one is paused');
  });

  test('a state that this program does not know', () => {
    const session = Session.showing([aJob({ state: 'quarantined' })]).press('X');
    expect(session.notice).toContain('this one is quarantined');
  });

  test('a read-only console', () => {
    for (const key of ['p', 'r', 'X']) {
      const session = Session.showing([running], { read_only: true }).press(key);
      expect(session.notice).toBe('this console is read-only');
      expect(session.state.overlay).toBeNull();
    }
  });

  test('no job at all', () => {
    expect(Session.showing([]).press('p').notice).toBe('no job is selected');
  });
});
