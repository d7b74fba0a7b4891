import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ActionParameters,
  type JobAction,
  readParameters,
} from '../../source/domain/job/action.ts';
import { actionSql } from '../../source/domain/job/action-sql.ts';
import type { Job } from '../../source/domain/job/job.ts';
import { UsageError } from '../../source/errors.ts';
import { actOnJob } from '../../source/operations/act/act-on-job.ts';
import { finalizeJob } from '../../source/operations/act/finalize.ts';
import { getJob } from '../../source/operations/jobs/get-job.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
let made = 0;
beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders');
});
afterAll(() => operator.close());

const row = async (id: string) =>
  (await operator.sql<Job>('select * from backfill_jobs where id = $1', [id]))[0]!;
const states = async (id: string) =>
  Object.fromEntries(
    (
      await operator.sql<{ partition_key: string; state: string }>(
        'select right(partition_key, 1) as partition_key, state from backfill_partitions where backfill_job_id = $1',
        [id],
      )
    ).map(({ partition_key, state }) => [partition_key, state]),
  );

/** A job in this state with the partitions a (completed), b (failed) and c (pending). */
async function aJob(state = 'running'): Promise<Job> {
  const prefix = `${made++}`;
  const id = await operator.job({
    asset: 'orders',
    partitions: ['a', 'b', 'c'].map((key) => `${prefix}${key}`),
  });
  for (const [key, is] of [
    ['a', 'completed'],
    ['b', 'failed'],
  ]) {
    await operator.sql(
      `update backfill_partitions set state = $3, completed_at = clock_timestamp(), attempt_count = 3 where backfill_job_id = $1 and partition_key = $2`,
      [id, `${prefix}${key}`, is],
    );
  }
  await operator.sql(
    `update backfill_jobs set state = $2, completed_partitions = 1, failed_partitions = 1, heartbeat_at = clock_timestamp() where id = $1`,
    [id, state],
  );
  return row(id);
}

const seenOf = ({ state, version, priority, sla_deadline_at, execution_strategy }: Job) => ({
  state,
  version,
  priority,
  sla_deadline_at,
  execution_strategy,
});
const because = { ...author, reason: 'why' };
const cases: [JobAction, string, ActionParameters][] = [
  ['pause', 'running', {}],
  ['resume', 'paused', {}],
  ['cancel', 'running', {}],
  ['reclaim', 'running', {}],
  ['retry', 'running', {}],
  ['retry', 'failed', {}],
  ['set', 'running', { priority: '8', deadline: '2099-01-17', timeout: '30s' }],
  ['recreate', 'paused', { priority: '10', deadline: 'none' }],
  ['recreate', 'cancelled', { priority: '10' }],
];

describe.each(cases)('%s of a job that is %s', (action, state, parameters) => {
  const act = (job: Job) =>
    actOnJob(operator.db, because, { action, id: job.id, seen: seenOf(job), parameters });

  test('is applied to what was seen, and journalled with actor and reason', async () => {
    const job = await aJob(state);
    const outcome = await act(job);
    const after = await row(job.id);
    expect(outcome).toMatchObject({
      id: job.id,
      result: 'applied',
      state: after.state,
      version: after.version,
      message: expect.any(String),
    });
    const [event] = await operator.sql(
      'select actor, reason from backfill_events where job_id in ($1, $2) order by id desc limit 1',
      [job.id, outcome.new_job_id ?? null],
    );
    expect(event).toMatchObject({ actor: 'mara', reason: expect.stringContaining('why') });
  });

  test('is skipped where the version has moved on, and nothing changes', async () => {
    const job = await aJob(state);
    const outcome = await act({ ...job, version: job.version - 1 });
    expect(outcome).toMatchObject({ result: 'skipped', state, version: job.version });
    expect(outcome.message).toContain('the job has changed, it is');
    expect(await row(job.id)).toEqual(job);
  });

  test('is skipped where the state is another', async () => {
    const job = await aJob(state);
    const outcome = await act({ ...job, state: 'pending' });
    expect(outcome.result).toBe('skipped');
    expect(await row(job.id)).toEqual(job);
  });

  test('the SQL that is shown does what the operation does', async () => {
    const [one, other] = [await aJob(state), await aJob(state)];
    const outcome = await act(one);
    const { new_job_id } = outcome;
    const { settings } = readParameters(action, parameters, new Date());
    const before = await operator.value<string>(
      'select coalesce(max(created_at), now()) from backfill_jobs',
    );
    await operator.sql(actionSql(action, other, settings));
    // After the SQL this is an executor's duty; the operation does it if none is alive.
    if (outcome.state === 'cancelled') await finalizeJob(operator.db, author, other.id);
    const [ours, theirs] = [await row(one.id), await row(other.id)];
    const same = [
      'state',
      'version',
      'priority',
      'sla_deadline_at',
      'execution_strategy',
      'failed_partitions',
    ] as const;
    for (const column of same) expect(theirs[column], column).toEqual(ours[column]);
    expect(await states(other.id)).toEqual(await states(one.id));
    if (!new_job_id) return;
    const id = await operator.value<string>(
      'select id from backfill_jobs where created_at > $1 order by created_at desc limit 1',
      [before],
    );
    const [recreated, pasted] = [await row(new_job_id), await row(id)];
    for (const column of [
      'priority',
      'sla_deadline_at',
      'execution_strategy',
      'total_partitions',
    ] as const) {
      expect(pasted[column], column).toEqual(recreated[column]);
    }
    expect(await states(id)).toEqual(await states(new_job_id));
  });

  test('the SQL that is shown changes nothing where the version has moved on', async () => {
    const job = await aJob(state);
    const count = await operator.value<number>('select count(*)::int from backfill_jobs');
    const { settings } = readParameters(action, parameters, new Date());
    await operator.sql(actionSql(action, { ...job, version: job.version - 1 }, settings));
    expect(await row(job.id)).toEqual(job);
    expect(await operator.value('select count(*)::int from backfill_jobs')).toBe(count);
  });
});

