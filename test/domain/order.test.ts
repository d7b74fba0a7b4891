import { expect, test } from 'vitest';
import type { JobView } from '../../source/domain/job/job.ts';
import {
  byAttention,
  compareBy,
  isProblem,
  latenessOf,
  sortColumns,
  stateRank,
  walkedColumns,
} from '../../source/domain/job/order.ts';
import { compareRank, outranks } from '../../source/domain/job/rank.ts';
import { compareUrgency } from '../../source/domain/risk/risk.ts';
import { type Alert, firingFirst } from '../../source/domain/triage/alerts.ts';
import {
  type CheckSummary,
  foundFirst,
  needsAttention,
  worstOf,
} from '../../source/domain/triage/checks.ts';
import { isFinding, levels } from '../../source/domain/triage/diagnosis.ts';
import { protectionsOf } from '../../source/domain/triage/protection.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';

/** Whatever the order in which they come. */
function inOrder<T>(compare: (one: T, other: T) => number, expected: readonly T[]): void {
  for (const given of [
    expected,
    expected.toReversed(),
    [...expected.slice(2), ...expected.slice(0, 2)],
  ])
    expect(given.toSorted(compare)).toEqual(expected);
}

let made = 0;
const job = (changes: Parameters<typeof aJob>[0] = {}) => aJob({ number: ++made, ...changes });
const due = (minutes: number) => ({ sla_deadline_at: secondsAgo(-60 * minutes) });

test('what needs a person comes first, then what moves, then what ended last', () => {
  // 60 partitions by 30 s on two slots: 15 minutes are left to each.
  const jobs: JobView[] = [
    job(due(-1)),
    job({ heartbeat_at: secondsAgo(600) }),
    job(due(8)),
    job({ state: 'resuming', heartbeat_at: secondsAgo(30), running_slots: 0 }),
    job({ ...due(20), avg_partition_duration_ms: null }),
    job(due(11)),
    job(due(14)),
    job({ state: 'failed', completed_at: secondsAgo(20) }),
    job({ state: 'failed', completed_at: null }),
    job({ priority: 9 }),
    job(due(60)),
    job(),
    job({ state: 'resuming', heartbeat_at: secondsAgo(29), running_slots: 0 }),
    job({ state: 'paused', running_slots: 0 }),
    job({ state: 'waiting_upstream', running_slots: 0 }),
    job({ state: 'pending', running_slots: 0 }),
    job({ state: 'completed', completed_at: secondsAgo(10), ...due(-1) }),
    job({ state: 'cancelled', completed_at: secondsAgo(30) }),
  ];
  const levels = jobs.slice(0, 7).map(({ risk_level }) => risk_level);
  expect(levels).toEqual(['breached', 'none', 'high', 'none', 'unknown', 'medium', 'low']);
  inOrder(compareBy(byAttention), jobs);
  inOrder(compareBy({ ...byAttention, descending: true }), jobs.toReversed());
  expect(jobs.map(isProblem)).toEqual(jobs.map((_, index) => index < 9));
  expect(latenessOf(jobs)).toEqual({ at_risk: 3, breached: 1, capped: false });
  expect(latenessOf(jobs, jobs.length).capped).toBe(true);
  expect(latenessOf(jobs, jobs.length + 1).capped).toBe(false);
});

test('of equals the newer comes first, and of equally old the greater id', () => {
  const old = job({ created_at: secondsAgo(100) });
  const young = job({ created_at: secondsAgo(50) });
  const twin = job({ created_at: secondsAgo(50) });
  inOrder(compareBy(byAttention), [twin, young, old]);
  const end = { state: 'completed', completed_at: secondsAgo(5) };
  const [first, second] = [job(end), job(end)];
  inOrder(compareBy(byAttention), [second, first]);
  const never = { state: 'completed', completed_at: null };
  inOrder(compareBy(byAttention), [
    first,
    job({ ...never, created_at: secondsAgo(1) }),
    job({ ...never, created_at: secondsAgo(2) }),
  ]);
});

