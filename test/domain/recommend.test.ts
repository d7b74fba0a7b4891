import { describe, expect, test } from 'vitest';
import { checks } from '../../source/database/queries/triage/checks.ts';
import { definitionOf } from '../../source/database/queries/triage/sql.ts';
import type { Remedy } from '../../source/domain/advice/advice.ts';
import type { CheckName, FoundRow } from '../../source/domain/triage/checks.ts';
import { type Clause, clauses, type ExplainFacts } from '../../source/domain/triage/explain.ts';
import {
  type CheckFinding,
  recommend,
  recommendByClause,
  recommendByForecast,
  scenarioOf,
} from '../../source/domain/triage/recommend.ts';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { explainFacts } from '../support/explained.ts';

const id = '0000abcd-0000-4000-8000-000000000000';
const context = { tenant: 'acme', thresholds: thresholdDefaults, job: id, limit: 10 };
const held = (name: CheckName, cells: FoundRow['cells'] = {}): CheckFinding => ({
  check: definitionOf(checks.find((check) => check.name === name)!, context),
  rows: [{ job_id: id, asset_name: 'sessions', state: 'running', version: 7, since: null, cells }],
});

const unserved = { with_handler: 0 };
const drained = { with_handler: 2, draining: 2 };
const busy = { slots_busy: 4 };
const old = { heartbeat_age_secs: 241 };

type Row = [CheckName, Partial<ExplainFacts>, FoundRow['cells'], Record<string, unknown>];

/** By the check that names the scenario, what is known of the job, and the row: what is advised. */
const advice: Row[] = [
  [
    'checkpoint',
    {},
    {},
    { action: 'pause', ready: { action: 'pause', reason: 'checkpoint does not match' } },
  ],
  ['checkpoint', { state: 'failed' }, {}, { action: 'look', ready: null }],
  ['stuck', unserved, old, { action: 'start-executor', ready: null }],
  ['stuck', drained, old, { action: 'start-executor' }],
  [
    'stuck',
    {},
    old,
    { action: 'reclaim', command: expect.stringContaining('servo-tui reclaim 0000abcd') },
  ],
  ['stuck', {}, { heartbeat_age_secs: 240 }, { action: 'wait', ready: null }],
  ['stuck', {}, { heartbeat_age_secs: null }, { action: 'reclaim' }],
  ['stuck', { ready: 0 }, old, { action: 'wait' }],
  ['stuck', { hold_reason: 'slow' }, old, { action: 'wait' }],
  ['resuming', unserved, {}, { action: 'start-executor' }],
  ['resuming', {}, {}, { action: 'look' }],
  ['unclaimed', drained, {}, { action: 'start-executor' }],
  ['unclaimed', {}, {}, { action: 'look' }],
  ['no-executor', {}, {}, { action: 'start-executor' }],
  [
    'failure-rate',
    {},
    {},
    { action: 'pause', ready: { action: 'pause', reason: 'high partition failure rate' } },
  ],
  ['failure-rate', { state: 'paused' }, {}, { action: 'look' }],
  ['no-progress', {}, {}, { action: 'look' }],
  [
    'wont-resume',
    { state: 'paused' },
    {},
    { action: 'resume', ready: { action: 'resume', state: 'paused' } },
  ],
  ['breached', { state: 'paused' }, {}, { action: 'resume' }],
  ['breached', { state: 'waiting_upstream' }, {}, { action: 'look' }],
  [
    'breached',
    { slots_busy: 1, max_parallel: 2 },
    {},
    { action: 'set-parallel', ready: { action: 'set', parameters: { parallel: '5' } } },
  ],
  [
    'breached',
    { ...busy, jobs_ahead: 1 },
    {},
    { action: 'set-priority', ready: { action: 'set', parameters: { priority: '10' } } },
  ],
  ['breached', busy, {}, { action: 'look' }],
  ['at-risk', { state: 'paused' }, { risk_level: 'high' }, { action: 'resume' }],
  ['at-risk', { state: 'waiting_upstream' }, { risk_level: 'high' }, { action: 'look' }],
  ['at-risk', {}, { risk_level: 'low' }, { action: 'look' }],
  [
    'at-risk',
    {},
    { risk_level: 'medium' },
    { action: 'set-parallel', command: expect.stringContaining('--parallel 5') },
  ],
  ['at-risk', busy, { risk_level: 'medium' }, { action: 'pause', ready: null }],
  ['at-risk', busy, { risk_level: 'high' }, { action: 'start-executor' }],
  [
    'at-risk',
    { ...busy, jobs_ahead: 3 },
    { risk_level: 'high' },
    {
      action: 'recreate',
      ready: {
        action: 'recreate',
        parameters: { priority: '10' },
        reason: expect.stringContaining('SLA at risk'),
      },
    },
  ],
  ['failed-partitions', { state: 'failed' }, {}, { action: 'retry' }],
  ['failed-partitions', {}, {}, { action: 'look' }],
  ['waiting-upstream', { state: 'waiting_upstream' }, {}, { action: 'wait' }],
  ['eta-missing', {}, {}, { action: 'wait' }],
  ['long-running', {}, {}, { action: 'wait' }],
];

