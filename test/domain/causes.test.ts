import { expect, test } from 'vitest';
import {
  activeStates,
  figuresOf,
  type UnfinishedJob,
} from '../../source/domain/executor/figures.ts';
import { type FoundRow, type Remedy, remedyRefusal } from '../../source/domain/triage/checks.ts';
import { likelyCauses } from '../../source/domain/triage/failure-cause.ts';
import { causeBySqlstate } from '../../source/domain/triage/sql-cause.ts';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';

test('a SQLSTATE names its cause, and what to do by what the message says', () => {
  const cases: [message: string, name: string | null, advice: RegExp][] = [
    ['permission denied for table sales (SQLSTATE 42501, role app)', 'missing_grant', /app/],
    [
      'relation "x" does not exist (SQLSTATE 42P01)',
      'schema_change',
      /^relation "x" does not exist: /,
    ],
    [
      'function f() does not exist\nHINT (SQLSTATE 42883)',
      'schema_change',
      /^function f\(\) does not exist: /,
    ],
    ...['40001', '40P01', '55P03'].map((code): [string, string, RegExp] => [
      `x (SQLSTATE ${code})`,
      'conflict',
      /parallelism/,
    ]),
    [
      'canceling statement due to statement timeout (SQLSTATE 57014)',
      'cancelled',
      /statement_timeout/,
    ],
    ['canceling statement due to user request (SQLSTATE 57014)', 'cancelled', /pg_cancel_backend/],
    ['could not extend file: No space left (SQLSTATE 53100)', 'resource_exhaustion', /disk space/],
    ['sorry, too many clients already (SQLSTATE 53300)', 'resource_exhaustion', /connections/],
    ['out of memory (SQLSTATE 53200)', 'resource_exhaustion', /out of memory/],
    ['odd (SQLSTATE 53000)', 'resource_exhaustion', /out of resources/],
    ['x (SQLSTATE 08006)', 'upstream_unavailable', /server/],
    ['x (SQLSTATE 57P01)', 'upstream_unavailable', /server/],
    ['x (SQLSTATE 23505)', null, /./],
    ['x 42501', null, /./],
    ['(SQLSTATE 42501', null, /./],
  ];
  for (const [message, name, advice] of cases) {
    const cause = causeBySqlstate(message);
    expect(cause?.name ?? null).toBe(name);
    if (cause !== null) expect(cause.advice).toMatch(advice);
  }
});

test('likely causes are counted, the most frequent first, of equals in the runbook’s order', () => {
  const refused = 'connect ECONNREFUSED';
  const column = 'column x does not exist';
  const counted = (...messages: (string | null)[]) =>
    likelyCauses(messages).map(({ name, failures }) => `${name} ${failures}`);
  expect(counted(refused, column, null, 'odd', column)).toEqual([
    'schema_change 2',
    'upstream_unavailable 1',
  ]);
  expect(counted(refused, column)).toEqual(counted(column, refused));
  expect(counted()).toEqual([]);
});

test('figures of tenants together; nothing is made of nothing', () => {
  const unfinished = (changes: Parameters<typeof aJob>[0]) =>
    ({ ...aJob(changes), forecast_at: null }) satisfies UnfinishedJob;
  const reading = (jobs: UnfinishedJob[], pending_breached = 0) => ({
    as_of: now,
    counts: { running: jobs.length, failed: 9 },
    unfinished: jobs,
    pending_breached,
    executors: ['a'],
  });
  const of = (...readings: ReturnType<typeof reading>[]) => figuresOf(readings, thresholdDefaults);
  expect(activeStates).toEqual(expect.arrayContaining(['pending', 'running', 'paused']));
  expect(activeStates).not.toContain('failed');
  expect(of(reading([]))).toMatchObject({
    etas: [],
    at_risk: 0,
    breached: 0,
    least_buffer: null,
    stale: 0,
    oldest_heartbeat_age: 0,
    longest_running: 0,
  });
  const due = (seconds: number) => ({ sla_deadline_at: secondsAgo(-seconds) });
  const figures = of(
    reading(
      [
        unfinished(due(1000)),
        unfinished(due(600)),
        unfinished({ heartbeat_at: secondsAgo(600), ...due(9000) }),
      ],
      2,
    ),
    reading([unfinished({ ...due(-5), started_at: secondsAgo(9000) })], 1),
  );
  expect(figures).toMatchObject({
    active: { running: 4, pending: 0 },
    at_risk: 1,
    breached: 4,
    stale: 1,
    oldest_heartbeat_age: 600,
    longest_running: 9000,
  });
  expect(figures.least_buffer).toBe(-905);
  expect(figures.etas).toEqual([900, 900, 900]);
});

test('a remedy that is not possible on a row says why', () => {
  const row = (state: string | null) => ({ state }) as FoundRow;
  const remedy = (action: string, states: string[] | null) => ({ action, states }) as Remedy;
  const refusal = (action: string, states: string[] | null, state: string | null) =>
    remedyRefusal(remedy(action, states), row(state));
  expect([refusal('look', null, null), refusal('pause', ['running'], 'running')]).toEqual([
    null,
    null,
  ]);
  expect(refusal('retry', ['failed'], null)).toMatch(/not a job/);
  for (const action of ['pause', 'resume', 'cancel'])
    expect(refusal(action, ['waiting_upstream'], 'completed')).not.toMatch(/^only of a job/);
  expect(refusal('pause', ['running'], 'paused')).toMatch(/only running jobs/);
  expect(refusal('retry', ['failed', 'waiting_upstream'], 'cancelled')).toBe(
    'only of a job that is failed or waiting upstream; this one is cancelled',
  );
});
