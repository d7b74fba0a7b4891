import { describe, expect, test } from 'vitest';
import { keymap } from '../../source/console/app/keymap.ts';
import {
  type PaletteEntry,
  paletteEntries,
} from '../../source/console/dialogs/finder/palette-entries.ts';
import { screens } from '../../source/console/model/screens.ts';
import { aJob } from '../support/jobs.ts';
import { Session } from './session.ts';

const orders = aJob({ number: 1, asset_name: 'orders_daily' });
const clicks = aJob({ number: 2, asset_name: 'clicks', state: 'paused' });

const open = () => Session.showing([orders, clicks]).press(':');
const entries = ({ state }: Session): PaletteEntry[] => {
  if (state.overlay?.type !== 'palette') throw new Error('the palette is not open');
  return paletteEntries(state, state.overlay);
};
const labels = (session: Session) => entries(session).map(({ label }) => label);

describe('the palette reaches everything', () => {
  test('every row of the keymap that works here, with why it does nothing now', () => {
    const shown = entries(open());
    for (const { keys, title, on } of keymap) {
      if (keys[0] === ':' || !on.includes('jobs')) continue;
      expect(
        shown.map(({ label, title }) => (title === '' ? label : `${label}: ${title}`)),
      ).toContain(title);
    }
    expect(shown.find(({ label }) => label === 'resume')?.reason).toBe(
      'only paused jobs can be resumed; this one is running',
    );
  });

  test('every screen', () => {
    for (const { name, title } of screens) {
      const session = open().type(`go to ${title.toLowerCase()}`);
      expect(session.press('enter').state.screen).toBe(name);
    }
  });

  test('an action opens its dialog, and sends nothing', () => {
    const session = open().type('pause').press('enter');
    expect(session.card).toMatchObject({ name: 'pause', job: { id: orders.id } });
    expect(session.acts).toEqual([]);
  });
});

describe('typing in it', () => {
  test('narrows, also by letters with gaps', () => {
    expect(labels(open().type('slt'))).not.toEqual([]);
    expect(labels(open().type('copyjson'))).toContain('copy the row as JSON');
    expect(labels(open().type('no such thing at all'))).toEqual([]);
  });

  test('printable keys are text, q and digits too', () => {
    const session = open().type('q1?/ :');
    expect(session.state.overlay).toMatchObject({ type: 'palette', text: 'q1?/ :' });
    expect(session.exits).toEqual([]);
  });

  test('Tab completes, Esc closes', () => {
    const session = open().type('inter').press('tab');
    expect(session.state.overlay).toMatchObject({ text: 'interval ' });
    expect(session.press('escape').state.overlay).toBeNull();
  });

  test('pasted text is text: an Enter in it runs nothing', () => {
    expect(open().paste('quit\n').exits).toEqual([]);
    const flooded = open().burst('quit the console\rand more\r');
    expect(flooded.exits).toEqual([]);
    expect(flooded.state.overlay).toMatchObject({ type: 'palette' });
  });
});

describe('commands with an argument', () => {
  test('Enter on one without its argument waits for it', () => {
    const session = open().type('interval').press('enter');
    expect(session.state.overlay).toMatchObject({ type: 'palette', text: 'interval ' });
  });

  test('sort takes a column, by its beginning too, and - inverts', () => {
    expect(open().type('sort pri').press('enter').state.jobs.sort).toEqual({
      column: 'priority',
      descending: false,
    });
    expect(open().type('sort -failed').press('enter').state.jobs.sort).toEqual({
      column: 'failed',
      descending: true,
    });
  });

  test('what is wrong is said, and can be mended', () => {
    const session = open().type('sort prioriti').press('enter');
    expect(session.notice).toBe('no column "prioriti": did you mean priority?');
    session.press('backspace').type('y').press('enter');
    expect(session.state.jobs.sort.column).toBe('priority');
  });

  test('filter', () => {
    const session = open().type('filter state:paused').press('enter');
    expect(session.names).toEqual(['clicks']);
  });

  test('interval in seconds or with a unit, within bounds', () => {
    expect(open().type('interval 5').press('enter').state.interval_ms).toBe(5000);
    expect(open().type('interval 500ms').press('enter').state.interval_ms).toBe(500);
    const session = open().type('interval 1ms').press('enter');
    expect(session.notice).toBe('expected 250ms to 10m, e.g. 2s');
  });

  test('quit', () => expect(open().type('quit').press('enter').exits).toEqual([0]));
});

describe('job opens one by its id or its asset', () => {
  test('from the table', () => {
    expect(open().type('job 00000002').press('enter').state.job?.id).toBe(clicks.id);
    expect(open().type('job orders_daily').press('enter').state.job?.id).toBe(orders.id);
  });

  test('from the database, where the table does not have it', () => {
    const other = aJob({ number: 0xabcd, asset_name: 'far_away' });
    const session = open().type(`job ${other.id}`).press('enter');
    expect(session.state.screen).toBe('jobs');
    session.answer('find-job', { type: 'found', job: other });
    expect(session.state).toMatchObject({ screen: 'job', job: { id: other.id } });
  });

  test('an unknown job is reported', () => {
    const session = open().type('job ffff0000').press('enter');
    session.fail('find-job', 'not_found');
    expect(session.notice).toContain('connection refused');
    expect(session.state.screen).toBe('jobs');
  });
});