test.each(advice)('%s of a job with %o, and %o', (name, facts, cells, expected) => {
  const { action, text, command, ready } = recommend(held(name, cells), explainFacts(id, facts));
  expect({ action, command, ready }).toMatchObject(expected);
  // The advice is the runbook's own, of the check or of the nearest that it has.
  const { remedies } = held(name).check;
  expect(remedies.map((remedy) => remedy.text)).toContain(text);
  expect(command ?? '').not.toMatch(/\bJOB\b/);
  const { state = 'running', version = 7 } = facts;
  if (ready !== null) expect(ready).toMatchObject({ id, state, version });
});

test('a check without a choice of its own advises its first remedy', () => {
  const chosen = new Set(advice.map(([name]) => name));
  for (const { name } of checks.filter((check) => !chosen.has(check.name))) {
    const { check } = held(name);
    const first = check.remedies[0];
    if (first === undefined) continue;
    expect(recommend(held(name), explainFacts(id)).text).toBe(first.text);
  }
});

test('data comes first, then what does not run, then what runs badly, then what is late', () => {
  const order: CheckName[] = [
    'checkpoint',
    'stuck',
    'no-executor',
    'failure-rate',
    'no-progress',
    'breached',
    'at-risk',
    'eta',
    'waiting-upstream',
    'long-running',
    'queue-depth',
  ];
  for (const [index, name] of order.entries())
    for (const other of order.slice(index + 1))
      for (const both of [
        [held(name), held(other)],
        [held(other), held(name)],
      ])
        expect(scenarioOf(both)!.check.name).toBe(name);
  expect(scenarioOf([])).toBeNull();
});

