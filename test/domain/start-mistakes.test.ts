import { describe, expect, test } from 'vitest';
import { jobMatches, namedJobs, parseFilter } from '../../source/domain/job/filter.ts';
import { isProblem } from '../../source/domain/job/order.ts';
import { changeStrategy, readStrategy, writeStrategy } from '../../source/domain/job/strategy.ts';
import type { Granularity } from '../../source/domain/partition/period.ts';
import { readStart, type StartInput } from '../../source/domain/start/request.ts';
import {
  type Clause,
  clauses,
  type ExplainFacts,
  explain,
} from '../../source/domain/triage/explain.ts';
import { explainFacts } from '../support/explained.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';

const one = { partitions: ['a'] };
const file = (text: string) => ({ partitions_file: { name: 'keys.csv', text } });

/** An input, the granularity of its asset, and each mistake that it has, with what is advised. */
const mistakes: [Partial<StartInput>, Granularity | null, [RegExp, RegExp | null][]][] = [
  [{}, null, [[/^no partitions given$/, /^pass --partition/]]],
  [
    { ...one, start: '2024-01-01', end: '2024-01-02' },
    null,
    [[/^--partition and --start and --end are mutually exclusive$/, /^pass/]],
  ],
  [
    { ...one, ...file('b\n') },
    null,
    [[/^--partition and --partitions-file are mutually exclusive$/, /^pass/]],
  ],
  [{ ...one, every: 'day' }, null, [[/^--every requires --start and --end$/, null]]],
  [
    { partitions: ['a', 'b', 'a'] },
    null,
    [[/^duplicate partition "a"$/, /^list each partition once$/]],
  ],
  [
    file('# nothing\n\n'),
    null,
    [[/^no partition keys in keys.csv$/, /^expected one key per line$/]],
  ],
  [
    file('key\n2024-01-01\n'),
    null,
    [[/^the first line of keys.csv, "key", looks like a header$/, /--any-key/]],
  ],
  [
    { partitions: ['x'] },
    'day',
    [[/^partition key "x" is not a day$/, /^expected one day in UTC/]],
  ],
  [{ partitions: ['2024-02-30'] }, null, [[/is not a calendar date$/, /^expected 1 to/]]],
  [{ start: '2024-01-01' }, 'day', [[/^missing --end$/, /^e\.g\. --end 2024-12-31$/]]],
  [{ end: '2024-01-01' }, 'day', [[/^missing --start$/, /^e\.g\. --start 2024-01-01$/]]],
  [
    { start: 'soon' },
    'day',
    [
      [/^missing --end$/, /--end/],
      [/^invalid --start "soon": not a date$/, /^expected ISO 8601/],
    ],
  ],
  [
    { end: 'soon' },
    'day',
    [
      [/^missing --start$/, /--start/],
      [/^invalid --end "soon": not a date$/, /^expected ISO 8601/],
    ],
  ],
  [
    { start: 'x', end: 'y' },
    'day',
    [
      [/^invalid --start "x": not a date$/, /ISO/],
      [/^invalid --end "y": not a date$/, /ISO/],
    ],
  ],
  [
    { start: '2024-01-03', end: '2024-01-01' },
    'day',
    [
      [
        /^the range ends \(2024-01-01\) before it starts/,
        /^--start is the first partition, --end the last$/,
      ],
    ],
  ],
  [
    { start: '2024-01-01T05', end: '2024-01-02T05' },
    'day',
    [
      [/^invalid --start .*finer than the step/, /^use whole partitions/],
      [/^invalid --end .*finer than the step/, /^use whole/],
    ],
  ],
  [
    { start: '2024-01-03', end: '2024-01-08' },
    'week',
    [
      [
        /^invalid --start "2024-01-03": not the start of a week in UTC, "2024-01-01" is$/,
        /^use the start of the partition, in UTC$/,
      ],
    ],
  ],
  [
    { start: '0001-01', end: '9999-12' },
    'hour',
    [[/./, /^start several jobs, or one --every day, week or month$/]],
  ],
  [
    { start: '2024-01', end: '2024-02', every: 'mnth' },
    null,
    [[/^invalid --every "mnth"$/, /^did you mean month\?$/]],
  ],
  [
    { start: '2024-01', end: '2024-02', every: 'zzzzzz' },
    null,
    [[/^invalid --every "zzzzzz"$/, /^expected hour/]],
  ],
  [
    { ...one, priority: '5', tier: 'critical' },
    null,
    [[/^--priority and --tier are mutually exclusive$/, /by name$/]],
  ],
  [
    { ...one, tier: 'critcal' },
    null,
    [[/^invalid --tier "critcal"$/, /^did you mean critical\?$/]],
  ],
  [
    { ...one, tier: 'zzzzzz' },
    null,
    [[/^invalid --tier "zzzzzz"$/, /^expected critical, standard, best-effort$/]],
  ],
  [{ ...one, tier: 'toString' }, null, [[/^invalid --tier "toString"$/, /./]]],
  [
    { ...one, priority: '11' },
    null,
    [[/^invalid --priority "11"$/, /^expected a whole number from -10 to 10$/]],
  ],
  [{ ...one, priority: '-11' }, null, [[/^invalid --priority "-11"$/, /from -10/]]],
  [{ ...one, priority: 'x' }, null, [[/^invalid --priority "x"$/, /from -10/]]],
  [{ ...one, priority: '5x' }, null, [[/^invalid --priority "5x"$/, /from/]]],
  [{ ...one, priority: '1.5' }, null, [[/^invalid --priority "1\.5"$/, /from/]]],
  [{ ...one, parallel: '0' }, null, [[/^invalid --parallel "0"$/, /from 1 to 10000$/]]],
  [{ ...one, parallel: '10001' }, null, [[/^invalid --parallel "10001"$/, /from 1/]]],
  [
    { ...one, max_attempts: '1001' },
    null,
    [[/^invalid --max-attempts "1001"$/, /from 1 to 1000$/]],
  ],
  [
    { ...one, sla_deadline: 'soon' },
    null,
    [[/^invalid --sla-deadline "soon"$/, /^expected ISO 8601/]],
  ],
  [
    { ...one, timeout: 'soon' },
    null,
    [[/^invalid --timeout "soon"$/, /^expected up to 7d, e\.g\. 30s/]],
  ],
  [{ ...one, timeout: '8d' }, null, [[/^invalid --timeout "8d"$/, /^expected up to 7d/]]],
  [{ ...one, timeout: '0s' }, null, [[/^invalid --timeout "0s"$/, /^expected up to 7d/]]],
  [
    { ...one, max_upstream_depth: '2' },
    null,
    [[/^--max-upstream-depth requires --include-upstream$/, null]],
  ],
  [
    { ...one, include_upstream: true, max_upstream_depth: '11' },
    null,
    [[/^invalid --max-upstream-depth "11"$/, /from 0 to 10$/]],
  ],
  [
    { ...one, idempotency_key: ' ' },
    null,
    [[/^invalid --idempotency-key: empty$/, /^expected 1 to 255/]],
  ],
  [
    { ...one, idempotency_key: 'k'.repeat(256) },
    null,
    [[/^invalid --idempotency-key: 256 characters$/, /^expected 1 to 255/]],
  ],
];