/** By each column: a lesser job and a greater one, and one without a value where a job may have none. */
const columns: Record<string, [lesser: JobView, greater: JobView, none?: JobView]> = {
  state: [job({ state: 'paused' }), job({ state: 'running' })],
  asset: [job({ asset_name: 'a' }), job({ asset_name: 'b' })],
  progress: [job({ completed_partitions: 9 }), job({ completed_partitions: 10 })],
  done: [job({ completed_partitions: 9 }), job({ completed_partitions: 10 })],
  failed: [job({ failed_partitions: 9 }), job({ failed_partitions: 10 })],
  rate: [
    job({ rate_base: { at: secondsAgo(600), completed: 38 } }),
    job({ rate_base: { at: secondsAgo(600), completed: 0 } }),
    job({ rate_base: null }),
  ],
  eta: [
    job({ avg_partition_duration_ms: 900 }),
    job({ avg_partition_duration_ms: 10_000 }),
    job({ avg_partition_duration_ms: null }),
  ],
  sla: [job(due(9)), job(due(100)), job({ state: 'completed', ...due(1) })],
  priority: [job({ priority: 9 }), job({ priority: 10 })],
  heartbeat: [
    job({ heartbeat_at: secondsAgo(9) }),
    job({ heartbeat_at: secondsAgo(10) }),
    job({ heartbeat_at: null }),
  ],
  slots: [job({ running_slots: 9 }), job({ running_slots: 10 })],
  age: [job({ created_at: secondsAgo(10) }), job({ created_at: secondsAgo(9) })],
  id: [job(), job()],
  checkpoint: [
    job({ checkpoint_partition_key: 'a' }),
    job({ checkpoint_partition_key: 'b' }),
    job({ checkpoint_partition_key: null }),
  ],
  by: [job({ created_by: 'a' }), job({ created_by: 'b' })],
};

test('each column sorts either way, what has no value last', () => {
  expect(sortColumns).toEqual(['attention', ...Object.keys(columns)]);
  expect(walkedColumns.filter((column) => !sortColumns.includes(column))).toEqual([]);
  for (const [column, [lesser, greater, none]] of Object.entries(columns)) {
    const last = none === undefined ? [] : [none];
    inOrder(compareBy({ column, descending: false }), [lesser, greater, ...last]);
    inOrder(compareBy({ column, descending: true }), [greater, lesser, ...last]);
  }
  const [first, second] = [
    job({ created_at: now, running_slots: 1 }),
    job({ created_at: now, running_slots: 1 }),
  ];
  for (const column of ['slots', 'no such column']) {
    inOrder(compareBy({ column, descending: false }), [first, second]);
    inOrder(compareBy({ column, descending: true }), [second, first]);
  }
});

test('states in the order in which they move; an unknown one is with what moves', () => {
  const states = ['running', 'resuming', 'paused', 'waiting_upstream', 'pending'];
  expect(states.map(stateRank)).toEqual([0, 1, 2, 3, 4]);
  expect([stateRank('dreaming'), stateRank('failed'), stateRank('completed')]).toEqual([0, 8, 8]);
});

test('urgency: level, severity, priority, deadline, id', () => {
  const one = {
    id: 'b',
    risk_level: 'high',
    risk_severity: 0.9,
    priority: 5,
    sla_deadline_at: now,
  } as const;
  inOrder(compareUrgency, [
    { ...one, id: 'z', risk_level: 'breached', risk_severity: null, priority: 1 },
    { ...one, id: 'z', risk_severity: 1.5, priority: 1 },
    { ...one, id: 'z', priority: 6 },
    { ...one, id: 'z', sla_deadline_at: secondsAgo(1) },
    { ...one, id: 'a' },
    one,
    { ...one, risk_severity: null },
    { ...one, risk_level: 'low' },
    { ...one, risk_level: 'none', sla_deadline_at: null },
  ]);
});

test('claim order: priority, upstream first, deadline, age', () => {
  const one = { priority: 5, execution_order: 1, sla_deadline_at: now, created_at: now };
  const ranked = [
    { ...one, priority: 6, execution_order: 9 },
    { ...one, execution_order: 0, sla_deadline_at: null },
    { ...one, sla_deadline_at: secondsAgo(1), created_at: secondsAgo(-1) },
    { ...one, created_at: secondsAgo(1) },
    one,
    { ...one, sla_deadline_at: null, created_at: secondsAgo(1) },
    { ...one, sla_deadline_at: null },
  ];
  inOrder(compareRank, ranked);
  expect(ranked.map((waiting) => outranks(waiting, one))).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
  expect(outranks({ ...one, priority: 4, execution_order: 0 }, one)).toBe(false);
});

