import { renderToString } from 'ink';
import { describe, expect, test } from 'vitest';
import { type BoardData, type BoardName, listed } from '../../../source/console/boards.ts';
import { screens } from '../../../source/console/screens.ts';
import { viewExecutor } from '../../../source/domain/executor/executor.ts';
import {
  type CheckDefinition,
  type FoundRow,
  worstOf,
} from '../../../source/domain/triage/checks.ts';
import { widthOf } from '../../../source/presentation/text/width.ts';
import { plainTheme } from '../../../source/tui/widgets/theme.ts';
import { Session } from '../../sessions/session.ts';
import { ConsoleApp } from '../../support/console-app.tsx';
import { aJob, now, secondsAgo } from '../../support/jobs.ts';

const hostile = '\x1b[2J\x1b]52;c;aGk=\x07\u202eevil\u200b\r\n\t表'.repeat(40);

const data = (text: string): BoardData => {
  const job = aJob({ asset_name: text });
  const as = { as_of: now, tenant_id: 'acme', jobs: [job] };
  const check: CheckDefinition = {
    name: 'stuck',
    title: 'Stuck: heartbeat stale > 2 m',
    section: { runbook: 'backfill-operations', heading: 'Identify Stuck Jobs' },
    meaning: 'The executor died or was cut off.',
    severity: 'critical',
    columns: [
      { name: 'asset_name', title: 'asset', kind: 'text' },
      { name: 'state', title: 'state', kind: 'state' },
      { name: 'heartbeat_age_secs', title: 'heartbeat age', kind: 'seconds' },
    ],
    figure: 'heartbeat_age_secs',
    remedies: [
      {
        action: 'cancel',
        text: 'Cancel it.',
        states: ['running'],
        command: 'servo-tui cancel JOB',
        sql: null,
      },
      { action: 'wait', text: 'Wait.', states: null, command: null, sql: null },
    ],
  };
  const row: FoundRow = {
    job_id: job.id,
    asset_name: text,
    state: text === '' ? 'paused' : 'running',
    version: 1,
    since: secondsAgo(200),
    cells: { asset_name: text, state: text, heartbeat_age_secs: 840 },
  };
  const found = { job_id: null, columns: check.columns, sql: text, truncated: false };
  return {
    triage: {
      ...as,
      job_id: null,
      escalations: [],
      checks: [
        { check, found: 1, truncated: true, worst: worstOf(check, [row]), sql: text },
        { check: { ...check, name: 'resuming' }, found: 0, truncated: false, worst: null, sql: '' },
      ],
    },
    check: { ...as, ...found, check, rows: [row] },
    risk: {
      ...as,
      early_warning: 60_000,
      fleet: { slots: 4, by_asset: {} },
      truncated: true,
      jobs: [
        job,
        aJob({ number: 2, asset_name: text, sla_deadline_at: secondsAgo(-500) }),
        aJob({ number: 3, asset_name: text, sla_deadline_at: secondsAgo(500) }),
        aJob({
          number: 4,
          asset_name: text,
          sla_deadline_at: secondsAgo(-500),
          heartbeat_at: secondsAgo(500),
        }),
      ],
    },
    alerts: {
      ...as,
      executors: { alive: 1, silent: 0 },
      alerts: [
        {
          name: 'ServoBackfillJobStuck',
          severity: 'critical',
          description: 'Job not making progress',
          section: check.section,
          check: 'stuck',
          firing: true,
          threshold: { value: 300, kind: 'seconds' },
          lasting_seconds: 0,
          figure: { value: 840, kind: 'seconds' },
          column: check.columns[2]!,
          since: secondsAgo(540),
          found: 1,
          truncated: false,
          jobs: [
            { job_id: job.id, asset_name: text, state: text, since: secondsAgo(840), value: 840 },
          ],
        },
        {
          name: 'ServoBackfillQueueDepth',
          severity: 'warning',
          description: 'Jobs queued waiting',
          section: check.section,
          check: 'queue-depth',
          firing: false,
          threshold: { value: 10, kind: 'count' },
          lasting_seconds: 0,
          figure: null,
          column: check.columns[2]!,
          since: null,
          found: 0,
          truncated: false,
          jobs: [],
        },
      ],
    },
    executors: {
      ...as,
      executors: [
        viewExecutor(
          {
            id: `${text}:812:ab`,
            host: text,
            pid: 812,
            version: text,
            slots: 4,
            handlers: [text, 'orders'],
            started_at: secondsAgo(4000),
            seen_at: secondsAgo(2),
            catalogue: '0c47a106',
            outages: [],
            hold_reason: text,
            draining_at: null,
            lost_at: null,
            stopped_at: null,
            slots_busy: 1,
            running: [
              {
                job_id: job.id,
                asset_name: text,
                partition_key: text,
                attempt: 2,
                started_at: secondsAgo(60),
              },
            ],
          },
          now,
        ),
      ],
    },
    events: {
      ...as,
      events: [
        {
          id: 1,
          job_id: job.id,
          partition_key: text,
          kind: text,
          from_state: null,
          to_state: null,
          actor: text,
          login: 'servo_app',
          reason: text,
          at: secondsAgo(60),
        },
        {
          id: 2,
          job_id: job.id,
          partition_key: null,
          kind: 'state',
          from_state: text,
          to_state: text,
          actor: text,
          login: 'servo_app',
          reason: null,
          at: secondsAgo(30),
        },
      ],
    },
  };
};

