import { describe, expect, test } from 'vitest';
import { aJob } from '../support/jobs.ts';
import { Session } from './session.ts';

const one = aJob();
const palette = (words: string) => Session.showing([one]).press(':').type(words).press('enter');
const asked = (session: Session) =>
  session.asked('write-report').map(({ effect }) => 'report' in effect && effect.report);

describe(':handoff writes the hand-off report to a file', () => {
  test('of a shift, or of as long as is said', () => {
    expect(asked(palette('handoff'))).toEqual([{ type: 'handoff', since_ms: null }]);
    expect(asked(palette('handoff 2d'))).toEqual([{ type: 'handoff', since_ms: 2 * 86_400_000 }]);
    const wrong = palette('handoff soon');
    expect(asked(wrong)).toEqual([]);
    expect(wrong.notice).toBe('expected a duration, e.g. 8h or 2d');
  });

  test('its path is shown, and y copies its text', () => {
    const session = palette('handoff').answer('write-report', {
      type: 'report',
      path: '/home/mara/handoff.md',
      text: '# Hand-off\x1b[2J',
    });
    expect(session.notice).toBe('written to /home/mara/handoff.md');
    expect(session.state.overlay).toMatchObject({ type: 'reader', text: '# Hand-off' });
    expect(session.press('y').effects).toContainEqual({
      type: 'copy',
      text: '# Hand-off\x1b[2J',
    });
  });

  test('it opens nothing over a dialog', () => {
    const session = palette('handoff').press('p').answer('write-report', {
      type: 'report',
      path: '/tmp/x.md',
      text: '#',
    });
    expect(session.state.overlay?.type).toBe('card');
    expect(session.notice).toBe('written to /tmp/x.md');
  });

  test('a failure is shown, and is not the connection’s', () => {
    const session = palette('handoff').fail('write-report', 'internal');
    expect(session.notice).toBe('connection refused');
    expect(session.state.link.failure).toBeNull();
    expect(session.press(':').type('handoff').press('enter').asked('write-report')).toHaveLength(2);
  });

  test('one at a time', () => {
    const session = palette('handoff').press(':').type('handoff').press('enter');
    expect(session.asked('write-report')).toHaveLength(1);
    expect(session.notice).toBe('the previous report is still being written');
  });
});

test(':export writes the incident report of the job under the cursor', () => {
  expect(asked(palette('export'))).toEqual([{ type: 'incident', id: one.id }]);
  const nothing = Session.showing([]).press(':').type('export').press('enter');
  expect(nothing.notice).toBe('no job is selected');
});
