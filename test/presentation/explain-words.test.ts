import { describe, expect, test } from 'vitest';
import type { Clause, ExplainFacts } from '../../source/domain/triage/explain.ts';
import { claimObstacle, mayNotFinish } from '../../source/presentation/job/claim-obstacle.ts';
import { blockerText, explainReason } from '../../source/presentation/triage/explain-reason.ts';
import { explainFacts } from '../support/explained.ts';
import { secondsAgo } from '../support/jobs.ts';
import { expectTexts } from '../support/texts.ts';

const id = '0000abcd-0000-4000-8000-000000000000';
const other = '0000beef-0000-4000-8000-000000000000';

describe('why a job does not run, and what to do', () => {
  const upstream = { id: other, asset_name: 'raw', state: 'running' };
  const silent = { id: 'web-2:1:a', slots: 1, seen_at: secondsAgo(30), until: secondsAgo(-90) };
  const blocker = { pid: 4711, login: 'mara', application: 'psql', state: 'idle', seconds: 180 };
  const limit = { scope: 'tenant', name: '', max_running: 2, running: 2 } as const;
  const trouble = {
    executor: 'e',
    host: 'web-1',
    kind: 'endpoint',
    message: 'cannot reach it',
    since: secondsAgo(720),
  } as const;
  const deleted = { ...upstream, state: null };
  const cases: [Clause, Partial<ExplainFacts>, why: RegExp, next: RegExp | null][] = [
    ['unknown_state', { state: 'dreaming' }, /dreaming/, /update/],
    [
      'ended',
      { state: 'completed', since: secondsAgo(720), by: 'mara' },
      /^completed 12m ago by mara$/,
      null,
    ],
    [
      'ended',
      { state: 'cancelled', reason: 'wrong' },
      /cancelled: "wrong"$/,
      /servo-tui recreate 0000abcd --reason/,
    ],
    ['ended', { state: 'failed' }, /^failed$/, /servo-tui retry 0000abcd$/],
    [
      'ended',
      { state: 'failed', successor: { id: other, state: 'running' } },
      /failed/,
      /0000beef \(running\).*servo-tui explain 0000beef$/,
    ],
    [
      'ended',
      { state: 'failed', waits_for: [upstream] },
      /failed/,
      /explain 0000beef.*recreate 0000abcd/,
    ],
    [
      'ended',
      { state: 'failed', waits_for: [deleted] },
      /failed/,
      /deleted.*recreate 0000abcd --include-upstream/,
    ],
    [
      'paused',
      { state: 'paused', reason: 'maintenance', by: 'mara' },
      /^paused by mara: "maintenance"$/,
      /^servo-tui resume 0000abcd$/,
    ],
    [
      'paused',
      { state: 'paused', since: secondsAgo(47), reason: 'auto-paused: 9 of 9 failed', by: 'e' },
      /^auto-paused 47s ago: 9 of 9 failed$/,
      /^servo-tui resume/,
    ],
    ['waiting_upstream', {}, /^its upstream jobs are completed: it continues/, null],
    [
      'waiting_upstream',
      { waits_for: [upstream] },
      /1 upstream job: raw 0000beef \(running\)$/,
      /servo-tui explain 0000beef$/,
    ],
    [
      'waiting_upstream',
      { waits_for: [{ ...deleted, asset_name: null }] },
      /a job 0000beef \(deleted\)$/,
      /explain/,
    ],
    [
      'waiting_upstream',
      { waits_for: Array.from({ length: 5 }, () => upstream) },
      /5 upstream jobs: (raw 0000beef \(running\)(, )?){5}$/,
      /explain/,
    ],
    [
      'waiting_upstream',
      { waits_for: Array.from({ length: 6 }, () => upstream) },
      /6 upstream jobs: (raw 0000beef \(running\)(, )?){5} …$/,
      /explain/,
    ],
    ['no_executor', {}, /executor/, /servo-tui --worker$/],
    [
      'unavailable',
      { outages: [trouble, trouble, { ...trouble, host: 'web-2' }] },
      /endpoint .* on web-1, web-2 for 12m: cannot reach it$/,
      /servo-tui executors/,
    ],
    [
      'unavailable',
      { outages: [{ ...trouble, kind: 'rows' as never }] },
      /^rows on web-1/,
      /executors/,
    ],
    [
      'no_handler',
      { executors: 2 },
      /^no executor has a handler for sessions \(2 running\)$/,
      /handler sessions/,
    ],
    [
      'draining',
      { draining: 1 },
      /^the only executor with a handler for it is draining$/,
      /servo-tui --worker$/,
    ],
    [
      'draining',
      { draining: 2 },
      /^all 2 executors with a handler for it are draining$/,
      /servo-tui --worker$/,
    ],
    ['on_hold', { hold_reason: 'replication lag' }, /replication lag$/, /executors$/],
    ['on_hold', {}, /the database is unhealthy$/, /executors$/],
    [
      'limited',
      { limits: [limit] },
      /^limit reached: 2 of 2 running jobs of this tenant$/,
      /servo-tui limits$/,
    ],
    [
      'limited',
      { limits: [{ ...limit, scope: 'asset', name: 'sales', max_running: 1, running: 1 }] },
      /^limit reached: 1 of 1 running job of sales$/,
      /limits/,
    ],
    [
      'limited',
      { limits: [{ ...limit, scope: 'asset_type', name: 'table', max_running: 0 }, limit] },
      /no job of assets of type table may run \(limit 0\); limit reached: 2 of 2/,
      /limits/,
    ],
    ['external_writer', { heartbeat_at: secondsAgo(60) }, /1m old$/, /2m/],
    ['external_writer', { heartbeat_at: null }, /; it has no heartbeat$/, /2m/],
    [
      'running',
      { running_slots: 2, max_parallel: 3, running_on: ['web-1:1:a'] },
      /^running on 2 of 3 slots: web-1:1:a$/,
      null,
    ],
    ['running', { running_slots: 1, max_parallel: 1 }, /^running on 1 of 1 slot$/, null],
    [
      'running',
      { running_slots: 1, failing: true, failure: 'no way' },
      /one partition at a time.*: no way$/,
      null,
    ],
    [
      'running',
      { running_slots: 2, max_parallel: 2, running_on: ['web-1:1:a', silent.id], silent: [silent] },
      /^running on 1 of 2 slots: web-1:1:a; 1 slot on web-2:1:a, silent for 30s$/,
      /within 1m$/,
    ],
    [
      'running',
      { slots: 1, silent: [{ ...silent, slots: 2, seen_at: null, until: secondsAgo(9) }] },
      /0 of .*; 2 slots on web-2:1:a, an unknown executor$/,
      /within 1s$/,
    ],
    ['incomplete', { missing: 1 }, /^1 of 365 partitions is missing/, /ends/],
    [
      'incomplete',
      { missing: 2, partitions_made: false },
      /^2 of 365 partitions are not created yet/,
      /30s/,
    ],
    ['incomplete', { missing: 400 }, /^400 of 400 partitions are missing/, /ends/],
    [
      'incomplete',
      { missing: 1, partitions_made: false },
      /^1 of 365 partitions is not created/,
      /30s/,
    ],
    [
      'locked',
      { blockers: [blocker] },
      /pid 4711 \(mara, psql, idle, for 3m\)$/,
      /pg_terminate_backend\(4711\)$/,
    ],
    [
      'locked',
      {
        blockers: [
          { ...blocker, login: null, application: '', state: null, seconds: null },
          { ...blocker, seconds: 0 },
        ],
      },
      /pid 4711, pid 4711 \(mara, psql, idle, for 1s\)$/,
      /4711/,
    ],
    ['back_off', { due_at: secondsAgo(-90) }, /the first is due in 1m$/, null],
    ['back_off', { due_at: secondsAgo(9) }, /the first is due in 1s$/, null],
    [
      'blocked_by_cancelled',
      { blocked_keys: 1, blocked_by: other },
      /^1 partition still runs in the cancelled job 0000beef$/,
      /ended/,
    ],
    [
      'blocked_by_cancelled',
      { blocked_keys: 2 },
      /^2 partitions still run in a cancelled job$/,
      /ended/,
    ],
    ['outranked', { slots: 1 }, /^queued: 1\/1 slot busy, 0 jobs ahead$/, /--priority/],
    ['outranked', { jobs_ahead: 1 }, /^queued: 4\/4 slots busy, 1 job ahead$/, /--priority/],
    ['outranked', { jobs_ahead: 2 }, /, 2 jobs ahead$/, /--priority/],
    ['claimable', {}, /partition/, null],
    ['claimable', { state: 'pending' }, /claimed/, null],
  ];
  test.each(cases)('%s, %o', (clause, facts, why, next) => {
    const said = explainReason(clause, explainFacts(id, facts));
    expect(said.why).toMatch(why);
    if (next === null) expect(said.next).toBeNull();
    else expect(said.next).toMatch(next);
    expect(`${said.why}${said.next}`).not.toMatch(/undefined|NaN|\[object/);
  });

  test('each in full', async () => {
    const told = cases.flatMap(([clause, facts]) => {
      const { why, next } = explainReason(clause, explainFacts(id, facts));
      return [`${clause}: ${why}`, `  next: ${next ?? '–'}`];
    });
    await expectTexts('explanations', told);
  });

  test('who holds a lock, as far as the role may see, and no longer than a line', () => {
    const said = (changes: object) => blockerText({ ...blocker, ...changes });
    expect([
      said({}),
      said({ application: '', seconds: 0 }),
      said({ login: null, application: null, state: null, seconds: null }),
      said({ login: 'x'.repeat(300) }),
    ]).toEqual([
      'pid 4711 (mara, psql, idle, for 3m)',
      'pid 4711 (mara, idle, for 1s)',
      'pid 4711',
      `pid 4711 (${'x'.repeat(200)})`,
    ]);
  });

  test('what keeps a job from being claimed, and what may not finish', async () => {
    const scenes: [string, Partial<ExplainFacts>][] = [
      ['nothing', {}],
      ['no executor', { executors: 0, with_handler: 0, ready: 0, without_outage: 0 }],
      ['no handler', { with_handler: 0, ready: 0, without_outage: 0 }],
      ['draining', { draining: 1, ready: 0 }],
      ['on hold', { ready: 0, hold_reason: 'lag' }],
      ['limited', { limits: [limit] }],
      ['outranked', { slots: 1, slots_busy: 1, jobs_ahead: 2 }],
      ['an outage', { without_outage: 0, outages: [trouble] }],
      ['nothing due', { has_claimable: false, due_at: secondsAgo(-90) }],
      ['silent executors', { silent: [silent, { ...silent, id: 'web-3:1:a', slots: 2 }] }],
    ];
    const told = ['paused', 'waiting_upstream', 'running'].flatMap((state) =>
      scenes.map(([name, facts]) => {
        const known = { facts: explainFacts(id, { state, waits_for: [upstream], ...facts }) };
        return `${state}, ${name}: ${claimObstacle(known) ?? '–'} | ${mayNotFinish(known) ?? '–'}`;
      }),
    );
    await expectTexts('claim-obstacles', told);
  });

  test('what a failure is sure to need comes before the command', () => {
    const grant = 'permission denied for table sales (SQLSTATE 42501)';
    for (const [clause, state] of [
      ['ended', 'failed'],
      ['paused', 'paused'],
    ] as const) {
      const { next } = explainReason(
        clause,
        explainFacts(id, { state, failure: grant, failing: true }),
      );
      const command = state === 'failed' ? 'servo-tui retry' : 'servo-tui resume';
      if (next!.includes('then: '))
        expect(next!.indexOf('then: ')).toBeLessThan(next!.indexOf(command));
      expect(next).toContain(command);
    }
  });
});
