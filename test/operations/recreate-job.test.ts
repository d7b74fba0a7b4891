import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../source/errors.ts';
import { recreateJob } from '../../source/operations/recreate-job.ts';
import { settleJob } from '../../source/operations/settle-job.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
let made = 0;
beforeAll(async () => {
  operator = await Operator.open();
  for (const name of ['orders', 'raw', 'clean', 'report']) await operator.asset(name);
  for (const [upstream, downstream] of [
    ['raw', 'clean'],
    ['clean', 'report'],
  ]) {
    await operator.sql(
      `insert into asset_dependencies (upstream_asset_id, downstream_asset_id, dependency_type)
       select u.id, d.id, 'table' from assets u, assets d where u.name = $1 and d.name = $2`,
      [upstream, downstream],
    );
  }
});
afterAll(() => operator.close());

const because = { ...author, reason: 'SLA at risk' };
const row = async (id: string) =>
  (await operator.sql('select * from backfill_jobs where id = $1', [id]))[0]!;
const keysOf = async (id: string) =>
  (
    await operator.sql<{ partition_key: string }>(
      'select partition_key from backfill_partitions where backfill_job_id = $1 order by partition_key',
      [id],
    )
  ).map((one) => one.partition_key);

/** A job with a partition in each of the states. */
async function aJob(state: string, states: string[], columns: Record<string, unknown> = {}) {
  const prefix = `${made++}`;
  const keys = states.map((_, index) => `${prefix}k${index}`);
  const id = await operator.job(
    { asset: 'orders', partitions: keys, parallel: '3', priority: '4' },
    columns,
  );
  for (const [index, one] of states.entries()) {
    await operator.sql(
      'update backfill_partitions set state = $3 where backfill_job_id = $1 and partition_key = $2',
      [id, keys[index], one],
    );
  }
  await operator.sql('update backfill_jobs set state = $2 where id = $1', [id, state]);
  return { id, keys };
}

