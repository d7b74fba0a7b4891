import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../source/errors.ts';
import { retryJob } from '../../source/operations/act/retry.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
let made = 0;
beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders');
});
afterAll(() => operator.close());

const because = (reason: string) => ({ ...author, reason });
const row = async (id: string) =>
  (await operator.sql('select * from backfill_jobs where id = $1', [id]))[0]!;
const partitions = (id: string) =>
  operator.sql(
    `select partition_key, state, attempt_count, failure_count, crash_count, available_at <= clock_timestamp() as due, completed_at, error_message
     from backfill_partitions where backfill_job_id = $1 order by partition_key`,
    [id],
  );

const requests = async (id: string) =>
  (
    await operator.sql(
      `select reason from backfill_events where job_id = $1 and kind = 'retry requested' order by id`,
      [id],
    )
  ).map(({ reason }) => reason);

/** A job in this state with a, b and c, of which the named ones have failed. */
async function aJob(state: string, failed: string[], columns: Record<string, unknown> = {}) {
  const prefix = `${made++}`;
  const keys = ['a', 'b', 'c'].map((key) => `${prefix}${key}`);
  const names = failed.map((key) => `${prefix}${key}`);
  const id = await operator.job(
    { asset: 'orders', partitions: keys, parallel: '3', max_attempts: '5', priority: '4' },
    columns,
  );
  await operator.sql(
    `update backfill_partitions set state = 'failed', attempt_count = 5, failure_count = 5, crash_count = 1,
       available_at = 'infinity', completed_at = clock_timestamp(), error_message = 'no'
     where backfill_job_id = $1 and partition_key = any ($2)`,
    [id, names],
  );
  await operator.sql(
    `update backfill_partitions set state = 'completed' where backfill_job_id = $1 and state = 'pending'`,
    [id],
  );
  await operator.sql(
    'update backfill_jobs set state = $2, failed_partitions = $3, completed_partitions = $4 where id = $1',
    [id, state, failed.length, 3 - failed.length],
  );
  return { id, keys, prefix };
}

describe('while the job is unfinished', () => {
  test.each(['pending', 'running', 'paused', 'resuming', 'waiting_upstream'])(
    'in place, where it is %s',
    async (state) => {
      const { id } = await aJob(state, ['a', 'c']);
      const before = await row(id);
      const retried = await retryJob(operator.db, because('fixed the source'), id);
      expect(retried).toMatchObject({ id, created: false, retried_partitions: 2, job: { id } });
      const again = { state: 'pending', failure_count: 0, crash_count: 0, due: true };
      const kept = { attempt_count: 5, completed_at: null, error_message: 'no' };
      expect(await partitions(id)).toMatchObject([
        { ...again, ...kept },
        { state: 'completed' },
        { ...again, ...kept },
      ]);
      expect(await row(id)).toMatchObject({ failed_partitions: 0, version: before.version, state });
      const [event] = await operator.sql(
        `select actor, reason from backfill_events where job_id = $1 and kind = 'retry requested'`,
        [id],
      );
      expect(event).toEqual({ actor: 'mara', reason: 'fixed the source' });
    },
  );

  test('only the partitions that are named', async () => {
    const { id, prefix } = await aJob('running', ['a', 'c']);
    await retryJob(operator.db, author, id, [`${prefix}c`]);
    expect((await partitions(id)).map((one) => one.state)).toEqual([
      'failed',
      'completed',
      'pending',
    ]);
    expect((await row(id)).failed_partitions).toBe(1);
  });

  test('in batches, and none of them twice', async () => {
    const { id } = await aJob('running', ['a', 'b', 'c']);
    const { retried_partitions } = await retryJob(operator.db, author, id, null, { batch: 1 });
    expect(retried_partitions).toBe(3);
    expect((await row(id)).failed_partitions).toBe(0);
    expect(await requests(id)).toEqual(['(begun)', null]);
  });

  test('a plan that lost its connection between two batches took the rest for done', async () => {
    const { id } = await aJob('running', ['a', 'b', 'c']);
    const write = operator.db.write.bind(operator.db);
    vi.spyOn(operator.db, 'write')
      .mockImplementationOnce(write)
      .mockRejectedValueOnce(new Error('gone'));
    const marked = because('why (plan 0d9f1c7e by mara)');
    await errorOf(retryJob(operator.db, marked, id, null, { batch: 2 }));
    expect((await row(id)).failed_partitions).toBe(1);
    expect(await requests(id)).toEqual([`${marked.reason} (begun)`]);
    expect(await retryJob(operator.db, marked, id, null, { batch: 2 })).toMatchObject({
      retried_partitions: 1,
    });
    expect(await requests(id)).toEqual([`${marked.reason} (begun)`, marked.reason]);
  });

  test('a counter that an external writer wrote never falls below zero', async () => {
    const { id } = await aJob('running', ['a']);
    await operator.sql('update backfill_jobs set failed_partitions = 0 where id = $1', [id]);
    await retryJob(operator.db, author, id);
    expect((await row(id)).failed_partitions).toBe(0);
  });
});