describe('a change of settings, which leaves the version alone', () => {
  const set = (job: Job, parameters: ActionParameters) =>
    actOnJob(operator.db, because, { action: 'set', id: job.id, seen: seenOf(job), parameters });

  test('is skipped if the same setting has changed since it was seen', async () => {
    const job = await aJob();
    await set(job, { priority: '3' });
    expect(await set(job, { priority: '8' })).toMatchObject({
      result: 'skipped',
      message: expect.stringContaining('the job has changed, it is'),
    });
    expect((await row(job.id)).priority).toBe(3);
  });

  test('is applied where another one was changed, or it is so already', async () => {
    const job = await aJob();
    await set(job, { parallel: '4' });
    expect(await set(job, { priority: '8' })).toMatchObject({ result: 'applied' });
    expect(await set(job, { priority: '8' })).toMatchObject({
      result: 'applied',
      message: `orders ${job.id.slice(0, 8)} already has these settings`,
    });
  });
});

test('an unknown job has failed; a mistake in the order is thrown', async () => {
  const id = '00000000-0000-4000-8000-000000000000';
  for (const action of ['pause', 'reclaim', 'retry', 'set', 'recreate'] as const) {
    const order = { action, id, parameters: action === 'set' ? { priority: '1' } : {} };
    expect(await actOnJob(operator.db, because, order)).toMatchObject({
      result: 'failed',
      state: null,
      message: 'job 00000000 not found',
    });
  }
  const job = await aJob();
  for (const order of [
    { action: 'set', id: job.id, parameters: {} },
    { action: 'set', id: job.id, parameters: { priority: 'high' } },
    { action: 'recreate', id: job.id, parameters: { timeout: 'long' } },
  ] as const) {
    expect(await errorOf(actOnJob(operator.db, because, order))).toBeInstanceOf(UsageError);
  }
  expect(await row(job.id)).toEqual(job);
});

test('a retry names the partitions that it tries again', async () => {
  const job = await aJob();
  const outcome = await actOnJob(operator.db, author, { action: 'retry', id: job.id });
  expect(outcome).toMatchObject({ retried_partitions: 1, new_job_id: null });
  expect(outcome.retried_keys).toEqual([expect.stringMatching(/b$/)]);
  expect((await getJob(operator.db, 'acme', job.id)).job.failed_partitions).toBe(0);
});

test('B8: a retry of one named partition leaves the other failed ones as they are', async () => {
  const job = await aJob();
  const keys = await operator.sql<{ partition_key: string }>(
    `update backfill_partitions set state = 'failed', completed_at = clock_timestamp()
     where backfill_job_id = $1 and partition_key like '%c' returning partition_key`,
    [job.id],
  );
  await operator.sql('update backfill_jobs set failed_partitions = 2 where id = $1', [job.id]);
  const order = { action: 'retry', id: job.id, keys: [keys[0]!.partition_key] } as const;
  const outcome = await actOnJob(operator.db, author, order);
  expect(outcome).toMatchObject({ result: 'applied', retried_partitions: 1 });
  expect(await states(job.id)).toEqual({ a: 'completed', b: 'failed', c: 'pending' });
});

test('a plan does several things to one job, each of them once: settings one by one, then retry, then pause', async () => {
  const job = await aJob();
  const plan = { id: randomUUID(), author: 'mara', created_at: new Date() };
  const steps = [
    ['tune', 'set', { parallel: '3' }],
    ['deadline', 'set', { deadline: '+2h' }],
    ['retry', 'retry', {}],
    ['pause', 'pause', {}],
  ] as const;
  const run = async () => {
    const results: string[] = [];
    for (const [step, action, parameters] of steps) {
      const { result, already } = await actOnJob(operator.db, because, {
        action,
        id: job.id,
        seen: seenOf(job),
        parameters,
        plan: { ...plan, step },
      });
      results.push(already ? 'done before' : result);
    }
    return results;
  };
  expect(await run()).toEqual(steps.map(() => 'applied'));
  expect(await row(job.id)).toMatchObject({
    state: 'paused',
    failed_partitions: 0,
    sla_deadline_at: expect.any(Date),
    execution_strategy: { max_parallel: 3 },
  });
  expect(await run()).toEqual(steps.map(() => 'done before'));
});