describe('without a check that holds', () => {
  const upstream = {
    id: '0000beef-0000-4000-8000-000000000000',
    asset_name: 'raw',
    state: 'failed',
  };
  type ByClause = [Clause, Partial<ExplainFacts>, [action: string, command: string | null] | null];
  const byClause: ByClause[] = [
    ['paused', { state: 'paused' }, ['resume', 'servo-tui resume 0000abcd']],
    ['ended', { state: 'failed' }, ['retry', 'servo-tui retry 0000abcd']],
    ['ended', { state: 'cancelled' }, ['recreate', 'servo-tui recreate 0000abcd --reason "why"']],
    ['ended', { state: 'completed' }, null],
    ['ended', { state: 'failed', successor: { id, state: 'running' } }, null],
    ['ended', { state: 'failed', waits_for: [upstream] }, ['look', 'servo-tui explain 0000beef']],
    [
      'ended',
      { state: 'failed', waits_for: [{ ...upstream, state: null }] },
      ['look', 'servo-tui recreate 0000abcd --include-upstream --reason "why"'],
    ],
    [
      'ended',
      { state: 'cancelled', waits_for: [upstream] },
      ['recreate', 'servo-tui recreate 0000abcd --reason "why"'],
    ],
    ['draining', {}, ['start-executor', 'servo-tui --worker']],
    ['unavailable', {}, ['wait', 'servo-tui executors']],
    ['on_hold', {}, ['wait', null]],
    ['limited', {}, ['wait', 'servo-tui limits']],
  ];
  test.each(byClause)('%s, %o', (clause, facts, expected) => {
    const found = recommendByClause(clause, explainFacts(id, facts));
    expect(found && [found.action, found.command]).toEqual(expected);
    const onJob = ['resume', 'retry', 'recreate'].includes(found?.action ?? '');
    expect(found?.ready ?? null).toEqual(
      onJob
        ? {
            action: found!.action,
            id,
            state: facts.state,
            version: 7,
            parameters: {},
            reason: null,
          }
        : null,
    );
  });

  test('the other clauses advise nothing', () => {
    const told = byClause.map(([clause]) => clause);
    for (const clause of clauses.filter((one) => !told.includes(one)))
      expect(recommendByClause(clause, explainFacts(id))).toBeNull();
  });
});

describe('the remedy of the forecast comes before the runbook’s for the level', () => {
  const facts = explainFacts(id, { ...busy, jobs_ahead: 3 });
  const runbook = recommend(held('at-risk', { risk_level: 'high' }), facts);
  const from = { from: 1, to: 3 };
  const cases: [string, Remedy['steps'], Record<string, unknown>][] = [
    [
      'max parallel',
      [{ kind: 'parallel', job: id, ...from }],
      {
        action: 'set-parallel',
        command: 'servo-tui set 0000abcd --parallel 3',
        ready: { action: 'set', id, version: 7, parameters: { parallel: '3' } },
      },
    ],
    [
      'both settings',
      [
        { kind: 'parallel', job: id, ...from },
        { kind: 'priority', job: id, ...from },
      ],
      { command: 'servo-tui set 0000abcd --parallel 3 --priority 3' },
    ],
    [
      'resume',
      [{ kind: 'resume', job: id }],
      { action: 'resume', command: 'servo-tui resume 0000abcd', ready: { action: 'resume' } },
    ],
    [
      'resume with a setting',
      [
        { kind: 'resume', job: id },
        { kind: 'parallel', job: id, ...from },
      ],
      { action: 'recreate', ready: null },
    ],
    ['another job', [{ kind: 'pause', job: 'other' }], { action: 'recreate', ready: null }],
    ['slots', [{ kind: 'slots', ...from }], { action: 'recreate', ready: null }],
  ];
  test.each(cases)('%s', (_, steps, expected) => {
    const advice = { remedies: [{ steps } as Remedy] };
    expect(recommendByForecast(runbook, advice, facts)).toMatchObject(expected);
  });

  test('a part of the remedy that is the runbook’s too stays ready', () => {
    const paused = explainFacts(id, { state: 'paused' });
    const resume = recommend(held('at-risk', { risk_level: 'high' }), paused);
    const steps: Remedy['steps'] = [
      { kind: 'resume', job: id },
      { kind: 'slots', ...from },
    ];
    const advice = { remedies: [{ steps } as Remedy] };
    expect(recommendByForecast(resume, advice, paused)).toBe(resume);
    expect(resume.ready).toMatchObject({ action: 'resume' });
  });

  test('without one the runbook’s stands', () => {
    expect(runbook.ready).not.toBeNull();
    expect(recommendByForecast(runbook, null, facts)).toBe(runbook);
    expect(recommendByForecast(runbook, { remedies: [] }, facts)).toBe(runbook);
    const accepted = { remedies: [{ steps: [{ kind: 'accept' }] } as unknown as Remedy] };
    expect(recommendByForecast(runbook, accepted, facts)).toBe(runbook);
  });
});
