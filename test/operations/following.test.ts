import { afterAll, beforeAll, expect, test } from 'vitest';
import { Database } from '../../source/database/database.ts';
import { EventFollower } from '../../source/operations/reports/read-events.ts';
import { LogFollower } from '../../source/operations/reports/read-logs.ts';
import { Operator } from '../support/operator.ts';

let operator: Operator;
let job: string;

beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders', 'day');
  job = await operator.job({ asset: 'orders', partitions: ['2024-01-01'] });
});
afterAll(() => operator.close());

const print = (keys: string, output: string) =>
  operator.sql(
    `insert into backfill_attempt_logs (job_id, partition_key, attempt, tenant_id, executor_id, output)
     select $1, key, 1, 'acme', 'a:1:b', $2 from (${keys}) k (key)
     on conflict (job_id, partition_key, attempt, tenant_id) do update set output = excluded.output, at = clock_timestamp()`,
    [job, output],
  );

const outputs = async (follower: LogFollower) =>
  (await follower.next(10)).logs.map(({ output }) => output);

test('a follower of outputs remembered every one it had ever returned', async () => {
  const follower = new LogFollower(operator.db, 'acme', job, null);
  await print(`values ('early')`, 'one\n');
  await operator.sql(`update backfill_attempt_logs set at = now() - interval '1 minute'`);
  expect(await outputs(follower)).toEqual(['one\n']);
  await print(`select 'k' || n from generate_series(1, 1000) n`, 'more\n');
  expect(await outputs(follower)).toHaveLength(1000);
  // It no longer remembers this one.
  await print(`values ('early')`, 'one\ntwo\n');
  expect(await outputs(follower)).toEqual(['one\ntwo\n']);
});

test('of more outputs than a page, between two readings, the older ones were never returned', async () => {
  const follower = new LogFollower(operator.db, 'acme', job, null);
  await outputs(follower);
  await print(`select 'm' || n from generate_series(1, 450) n`, 'one\n');
  expect((await outputs(follower)).filter((output) => output === 'one\n')).toHaveLength(450);
  expect(await outputs(follower)).toEqual([]);
  await print(`select 'm' || n from generate_series(1, 450) n`, 'one\ntwo\n');
  expect(await outputs(follower)).toEqual(Array.from({ length: 450 }, () => 'two\n'));
});

class BrokenOnce extends Database {
  broken = true;

  override read: Database['read'] = async (...given) => {
    const answer = await super.read(...given);
    if (!this.broken) return answer;
    this.broken = false;
    throw new Error('the connection broke before the commit');
  };
}

test('events read by a transaction that failed were never returned', async () => {
  const database = new BrokenOnce(operator.db.settings);
  const follower = new EventFollower(database, 'acme', job);
  await expect(follower.next(10)).rejects.toThrow('broke');
  const { events } = await follower.next(10);
  expect(events.map(({ to_state }) => to_state)).toEqual(['pending']);
  await database.close();
});