describe('a start that cannot be', () => {
  test.each(mistakes)('%o of %s', (input, granularity, expected) => {
    const { request, problems } = readStart({ asset: 'orders', ...input }, granularity);
    expect(request).toBeNull();
    expect(problems).toHaveLength(expected.length);
    for (const [index, [message, hint]] of expected.entries()) {
      expect(problems[index]!.message).toMatch(message);
      if (hint === null) expect(problems[index]!.hint).toBeUndefined();
      else expect(problems[index]!.hint).toMatch(hint);
    }
  });
});

test('a start that can be says what was said, and the defaults of the rest', () => {
  const defaults = {
    keys: { list: ['a'] },
    priority: 0,
    deadline: null,
    strategy: {},
    include_upstream: false,
    max_upstream_depth: 0,
    idempotency_key: null,
  };
  const cases: [Partial<StartInput>, object][] = [
    [{}, {}],
    [{ priority: ' +7 ' }, { priority: 7 }],
    [{ priority: '-10' }, { priority: -10 }],
    [{ priority: '10' }, { priority: 10 }],
    [{ tier: 'critical' }, { priority: 10 }],
    [
      { parallel: '10000', max_attempts: '1000', timeout: '7d' },
      { strategy: { max_parallel: 10_000, max_attempts: 1000, timeout_ms: 7 * 86_400_000 } },
    ],
    [
      { parallel: '1', max_attempts: '1', timeout: '1ms', reverse: true },
      { strategy: { max_parallel: 1, max_attempts: 1, timeout_ms: 1, order: 'desc' } },
    ],
    [{ include_upstream: true }, { include_upstream: true }],
    [
      { include_upstream: true, max_upstream_depth: '10' },
      { include_upstream: true, max_upstream_depth: 10 },
    ],
    [{ idempotency_key: 'k'.repeat(255) }, { idempotency_key: 'k'.repeat(255) }],
    [{ idempotency_key: '🗝'.repeat(255) }, { idempotency_key: '🗝'.repeat(255) }],
    [{ partitions: [], ...file('b\n# c\n\nd\n') }, { keys: { list: ['b', 'd'] } }],
    [
      { partitions: [], ...file('key\n2024-01-01\n'), any_key: true },
      { keys: { list: ['key', '2024-01-01'] } },
    ],
  ];
  for (const [input, expected] of cases) {
    const { request, problems } = readStart({ asset: 'orders', ...one, ...input }, null);
    expect(problems).toEqual([]);
    expect(request).toEqual({ ...defaults, ...expected });
  }
});