describe('when the job has ended', () => {
  test('as a new job of what failed, run as the old one was', async () => {
    const deadline = new Date('2099-01-01T00:00:00Z');
    const { id, prefix } = await aJob('failed', ['a', 'b'], { sla_deadline_at: deadline });
    const retried = await retryJob(operator.db, because('again'), id);
    expect(retried).toMatchObject({ id, created: true, retried_partitions: 2 });
    expect(retried.job.id).not.toBe(id);
    const { execution_strategy, ...old } = await row(id);
    expect(await row(retried.job.id)).toMatchObject({
      state: 'pending',
      priority: 4,
      execution_strategy,
      sla_deadline_at: deadline,
      partition_keys: [`${prefix}a`, `${prefix}b`],
      total_partitions: 2,
      created_by: 'mara',
    });
    expect(old).toMatchObject({ state: 'failed', failed_partitions: 2 });
    expect(await partitions(retried.job.id)).toMatchObject([
      { state: 'pending', attempt_count: 0 },
      { state: 'pending', attempt_count: 0 },
    ]);
  });

  test('not if an unfinished job has one of the keys: it is named', async () => {
    const { id } = await aJob('failed', ['a']);
    const { job } = await retryJob(operator.db, author, id);
    const error = await errorOf(retryJob(operator.db, author, id));
    expect(error.code).toBe('not_allowed');
    expect(error.message).toContain(job.id.slice(0, 8));
  });
});

describe('what is refused', () => {
  test.each(['running', 'completed', 'cancelled'])(
    'a job that is %s, of which nothing failed',
    async (state) => {
      const { id } = await aJob(state, []);
      const error = await errorOf(retryJob(operator.db, author, id));
      expect(error).toMatchObject({ code: 'not_allowed' });
      expect(error.message).toMatch(/^orders .* has no failed partitions/);
    },
  );

  test('partitions that have not failed, or do not exist: all are named', async () => {
    const { id, prefix } = await aJob('running', ['a']);
    const before = await partitions(id);
    const error = await errorOf(
      retryJob(operator.db, author, id, [`${prefix}a`, `${prefix}b`, 'nowhere']),
    );
    expect(error.code).toBe('not_found');
    expect(error.message).toContain(`partition ${prefix}b is completed`);
    expect(error.message).toContain('no partition nowhere');
    expect(await partitions(id)).toEqual(before);
  });

  test("an unknown job, and another tenant's", async () => {
    const { id } = await aJob('failed', ['a']);
    const unknown = retryJob(operator.db, author, '00000000-0000-4000-8000-000000000000');
    expect((await errorOf(unknown)).code).toBe('not_found');
    const foreign = retryJob(operator.db, { ...author, tenant: 'globex' }, id);
    expect((await errorOf(foreign)).code).toBe('not_found');
    expect(await errorOf(foreign)).not.toBeInstanceOf(UsageError);
  });
});