test('what fires and is critical comes first, then what fires, then the rest as it is told', () => {
  const alert = (name: string, severity: string, firing: boolean) =>
    ({ name, severity, firing }) as unknown as Alert;
  const alerts = [
    alert('a', 'warning', false),
    alert('b', 'warning', true),
    alert('c', 'critical', false),
    alert('d', 'critical', true),
    alert('e', 'warning', true),
    alert('f', 'critical', true),
  ];
  expect(
    firingFirst(alerts)
      .map(({ name }) => name)
      .join(''),
  ).toBe('dfbeac');
});

test('what is found comes first, the gravest before the rest; the worst of it by its figure', () => {
  const columns = [{ name: 'age' }];
  const check = (name: string, severity: string, found: number) =>
    ({ check: { name, severity, columns, figure: 'age' }, found }) as unknown as CheckSummary;
  const checks = [
    check('a', 'critical', 0),
    check('b', 'notice', 1),
    check('c', 'warning', 2),
    check('d', 'critical', 3),
    check('e', 'warning', 0),
  ];
  expect(
    foundFirst(checks)
      .map((one) => one.check.name)
      .join(''),
  ).toBe('dcbae');
  expect(
    checks
      .filter(needsAttention)
      .map((one) => one.check.name)
      .join(''),
  ).toBe('cd');
  const row = (job_id: string, age: number | null) => ({
    job_id,
    asset_name: 'orders',
    state: null,
    version: null,
    since: null,
    cells: { age },
  });
  const definition = checks[0]!.check;
  const worst = (...rows: ReturnType<typeof row>[]) => worstOf(definition, rows);
  expect(worst()).toBeNull();
  expect(worst(row('a', 1), row('b', 3), row('c', 3), row('d', null))).toMatchObject({
    job_id: 'b',
    value: 3,
  });
  expect(worst(row('a', null), row('b', -5))).toMatchObject({ job_id: 'b', value: -5 });
  expect(worst(row('a', null))).toMatchObject({ job_id: 'a', value: null, column: columns[0] });
  expect(worstOf({ ...definition, figure: 'none' }, [row('a', 1)])).toBeNull();
});

test('a table or function that is open to others comes first, and is a finding', () => {
  const table = (
    name: string,
    shared: boolean,
    enabled: boolean,
    forced: boolean,
    permissive: number,
    writers: string[],
  ) => ({ name, shared, enabled, forced, permissive, writers });
  const fn = (name: string, definer: boolean, pinned: boolean, everybody: boolean) => ({
    name,
    definer,
    pinned,
    public: everybody,
  });
  const found = protectionsOf({
    tables: [
      table('ours, forced', false, true, true, 1, []),
      table('shared, forced', true, true, true, 1, []),
      table('ours, enabled', false, true, false, 1, []),
      table('shared, enabled', true, true, false, 1, []),
      table('ours, no policy', false, true, true, 0, []),
      table('shared, no policy', true, true, true, 0, []),
      table('ours, read only', false, false, false, 0, []),
      table('ours, written', false, false, false, 0, ['app']),
      table('shared, unprotected', true, false, false, 0, []),
    ],
    functions: [
      fn('caller', false, false, true),
      fn('owner', true, true, false),
      fn('unpinned', true, false, false),
      fn('public', true, true, true),
    ],
  } as unknown as Parameters<typeof protectionsOf>[0]);
  expect(found.map(({ kind, name, level, protection }) => [kind, name, level, protection])).toEqual(
    [
      ['table', 'shared, enabled', 'warning', 'not_forced'],
      ['table', 'shared, no policy', 'warning', 'open'],
      ['table', 'ours, written', 'warning', 'open'],
      ['table', 'shared, unprotected', 'warning', 'open'],
      ['function', 'unpinned', 'warning', 'unpinned'],
      ['function', 'public', 'warning', 'public_owner'],
      ['table', 'ours, forced', 'ok', 'forced'],
      ['table', 'shared, forced', 'ok', 'forced'],
      ['table', 'ours, enabled', 'ok', 'enabled'],
      ['table', 'ours, no policy', 'ok', 'owner_only'],
      ['table', 'ours, read only', 'ok', 'read_only'],
      ['function', 'caller', 'ok', 'caller'],
      ['function', 'owner', 'ok', 'owner'],
    ],
  );
  const check = { check: '', message: '', hint: null };
  expect(levels.filter((level) => isFinding({ ...check, level }))).toEqual(['warning', 'fault']);
});