test('a strategy that other programs wrote is read by the same rules as ours', () => {
  const defaults = { max_parallel: 1, max_attempts: 3, timeout_ms: 300_000, order: 'asc' };
  const cases: [unknown, object][] = [
    [null, {}],
    ['parallel', {}],
    [['parallel'], {}],
    [{ type: 'parallel' }, {}],
    [{ type: 'sequential', max_parallel: 5 }, {}],
    [{ type: 'parallel', max_parallel: 5 }, { max_parallel: 5 }],
    ...[0, -1, 1.5, 1e9, '5', null].map((max_parallel): [unknown, object] => [
      { type: 'parallel', max_parallel },
      {},
    ]),
    [{ type: 'parallel', max_parallel: 1e9 - 1 }, { max_parallel: 1e9 - 1 }],
    [
      { max_attempts: 1, timeout_ms: 1, order: 'desc' },
      { max_attempts: 1, timeout_ms: 1, order: 'desc' },
    ],
    [{ max_attempts: 0, timeout_ms: 0, order: 'up' }, {}],
  ];
  for (const [column, expected] of cases)
    expect(readStrategy(column)).toEqual({ ...defaults, ...expected });
  expect(writeStrategy({ max_attempts: 3, timeout_ms: 1 }, { max_attempts: 3 })).toEqual({
    type: 'sequential',
    max_attempts: 3,
    timeout_ms: 1,
  });
  expect(writeStrategy({ max_parallel: 2, order: undefined })).toEqual({
    type: 'parallel',
    max_parallel: 2,
  });
  const theirs = { type: 'parallel', max_parallel: 4, batch: 7, max_attempts: 3 };
  expect(changeStrategy(theirs, {})).toEqual(theirs);
  expect(changeStrategy(theirs, { max_parallel: 1 })).toEqual({
    type: 'sequential',
    batch: 7,
    max_attempts: 3,
  });
  expect(changeStrategy(theirs, { timeout_ms: 300_000 })).toEqual({
    ...theirs,
    timeout_ms: 300_000,
  });
  expect(changeStrategy(null, { max_parallel: 2 })).toEqual({ type: 'parallel', max_parallel: 2 });
  expect(changeStrategy({ timeout_ms: 1 }, {})).toEqual({ type: 'sequential', timeout_ms: 1 });
});

describe('a filter', () => {
  const due = (minutes: number) => secondsAgo(-60 * minutes);
  const jobs = {
    run: aJob({
      number: 0x11,
      asset_name: 'orders_eu',
      priority: 3,
      created_by: 'mara',
      sla_deadline_at: due(60),
    }),
    late: aJob({
      number: 0x12,
      asset_name: 'orders_us',
      priority: 5,
      created_by: 'joe',
      sla_deadline_at: due(8),
    }),
    paused: aJob({
      number: 0x21,
      asset_name: 'clicks',
      state: 'paused',
      running_slots: 0,
      priority: 9,
      created_by: null,
    }),
    failing: aJob({ number: 0x22, asset_name: 'paused_ads', failed_partitions: 1, priority: 5 }),
    failed: aJob({
      number: 0x31,
      asset_name: 'visits',
      state: 'failed',
      completed_at: now,
      priority: 5,
    }),
    done: aJob({
      number: 0x32,
      asset_name: 'sales',
      state: 'completed',
      completed_at: now,
      failed_partitions: 1,
      priority: 5,
    }),
  };
  const deadlines: Record<string, Date | null> = {
    '00000011': due(60),
    '00000012': due(8),
    '00000021': null,
  };
  const living = ['run', 'late', 'paused', 'failing'];
  const found: Record<string, string[]> = {
    '': Object.keys(jobs),
    'state:paused': ['paused'],
    'state:fail,comp': ['failed', 'done'],
    '!state:running': ['paused', 'failed', 'done'],
    'state:active': living,
    'state:ended': ['failed', 'done'],
    'asset:orders*': ['run', 'late'],
    'asset:orders_eu': ['run'],
    'by:mara !asset:orders*': ['failing', 'failed', 'done'],
    'by:joe': ['late'],
    'id:0000001': ['run', 'late'],
    'risk:high': ['late'],
    'risk:at_risk': ['late'],
    'risk:on_track': ['run'],
    'priority:>5': ['paused'],
    'priority:>=5': ['late', 'paused', 'failing', 'failed', 'done'],
    'priority:<5': ['run'],
    'priority:<=5': ['run', 'late', 'failing', 'failed', 'done'],
    'priority:5': ['late', 'failing', 'failed', 'done'],
    'priority:=5': ['late', 'failing', 'failed', 'done'],
    'sla:none': ['paused', 'failing', 'failed', 'done'],
    'sla:later-than:00000012': ['run'],
    'sla:later-than:00000011': [],
    'sla:later-than:00000021': [],
    problems: ['late', 'failing', 'failed'],
    paused: ['paused', 'failing'],
    '0000002': ['paused', 'failing'],
    'ORDERS eu': ['run'],
  };
  test.each(Object.entries(found))('"%s" finds what it says', (text, expected) => {
    const filter = parseFilter(text);
    expect(filter.problems).toEqual([]);
    const matching = Object.entries(jobs).filter(([, job]) =>
      jobMatches(filter, job, (name) => deadlines[name]),
    );
    expect(matching.map(([name]) => name)).toEqual(expected);
  });

  test('names the jobs whose deadlines it wants, and knows what a problem is', () => {
    expect(namedJobs(parseFilter('sla:later-than:1a2b x !sla:later-than:3c4d'))).toEqual([
      '1a2b',
      '3c4d',
    ]);
    const problems = Object.entries(jobs).filter(([, job]) => isProblem(job));
    expect(problems.map(([name]) => name)).toEqual(found.problems);
  });
});

