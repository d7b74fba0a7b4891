import type { BoardData, BoardName } from '../../source/console/model/boards.ts';
import { screens } from '../../source/console/model/screens.ts';
import { viewExecutor } from '../../source/domain/executor/executor.ts';
import { type CheckDefinition, type FoundRow, worstOf } from '../../source/domain/triage/checks.ts';
import { Session } from '../sessions/session.ts';
import { aJob, now, secondsAgo } from './jobs.ts';
import { snapshotOf } from './snapshots.ts';

/** A few rows for each board, this text in every field. */
export const boardData = (text: string): BoardData => {
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
      snapshot: { ...snapshotOf([], 4), as_of: now },
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

/** A console of this size, on the table with one job. */
export function showing([columns, rows]: readonly [number, number]) {
  return Session.showing([aJob()], { size: { columns, rows } });
}

/** The board with these rows, a check by way of the triage. */
export function openBoard(name: BoardName, text: string, session = showing([100, 24])): Session {
  const key = screens.find((screen) => screen.name === name)?.key;
  if (key === undefined) openBoard('triage', text, session).press('enter');
  else session.press(key);
  return session.answerBoard(name, boardData(text)[name]);
}