describe('a job that lives', () => {
  test.each(['pending', 'running', 'paused', 'resuming'])('that is %s', async (state) => {
    const { id, keys } = await aJob(state, ['completed', 'running', 'pending', 'failed']);
    const { version } = await row(id);
    const { created, job, replaced } = await recreateJob(operator.db, because, id, {
      priority: '10',
      max_attempts: '7',
    });
    expect(created).toBe(true);
    expect(replaced).toEqual({ id, state: 'cancelled', version: (version as number) + 1 });
    expect(await row(id)).toMatchObject({ state: 'cancelled', error_message: 'SLA at risk' });
    expect(await keysOf(job!.id)).toEqual([keys[1], keys[2]]);
    expect(await row(job!.id)).toMatchObject({
      state: 'pending',
      total_partitions: 2,
      priority: 10,
      execution_strategy: { type: 'parallel', max_parallel: 3, max_attempts: 7 },
      created_by: 'mara',
    });
    const events = await operator.sql(
      `select to_state, reason from backfill_events where job_id in ($1, $2) and reason is not null order by id`,
      [id, job!.id],
    );
    expect(events).toEqual([
      { to_state: 'cancelled', reason: 'SLA at risk' },
      { to_state: 'pending', reason: 'SLA at risk' },
    ]);
  });

  test('keeps a deadline that is not said, also one that has passed; takes one that is', async () => {
    const past = new Date('2020-01-01T00:00:00Z');
    const { id } = await aJob('running', ['pending'], { sla_deadline_at: past });
    const { job } = await recreateJob(operator.db, because, id, {});
    expect(job!.sla_deadline_at).toEqual(past);
    const again = await recreateJob(operator.db, because, job!.id, { sla_deadline: '2099-01-01' });
    expect(again.job!.sla_deadline_at).toEqual(new Date('2099-01-01T00:00:00Z'));
  });

  test('made by another writer, whose partitions are not there yet: what its keys say', async () => {
    const { id, keys } = await aJob('pending', ['pending', 'pending']);
    await operator.sql('delete from backfill_partitions where backfill_job_id = $1', [id]);
    const { job } = await recreateJob(operator.db, because, id, {});
    expect(await keysOf(job!.id)).toEqual(keys);
  });

  test('both or neither: a mistake leaves the old one alone', async () => {
    const { id } = await aJob('running', ['pending']);
    for (const input of [{ priority: '99' }, { sla_deadline: '2020-01-01' }, { timeout: 'soon' }]) {
      expect(await errorOf(recreateJob(operator.db, because, id, input))).toBeInstanceOf(
        UsageError,
      );
    }
    expect(await errorOf(recreateJob(operator.db, author, id, {}))).toMatchObject({
      message: 'recreate wants a reason',
    });
    expect((await row(id)).state).toBe('running');
  });

  test('a dry run says what it would do, and does nothing', async () => {
    const { id, keys } = await aJob('running', ['completed', 'pending', 'running']);
    const before = await row(id);
    const { job, plan, replaced } = await recreateJob(operator.db, because, id, {
      dry_run: true,
      priority: '9',
    });
    expect(job).toBeNull();
    expect(plan).toMatchObject({ total_partitions: 2, first_key: keys[1], priority: 9 });
    expect(replaced.state).toBe('running');
    expect(await row(id)).toEqual(before);
  });

  test('two at once: one job follows, the other is told', async () => {
    const { id } = await aJob('running', ['pending']);
    const results = await Promise.allSettled([
      recreateJob(operator.db, because, id, {}),
      recreateJob(operator.db, because, id, {}),
    ]);
    expect(results.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('a job that has ended', () => {
  test('cancelled: a new one of what it did not do', async () => {
    const { id, keys } = await aJob('cancelled', ['completed', 'skipped', 'pending']);
    const { job, replaced } = await recreateJob(operator.db, because, id, {});
    expect(replaced.state).toBe('cancelled');
    expect(await keysOf(job!.id)).toEqual([keys[1], keys[2]]);
  });

  test.each([
    ['completed', 'completed', 'servo-tui start'],
    ['failed', 'failed', 'servo-tui retry'],
  ])('%s, with nothing left: says what to do', async (state, partition, hint) => {
    const { id } = await aJob(state, [partition], {
      failed_partitions: state === 'failed' ? 1 : 0,
    });
    const error = await errorOf(recreateJob(operator.db, because, id, {}));
    expect(error.code).toBe('not_allowed');
    expect(error.hint).toContain(hint);
  });
});

describe('in a tree', () => {
  const family = async (root: string) => {
    const states = await operator.sql<{ asset_name: string; state: string; id: string }>(
      'select asset_name, state, id from backfill_jobs where id = $1 or parent_job_id is not null order by created_at desc, execution_order',
      [root],
    );
    return Object.fromEntries(states.map((one) => [one.asset_name, one]));
  };
  const start = async (key: string) => {
    const { job } = await operator.start({
      asset: 'report',
      partitions: [key],
      include_upstream: true,
      max_upstream_depth: '5',
    });
    return job!.id;
  };

  test('what waited for the old one waits for the new one, and is not failed', async () => {
    const root = await start('t1');
    const { clean } = await family(root);
    const { job } = await recreateJob(operator.db, because, clean!.id, {});
    await settleJob(operator.db, author, clean!.id);
    expect(await row(job!.id)).toMatchObject({ state: 'waiting_upstream', parent_job_id: root });
    const verdict = (id: string) =>
      operator.value(`select (servo_upstream_verdict_v1('acme', $1, 120000)).verdict`, [id]);
    expect(await verdict(root)).toBeNull();
    // The janitor leaves alone what the new one still waits for.
    expect((await family(root)).raw!.state).toBe('pending');
    await operator.sql(`update backfill_jobs set state = 'completed' where asset_name = 'raw'`);
    expect(await verdict(job!.id)).toBe('pending');
    await operator.sql(`update backfill_jobs set state = 'completed' where id = $1`, [job!.id]);
    expect(await verdict(root)).toBe('pending');
  });

  test('a root that waits goes on waiting for the same upstreams', async () => {
    const root = await start('t2');
    const { job } = await recreateJob(operator.db, because, root, { priority: '8' });
    await settleJob(operator.db, author, root);
    expect(await row(job!.id)).toMatchObject({ state: 'waiting_upstream', priority: 8 });
    const waits = await operator.sql(
      'select j.asset_name, j.state from backfill_upstreams u join backfill_jobs j on j.id = u.upstream_job_id where u.job_id = $1',
      [job!.id],
    );
    expect(waits).toEqual([{ asset_name: 'clean', state: 'waiting_upstream' }]);
  });
});