describe('the clause that keeps a job from running', () => {
  const id = '0000abcd-0000-4000-8000-000000000000';
  const trouble = {
    executor: 'e',
    host: 'h',
    kind: 'rows',
    message: 'm',
    since: now,
  } as unknown as ExplainFacts['outages'][number];
  const limit = { scope: 'tenant', name: '', max_running: 1, running: 1 } as const;
  const base = { ours: false, heartbeat_at: secondsAgo(119.999) };
  const cases: [Partial<ExplainFacts>, Clause][] = [
    [{ state: 'dreaming', executors: 0 }, 'unknown_state'],
    [{ state: 'failed', executors: 0 }, 'ended'],
    [{ state: 'paused', executors: 0 }, 'paused'],
    [{ state: 'waiting_upstream', executors: 0 }, 'waiting_upstream'],
    [{ ...base, executors: 0 }, 'external_writer'],
    [{ ...base, heartbeat_at: secondsAgo(120) }, 'claimable'],
    [{ ...base, heartbeat_at: null }, 'claimable'],
    [{ ...base, ours: true }, 'claimable'],
    [{ ...base, state: 'pending' }, 'claimable'],
    [{ executors: 0, with_handler: 0, ready: 0 }, 'no_executor'],
    [{ outages: [trouble], without_outage: 0 }, 'unavailable'],
    [{ outages: [trouble] }, 'claimable'],
    [{ with_handler: 0, ready: 0, without_outage: 0 }, 'no_handler'],
    [{ draining: 1, ready: 0 }, 'draining'],
    [{ ready: 0 }, 'on_hold'],
    [{ state: 'pending', limits: [limit] }, 'limited'],
    [{ limits: [limit] }, 'claimable'],
    [{ missing: 1, running_slots: 1 }, 'incomplete'],
    [{ running_slots: 1, slots_busy: 4 }, 'running'],
    [{ state: 'resuming', running_slots: 1 }, 'claimable'],
    [
      {
        blockers: [{ pid: 1, login: null, application: null, state: null, seconds: null }],
        has_claimable: false,
        due_at: secondsAgo(-1),
      },
      'locked',
    ],
    [{ has_claimable: false, due_at: secondsAgo(-1), blocked_keys: 1 }, 'back_off'],
    [{ has_claimable: true, due_at: secondsAgo(-1) }, 'claimable'],
    [{ has_claimable: false, due_at: now }, 'claimable'],
    [{ has_claimable: false, blocked_keys: 1, slots_busy: 4 }, 'blocked_by_cancelled'],
    [{ has_claimable: true, blocked_keys: 1 }, 'claimable'],
    [{ slots_busy: 4 }, 'outranked'],
    [{ slots_busy: 3 }, 'claimable'],
  ];
  test.each(cases)('%o: %s', (facts, clause) => {
    expect(explain(explainFacts(id, facts))).toBe(clause);
  });

  test('each of them can be told', () => {
    expect(clauses.filter((clause) => !cases.some(([, told]) => told === clause))).toEqual([]);
  });
});
