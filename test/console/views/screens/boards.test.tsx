import { renderToString } from 'ink';
import { describe, expect, test } from 'vitest';
import { type BoardName, listed } from '../../../../source/console/model/boards.ts';
import { plainTheme } from '../../../../source/console/widgets/theme.ts';
import { widthOf } from '../../../../source/presentation/text/width.ts';
import type { Session } from '../../../sessions/session.ts';
import { ConsoleApp } from '../../../support/console-app.tsx';
import { aJob } from '../../../support/jobs.ts';
import { boardData, openBoard, showing } from '../../../support/text-boards.ts';

const hostile = '\x1b[2J\x1b]52;c;aGk=\x07\u202eevil\u200b\r\n\t表'.repeat(40);

const sizes = [
  [80, 24],
  [120, 40],
  [200, 50],
  [60, 15],
  [40, 10],
  [20, 5],
] as const;

const names = Object.keys(boardData('')) as BoardName[];

function picture({ state }: Session): string[] {
  const app = <ConsoleApp state={state} theme={plainTheme} />;
  return renderToString(app, { columns: state.size.columns }).split('\n');
}

describe.each(sizes)('at %i×%i', (...size) => {
  test.each(names)('%s fits, hostile text in every field', (name) => {
    for (const text of ['orders_daily', '', hostile]) {
      const lines = picture(openBoard(name, text, showing(size)));
      expect(lines.length).toBeLessThanOrEqual(size[1] - 1);
      for (const line of lines) {
        expect(widthOf(line), line).toBeLessThanOrEqual(size[0]);
        expect(line).not.toMatch(/\x1b\[2J|\x1b\]|\x07|\u202e/);
      }
    }
  });
});

test('the executors, and under them what the selected one runs', () => {
  const text = picture(openBoard('executors', 'orders_daily')).join('\n');
  expect(text).toContain('on hold');
  expect(text).toContain('runs orders_daily 00000001  orders_daily for 1m, attempt 2');
});

test('the journal, and under it the selected event in full', () => {
  const text = picture(openBoard('events', 'orders_daily').press('j')).join('\n');
  expect(text).toContain('by orders_daily');
  expect(text).toMatch(/WHAT HAPPENED/);
});

test('the triage: each check with what it finds, and what the selected one means', () => {
  const lines = picture(openBoard('triage', 'orders_daily'));
  const text = lines.join('\n');
  expect(text).toMatch(/Stuck: heartbeat stale > 2 m +▲ 1\+ {2}orders_daily, 14m/);
  expect(text).toContain('The executor died or was cut off.');
});

test('a check: its rows, what they mean, and its remedies with their keys', () => {
  const text = picture(openBoard('check', 'orders_daily')).join('\n');
  expect(text).toMatch(/ASSET +STATE +HEARTBEAT AGE/);
  expect(text).toContain('X Cancel it.');
  expect(text).toContain('· Wait.');
  expect(text).toContain('› Stuck: heartbeat stale > 2 m');
});

test('the alerts: what fires first, with figure, limit and jobs', () => {
  const text = picture(openBoard('alerts', 'orders_daily')).join('\n');
  expect(text).toMatch(/firing +ServoBackfillJobStuck +critical +14m +> 5m +1 +9m/);
  expect(text).toMatch(/ok +ServoBackfillQueueDepth/);
  expect(text).toContain('orders_daily 00000001  heartbeat age 14m');
});

test('that no executor is running is shown before heartbeats are stale', () => {
  const header = (alive: number, silent: number) => {
    const session = openBoard('alerts', 'orders_daily');
    const board = session.state.boards.alerts.data!;
    session.wait(5000).timer('refresh');
    session.answerBoard('alerts', { ...board, executors: { alive, silent } });
    return picture(session.press('1'))[0];
  };
  expect(header(0, 1)).toContain('no executor');
  expect(header(1, 1)).toContain('1 executor silent');
  expect(header(2, 0)).not.toContain('executor');
});

test('the header counts the alerts that fire, on every screen', () => {
  const session = openBoard('alerts', 'orders_daily').press('1');
  expect(picture(session)[0]).toContain('▲ 1 alert');
});

test.each(names)('a followed job is marked on %s too, where a row is about it', (name) => {
  const rowsWith = (session: Session) =>
    picture(session).filter((line) => line.includes('♪')).length;
  const followed = openBoard(name, 'orders_daily', showing([100, 24]).press('m'));
  expect(rowsWith(openBoard(name, 'orders_daily'))).toBe(0);
  const about = listed(name, followed.state.boards[name]).filter(
    (item) => item.job?.id === aJob().id,
  ).length;
  expect(rowsWith(followed)).toBe(about);
  if (name !== 'triage') expect(about).toBeGreaterThan(0);
});

test.each(names)('on %s y copies the id of the row, Y the row as JSON', (name) => {
  const session = openBoard(name, 'orders_daily').press('y', 'Y');
  const [id, json] = session.effects.flatMap((one) => (one.type === 'copy' ? [one.text] : []));
  const { row } = listed(name, session.state.boards[name])[0]!;
  const ids: Record<BoardName, string> = {
    triage: 'stuck',
    check: aJob().id,
    risk: '00000003-0000-4000-8000-000000000000',
    executors: 'orders_daily:812:ab',
    alerts: 'ServoBackfillJobStuck',
    events: aJob().id,
  };
  expect(id).toBe(ids[name]);
  expect(JSON.parse(json!)).toEqual(JSON.parse(JSON.stringify(row)));
  expect(session.notice).toBe(`copied ${ids[name]} as JSON`);
});

test('an executor’s id never reaches the terminal raw through a notice', () => {
  const session = openBoard('executors', hostile).press('y');
  expect(session.notice).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
});
