import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../source/errors.ts';
import { reclaimJob } from '../../source/operations/act/reclaim.ts';
import { setJob } from '../../source/operations/act/set.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
let made = 0;
beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders');
});
afterAll(() => operator.close());

const row = async (id: string) =>
  (await operator.sql('select * from backfill_jobs where id = $1', [id]))[0]!;
const aJob = (state: string, columns: Record<string, unknown> = {}) =>
  operator.job({ asset: 'orders', partitions: [`k${made++}`] }, { ...columns, state });
const eventsOf = (id: string, kind: string) =>
  operator.sql('select actor, reason from backfill_events where job_id = $1 and kind = $2', [
    id,
    kind,
  ]);

describe('set', () => {
  test('everything at once; the version stays, so that our own claim stays valid', async () => {
    const id = await aJob('running');
    await operator.sql('update backfill_jobs set claimed_version = version where id = $1', [id]);
    const before = await row(id);
    const { changes, job } = await setJob(operator.db, { ...author, reason: 'SLA' }, id, {
      priority: '8',
      deadline: '2099-01-17T00:00:00Z',
      parallel: '4',
      max_attempts: '5',
      timeout: '30s',
    });
    expect(changes).toHaveLength(5);
    expect(job).toMatchObject({ priority: 8, state: 'running' });
    const after = await row(id);
    expect(after).toMatchObject({
      priority: 8,
      sla_deadline_at: new Date('2099-01-17T00:00:00Z'),
      execution_strategy: {
        type: 'parallel',
        max_parallel: 4,
        max_attempts: 5,
        timeout_ms: 30_000,
      },
      version: before.version,
      claimed_version: before.version,
      heartbeat_at: before.heartbeat_at,
    });
    expect(await eventsOf(id, 'set')).toEqual([
      {
        actor: 'mara',
        reason:
          'priority 0 → 8, deadline none → 2099-01-17T00:00:00.000Z, parallel 1 → 4, max-attempts 3 → 5, timeout 5m → 30s: SLA',
      },
    ]);
  });

  test('one thing leaves the others, what other programs wrote included', async () => {
    const strategy = { type: 'parallel', max_parallel: 9, order: 'desc', theirs: { a: 1 } };
    const id = await aJob('paused', { execution_strategy: JSON.stringify(strategy), priority: 3 });
    await setJob(operator.db, author, id, { timeout: '1h' });
    expect(await row(id)).toMatchObject({
      priority: 3,
      execution_strategy: { ...strategy, timeout_ms: 3_600_000 },
    });
    await setJob(operator.db, author, id, { parallel: '1' });
    const { execution_strategy } = await row(id);
    expect(execution_strategy).toEqual({
      type: 'sequential',
      order: 'desc',
      theirs: { a: 1 },
      timeout_ms: 3_600_000,
    });
  });

  test('a deadline can be taken away', async () => {
    const id = await aJob('pending', { sla_deadline_at: new Date('2099-01-01') });
    const { changes } = await setJob(operator.db, author, id, { deadline: 'none' });
    expect(changes).toMatchObject([{ setting: 'sla_deadline_at', to: null }]);
    expect((await row(id)).sla_deadline_at).toBeNull();
  });

  test('what is so already is no change, and leaves no trace', async () => {
    const id = await aJob('running');
    expect((await setJob(operator.db, author, id, { parallel: '1' })).changes).toEqual([]);
    expect(await eventsOf(id, 'set')).toEqual([]);
  });

  test('every mistake is told, and nothing is changed', async () => {
    const id = await aJob('running');
    const before = await row(id);
    const error = await errorOf(
      setJob(operator.db, author, id, { priority: '11', deadline: 'soon', parallel: '0' }),
    );
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).problems.map((one) => one.message)).toEqual([
      '--priority 11 is out of range',
      '"soon" is not a time (--deadline)',
      '--parallel 0 is out of range',
    ]);
    const past = await errorOf(setJob(operator.db, author, id, { deadline: '2020-01-01' }));
    expect(past.hint).toContain('--deadline +2h');
    expect((await errorOf(setJob(operator.db, author, id, {}))).message).toBe(
      'nothing is to be set',
    );
    expect(await row(id)).toEqual(before);
  });

  test.each(['completed', 'failed', 'cancelled'])('not of a job that is %s', async (state) => {
    const id = await aJob(state);
    const error = await errorOf(setJob(operator.db, author, id, { priority: '1' }));
    expect(error.code).toBe('not_allowed');
  });
});

describe('reclaim', () => {
  test("is the runbook's statement: the heartbeat back, the leases void, the version on", async () => {
    const id = await aJob('running', { heartbeat_at: new Date() });
    const { version } = await row(id);
    const outcome = await reclaimJob(operator.db, { ...author, reason: 'stuck' }, id);
    expect(outcome).toMatchObject({ result: 'applied', version: (version as number) + 1 });
    expect(outcome.hint).toMatch(/no executor is running for this tenant/);
    expect(
      await operator.value(
        `select heartbeat_at < now() - interval '4 minutes' and leases_revoked_at > now() - interval '1 minute' from backfill_jobs where id = $1`,
        [id],
      ),
    ).toBe(true);
    expect(await eventsOf(id, 'reclaim requested')).toEqual([{ actor: 'mara', reason: 'stuck' }]);
  });

  test('only of running jobs', async () => {
    const id = await aJob('paused');
    const before = await row(id);
    const outcome = await reclaimJob(operator.db, author, id);
    expect(outcome).toMatchObject({ result: 'skipped', state: 'paused' });
    expect(outcome.hint).toContain('servo-tui explain');
    expect(await row(id)).toEqual(before);
  });

  test('an unknown job has failed', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    expect(await reclaimJob(operator.db, author, id)).toMatchObject({ result: 'failed' });
  });
});
