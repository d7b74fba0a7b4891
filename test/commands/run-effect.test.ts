import { afterAll, beforeAll, expect, test } from 'vitest';
import { effectRunner } from '../../source/app/run-effect.ts';
import type { Session } from '../../source/app/session.ts';
import { openDatabase } from '../../source/database/database.ts';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { theTable } from '../support/jobs.ts';
import { Operator } from '../support/operator.ts';
import { waitFor } from '../support/wait-for.ts';

let operator: Operator;
let perform: ReturnType<typeof effectRunner>;

const sessionOn = (db: Operator['db']): Session => ({
  tenant: 'acme',
  thresholds: thresholdDefaults,
  actor: 'mara',
  reader: db,
  writer: db,
  close: async () => {},
});
beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders');
  perform = effectRunner(sessionOn(operator.db));
});
afterAll(() => operator.close());

let made = 0;
const aRunning = () =>
  operator.job({ asset: 'orders', partitions: [`k${made++}`] }, { state: 'running' });

test('load-jobs and load-job are answered with the table and the job', async () => {
  const id = await aRunning();
  const jobs = await perform(theTable);
  expect(jobs).toMatchObject({ type: 'jobs', list: { tenant_id: 'acme', truncated: false } });
  const job = await perform({ type: 'load-job', id, map_buckets: 5, insight: true });
  expect(job).toMatchObject({ type: 'job', detail: { job: { id }, map: [{ pending: 1 }] } });
});

test('act compares with what the operator saw', async () => {
  const id = await aRunning();
  const act = {
    type: 'act',
    action: 'pause',
    id,
    state: 'running',
    version: 1,
    reason: 'look',
  } as const;
  expect(await perform(act)).toMatchObject({ type: 'acted', result: { result: 'skipped' } });
  expect(await perform({ ...act, version: 2 })).toMatchObject({
    type: 'acted',
    result: { id, result: 'applied', state: 'paused', version: 3 },
  });
  const again = await perform({ ...act, version: 3, state: 'paused' });
  expect(again).toMatchObject({
    result: { message: expect.stringMatching(/already paused .* by mara: "look"\) — resume it/) },
  });
});

test('a cancel finalizes after its reply', async () => {
  const id = await operator.job({ asset: 'orders', start: '2024-01', end: '2024-12' });
  const act = {
    type: 'act',
    action: 'cancel',
    id,
    state: 'pending',
    version: 1,
    reason: 'r',
  } as const;
  expect(await perform(act)).toMatchObject({ result: { result: 'applied', state: 'cancelled' } });
  await waitFor(
    'the partitions to be skipped',
    async () =>
      (await operator.value('select skipped_partitions from backfill_jobs where id = $1', [id])) ===
      366,
  );
});

test('plan-jobs reads the jobs as they are now, by id or by filter; those that are not there are left out', async () => {
  const [one, other] = [await aRunning(), await aRunning()];
  const gone = '00000000-0000-4000-8000-000000000000';
  const byId = await perform({ type: 'plan-jobs', ids: [other, gone, one, one] });
  expect(byId).toMatchObject({
    type: 'planned',
    plan: { jobs: [{ id: other }, { id: one }], truncated: false },
  });
  const all = await perform({ type: 'plan-jobs', filter: `id:${one.slice(0, 8)}` });
  expect(all).toMatchObject({ plan: { jobs: [{ id: one, state: 'running' }] } });
});

test('an action of a plan is applied once, and the journal names the plan', async () => {
  const id = await aRunning();
  const plan = { id: '0d9f1c7e-0000-4000-8000-000000000000', created_at: new Date() };
  const seen = { id, state: 'running', version: 2, plan };
  const act = { ...seen, type: 'act', action: 'reclaim', reason: 'stuck' } as const;
  expect(await perform(act)).toMatchObject({ result: { result: 'applied' } });
  expect(await perform(act)).toMatchObject({ result: { result: 'skipped', already: true } });
  expect(
    await operator.value(
      `select reason from backfill_events where job_id = $1 and kind = 'reclaim requested'`,
      [id],
    ),
  ).toBe('stuck (plan 0d9f1c7e by mara)');
});

test('failures are returned as replies', async () => {
  const id = '00000000-0000-4000-8000-000000000000';
  expect(await perform({ type: 'load-job', id, map_buckets: 0, insight: false })).toMatchObject({
    type: 'failure',
    failure: { code: 'not_found', message: 'job 00000000 not found' },
  });
  const nowhere = openDatabase({ host: '127.0.0.1', port: 1, user: 'u', database: 'd' });
  expect(await effectRunner(sessionOn(nowhere))(theTable)).toMatchObject({
    type: 'failure',
    failure: { code: 'database_unreachable' },
  });
  await nowhere.close();
});
