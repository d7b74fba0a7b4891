import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { effectRunner } from '../../source/app/run-effect.ts';
import { actionNames, actionOf } from '../../source/console/model/actions.ts';
import { boardNames } from '../../source/console/model/boards.ts';
import type { SessionEffect } from '../../source/console/model/effects.ts';
import type { Author, Database, Query } from '../../source/database/database.ts';
import { sortColumns } from '../../source/domain/job/order.ts';
import { checkNames } from '../../source/domain/triage/checks.ts';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { theTable } from '../support/jobs.ts';
import { Operator } from '../support/operator.ts';

// Whatever the console can ask: with this table, what is added to its effects is added here.

let operator: Operator;
let id: string;
let effects: { readonly [T in SessionEffect['type']]: Extract<SessionEffect, { type: T }>[] };

beforeAll(async () => {
  operator = await Operator.open();
  const asset = await operator.asset('orders', 'day');
  await operator.sql(
    `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state, created_at, heartbeat_at, sla_deadline_at)
     select 'acme', $1, 'orders', i::text, case when i % 100 = 0 then 'running' when i % 7 = 0 then 'failed' when i % 90 = 0 then 'pending' else 'completed' end,
       now() - i * interval '1 minute', now(), case when i % 50 = 0 then now() + i * interval '1 minute' end from generate_series(1, 20000) i`,
    [asset],
  );
  id = await operator.job({ asset: 'orders', start: '2000-01-01', end: '2010-12-31' });
  // One job's map is all of its partitions: they must not be all that there are.
  for (const other of ['clicks', 'sessions']) {
    await operator.asset(other, 'day');
    await operator.job({ asset: other, start: '1960-01-01', end: '2040-12-31' });
  }
  await operator.sql(
    `insert into backfill_samples (tenant_id, job_id, at, completed, failed)
     select 'acme', j.id, now() - i * interval '1 minute', i, 0 from backfill_jobs j, generate_series(1, 15) i where j.state = 'running'`,
  );
  await operator.sql('analyze');
  const act = (name: (typeof actionNames)[number]): Extract<SessionEffect, { type: 'act' }> => ({
    type: 'act',
    action: actionOf(name).action,
    id,
    state: 'pending',
    // Nothing is to change between them.
    version: 99,
    reason: 'why',
    parameters: { priority: '5' },
  });
  effects = {
    'load-jobs': [
      theTable,
      ...sortColumns.map((column) => ({
        ...theTable,
        sort: { column, descending: true },
        whole: 0,
        limit: 100,
        total: true,
      })),
      ...['problems', 'state:failed', 'asset:ord*', 'risk:high', id.slice(0, 8), 'orders'].map(
        (filter) => ({ ...theTable, filter, whole: 0, limit: 100, keep: [id] }),
      ),
      { ...theTable, whole: 0, limit: 100, around: 'last' as const },
    ],
    'load-job': [
      { type: 'load-job', id, map_buckets: 1500, insight: true, keys: ['2000-01-01'] },
      {
        type: 'load-job',
        id,
        map_buckets: 0,
        map_ranges: [{ first_key: '2000-01-01', last_key: '2000-02-01' }],
        insight: false,
      },
    ],
    'load-partition': [{ type: 'load-partition', id, key: '2000-01-01' }],
    'load-job-sql': [{ type: 'load-job-sql', id }],
    'load-board': [
      ...boardNames.map((board) => ({
        type: 'load-board' as const,
        board,
        check: board === 'check' ? checkNames[0] : null,
      })),
      ...checkNames.map((check) => ({
        type: 'load-board' as const,
        board: 'check' as const,
        check,
      })),
    ],
    'find-job': [{ type: 'find-job', reference: id.slice(0, 8) }],
    'load-tenants': [{ type: 'load-tenants' }],
    'load-named': [{ type: 'load-named', ids: [id] }],
    'explain-job': [{ type: 'explain-job', id }],
    'verify-job': [{ type: 'verify-job', id, checks: checkNames }],
    'write-report': [
      { type: 'write-report', report: { type: 'handoff', since_ms: null } },
      { type: 'write-report', report: { type: 'incident', id } },
    ],
    'plan-jobs': [
      { type: 'plan-jobs', ids: [id] },
      { type: 'plan-jobs', filter: 'state:pending' },
    ],
    'load-recent-events': [{ type: 'load-recent-events', id }],
    'load-effects': [
      { type: 'load-effects', changes: [{ id, action: 'set', parameters: { priority: '9' } }] },
      { type: 'load-effects', changes: [{ id, action: 'reclaim' }] },
    ],
    'announce-dialog': [{ type: 'announce-dialog', action: 'pause', ids: [id], renew: false }],
    'close-dialog': [{ type: 'close-dialog' }],
    act: actionNames.map(act),
  };
});
afterAll(() => operator.close());

const big = /Seq Scan on (backfill_(?:jobs|partitions|events|samples))/g;

/** The database, and the plan of each of its statements before it is run. */
function explained(db: Database, plans: string[]): Database {
  const asking =
    (query: Query): Query =>
    async (text, values) => {
      if (/^\s*(with|select|insert|update|delete)\b/i.test(text)) {
        const rows = await query<{ 'QUERY PLAN': string }>(`explain ${text}`, values);
        plans.push(`${text}\n${rows.map((row) => row['QUERY PLAN']).join('\n')}`);
      }
      return query(text, values);
    };
  const read: Database['read'] = (tenant, work) => db.read(tenant, (query) => work(asking(query)));
  const write = <T>(author: Author, work: (query: Query) => Promise<T>) =>
    db.write(author, (query) => work(asking(query)));
  return new Proxy(db, {
    get: (target, name) => {
      if (name === 'read') return read;
      if (name === 'write') return write;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const types: readonly SessionEffect['type'][] = [
  ...(['load-jobs', 'load-job', 'load-partition', 'load-job-sql', 'load-board'] as const),
  ...([
    'find-job',
    'load-named',
    'load-tenants',
    'explain-job',
    'verify-job',
    'write-report',
  ] as const),
  ...([
    'plan-jobs',
    'load-recent-events',
    'load-effects',
    'announce-dialog',
    'close-dialog',
    'act',
  ] as const),
];

test('every effect of the console is tested', () => {
  expect([...types].sort()).toEqual(Object.keys(effects).sort());
});

test.each(types)('%s reads no big table from end to end', async (type) => {
  const plans: string[] = [];
  const db = explained(operator.db, plans);
  const session = {
    tenant: 'acme',
    actor: 'mara',
    thresholds: thresholdDefaults,
    reader: db,
    writer: db,
    close: async () => {},
  };
  const perform = effectRunner(session);
  for (const effect of effects[type]) {
    const answer = await perform(effect);
    expect([effect, answer.type === 'failure' ? answer.failure : null]).toEqual([effect, null]);
    if (answer.type === 'report') rmSync(answer.path);
  }
  if (type !== 'close-dialog') expect(plans.length).toBeGreaterThan(0);
  const scans = plans.flatMap(
    (plan) => plan.match(big)?.map((scan) => `${scan}: ${plan.slice(0, 200)}`) ?? [],
  );
  expect(scans).toEqual([]);
});