const sizes = [
  [80, 24],
  [120, 40],
  [200, 50],
  [60, 15],
  [40, 10],
  [20, 5],
] as const;

const names = Object.keys(data('')) as BoardName[];

function showing([columns, rows]: readonly [number, number]) {
  return Session.showing([aJob()], { size: { columns, rows } });
}

function open(name: BoardName, text: string, session = showing([100, 24])): Session {
  const key = screens.find((screen) => screen.name === name)?.key;
  if (key === undefined) open('triage', text, session).press('enter');
  else session.press(key);
  return session.answerBoard(name, data(text)[name]);
}

function picture({ state }: Session): string[] {
  const app = <ConsoleApp state={state} theme={plainTheme} />;
  return renderToString(app, { columns: state.size.columns }).split('\n');
}

describe.each(sizes)('at %i×%i', (...size) => {
  test.each(names)('%s fits, hostile text in every field', (name) => {
    for (const text of ['orders_daily', '', hostile]) {
      const lines = picture(open(name, text, showing(size)));
      expect(lines.length).toBeLessThanOrEqual(size[1] - 1);
      for (const line of lines) {
        expect(widthOf(line), line).toBeLessThanOrEqual(size[0]);
        expect(line).not.toMatch(/\x1b\[2J|\x1b\]|\x07|\u202e/);
      }
    }
  });
});

test('the executors, and under them what the selected one runs', () => {
  const text = picture(open('executors', 'orders_daily')).join('\n');
  expect(text).toContain('on hold');
  expect(text).toContain('runs orders_daily 00000001  orders_daily for 1m, attempt 2');
});

test('the journal, and under it the selected event in full', () => {
  const text = picture(open('events', 'orders_daily').press('j')).join('\n');
  expect(text).toContain('by orders_daily');
  expect(text).toMatch(/WHAT HAPPENED/);
});

test('the triage: each check with what it finds, and what the selected one means', () => {
  const lines = picture(open('triage', 'orders_daily'));
  const text = lines.join('\n');
  expect(text).toMatch(/Stuck: heartbeat stale > 2 m +▲ 1\+ {2}orders_daily, 14m/);
  expect(text).toContain('The executor died or was cut off.');
});

test('a check: its rows, what they mean, and its remedies with their keys', () => {
  const text = picture(open('check', 'orders_daily')).join('\n');
  expect(text).toMatch(/ASSET +STATE +HEARTBEAT AGE/);
  expect(text).toContain('X Cancel it.');
  expect(text).toContain('· Wait.');
  expect(text).toContain('› Stuck: heartbeat stale > 2 m');
});

test('the alerts: what fires first, with figure, limit and jobs', () => {
  const text = picture(open('alerts', 'orders_daily')).join('\n');
  expect(text).toMatch(/firing +ServoBackfillJobStuck +critical +14m +> 5m +1 +9m/);
  expect(text).toMatch(/ok +ServoBackfillQueueDepth/);
  expect(text).toContain('orders_daily 00000001  heartbeat age 14m');
});

test('that no executor is running is shown before heartbeats are stale', () => {
  const header = (alive: number, silent: number) => {
    const session = open('alerts', 'orders_daily');
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
  const session = open('alerts', 'orders_daily').press('1');
  expect(picture(session)[0]).toContain('▲ 1 alert');
});

test.each(names)('a followed job is marked on %s too, where a row is about it', (name) => {
  const rowsWith = (session: Session) =>
    picture(session).filter((line) => line.includes('♪')).length;
  const followed = open(name, 'orders_daily', showing([100, 24]).press('m'));
  expect(rowsWith(open(name, 'orders_daily'))).toBe(0);
  const about = listed(name, followed.state.boards[name]).filter(
    (item) => item.job?.id === aJob().id,
  ).length;
  expect(rowsWith(followed)).toBe(about);
  if (name !== 'triage') expect(about).toBeGreaterThan(0);
});

test.each(names)('on %s y copies the id of the row, Y the row as JSON', (name) => {
  const session = open(name, 'orders_daily').press('y', 'Y');
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
  const session = open('executors', hostile).press('y');
  expect(session.notice).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
});
