import { describe, expect, test } from 'vitest';
import type { JobScreen } from '../../source/console/model/state.ts';
import { checkSql, readCheckSql } from '../../source/console/screens/board/check-sql.ts';
import { isHalfRead, jobRequest, withDetail } from '../../source/console/screens/job/loading.ts';
import { Session } from '../sessions/session.ts';
import { boardData, clicks, orders } from '../support/board-data.ts';
import { aDetail, aJob, anInsight, secondsAgo } from '../support/jobs.ts';

const table = () => Session.showing([orders, clicks]);
const kind = ({ state }: Session) => state.overlay?.type ?? null;

/** Whatever lies over a screen, and the keys that open it. */
const overlays: Record<string, () => Session> = {
  help: () => table().press('?'),
  palette: () => table().press(':'),
  filter: () => table().press('/'),
  card: () => table().press('p').read(),
  reader: () => table().press('e'),
};

describe('Escape', () => {
  test.each(Object.entries(overlays))(
    'closes the %s, and leads back to the screen',
    (name, open) => {
      const session = open();
      expect(kind(session)).toBe(name);
      const { screen } = session.state;
      session.press('escape');
      expect([kind(session), session.state.screen]).toEqual([null, screen]);
    },
  );

  test('empties what has been typed into the help before it closes it', () => {
    const session = overlays.help!().type('pause');
    expect(session.state.overlay).toMatchObject({ text: 'pause', caret: 5 });
    session.press('escape');
    expect(session.state.overlay).toMatchObject({ type: 'help', text: '', caret: 0, cursor: 0 });
    expect(kind(session.press('escape'))).toBeNull();
  });
});

test('a check’s statement with the runbook’s remedies as comments: of the selected one, or of the one that is open', () => {
  const triage = table().press('3');
  expect([checkSql(triage.state), readCheckSql(triage.state)]).toEqual([null, [triage.state, []]]);
  const remedies = [
    { text: 'Pause them:', sql: 'update jobs\nset x' },
    { text: 'Look.', sql: null },
  ];
  const [calm, stuck] = boardData.triage.checks;
  const checks = [
    calm!,
    { ...stuck!, check: { ...stuck!.check, remedies } },
  ] as typeof boardData.triage.checks;
  triage.answerBoard('triage', { ...boardData.triage, checks });
  const sql = 'select 1\n\n-- Pause them:\n-- update jobs\n-- set x';
  expect(checkSql(triage.state)).toEqual({ title: 'Title stuck', sql });
  expect(kind({ ...triage, state: readCheckSql(triage.state)[0] } as Session)).toBe('reader');
  triage.press('j');
  expect(checkSql(triage.state)).toEqual({ title: 'Title calm', sql: 'select 1' });
  triage.press('k', 'enter').answerBoard('check', boardData.check);
  expect(checkSql(triage.state)).toEqual({ title: 'Title stuck', sql: 'select 2' });
});

describe('what is read of a job', () => {
  const screenOf = (job: typeof orders): JobScreen => {
    const { state } = Session.showing([job]).press('enter');
    return state.job!;
  };
  const read = (job: typeof orders, insight = anInsight(), at = 10_000) =>
    withDetail(screenOf(job), aDetail(job, { insight }), at);
  const big = aJob({ number: 1, total_partitions: 20_000 });
  const small = aJob({ number: 1, total_partitions: 19_999 });
  const ended = aJob({ number: 1, state: 'completed' });

  test('what costs more is left out of the first reading of a big job, and of every one until it is due', () => {
    const wants = (screen: JobScreen, at: number) => jobRequest(screen, at)[1].insight;
    expect([wants(screenOf(small), 0), wants(screenOf(big), 0)]).toEqual([true, false]);
    expect(wants(withDetail(screenOf(big), aDetail(big, { insight: null }), 0), 0)).toBe(true);
    const due = (screen: JobScreen, age: number) => [
      wants(screen, 10_000 + age - 1),
      wants(screen, 10_000 + age),
    ];
    expect(due(read(small), 5000)).toEqual([false, true]);
    expect(due(read(big), 10_000)).toEqual([false, true]);
    expect(due(read(ended), 60_000)).toEqual([false, true]);
    for (const change of [{ version: 8 }, { failed_partitions: 1 }]) {
      const screen = read(small);
      expect(due({ ...screen, job: { ...screen.job, ...change } }, 2000)).toEqual([false, true]);
    }
  });

  test('half is read while figures, what is said of them, or the map is lacking', () => {
    const whole = { ...read(small), map: { ...read(small).map, asked_at: 1 } };
    expect(isHalfRead(whole)).toBe(false);
    expect(isHalfRead({ ...whole, detail: null })).toBe(true);
    expect(isHalfRead({ ...whole, insight: null })).toBe(true);
    const unread = { ...whole.map, asked_at: null };
    expect(isHalfRead({ ...whole, map: unread })).toBe(true);
    const empty = aJob({ number: 1, total_partitions: 0 });
    expect(isHalfRead({ ...read(empty), map: unread })).toBe(false);
  });

  test('figures are kept every five seconds, sixty of them', () => {
    let screen = screenOf(small);
    const at = (seconds: number) => {
      screen = withDetail(screen, aDetail(small, { as_of: secondsAgo(-seconds) }), 0);
      return screen.readings.length;
    };
    expect([at(0), at(4.999), at(5), at(9), at(10)]).toEqual([1, 1, 2, 2, 3]);
    for (let seconds = 15; seconds <= 600; seconds += 5) at(seconds);
    expect(screen.readings).toHaveLength(60);
    expect(screen.readings.at(-1)).toEqual({
      at: secondsAgo(-600),
      completed: 40,
      avg_partition_duration_ms: 30_000,
    });
    expect(screen.readings[0]!.at).toEqual(secondsAgo(-305));
  });
});
