import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Backfills, functionHandler, keys } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

it('throttles while a session waits long for a lock, shows the reason, and continues afterwards', async () => {
  await backfills.rows('create table fought_over ()');
  const [holder, waiter] = [
    new Client(backfills.database.superuser),
    new Client(backfills.database.superuser),
  ];
  await Promise.all([holder.connect(), waiter.connect()]);
  await holder.query('begin; lock table fought_over');
  const waiting = waiter.query('begin; lock table fought_over; commit').catch(() => {});
  await waitFor(
    'the waiter to wait',
    async () => (await backfills.rows('select from pg_locks where not granted')).length > 0,
  );
  const executor = await backfills.execute([functionHandler('orders', () => undefined)], {
    health: { replication_lag_seconds: null, lock_wait_seconds: 0.05, connections: null },
  });
  const held = () =>
    backfills.row('select hold_reason from backfill_executors where id = $1', [executor.id]);
  await waitFor('claiming to be held', async () => (await held()).hold_reason !== null);
  expect((await held()).hold_reason).toMatch(
    /^a session has waited \d+ s for a lock \(limit 0\.05 s\)$/,
  );
  const job = await backfills.job({ keys: keys(3) });
  await waitFor('the executor to have looked again', async () => {
    const { seen } = await backfills.row(
      'select seen_at > (select created_at from backfill_jobs where id = $1) as seen from backfill_executors',
      [job],
    );
    return seen;
  });
  expect(await backfills.row('select state from backfill_jobs where id = $1', [job])).toEqual({
    state: 'pending',
  });
  await holder.query('commit');
  await waiting;
  await backfills.state(job, 'completed');
  expect(await held()).toEqual({ hold_reason: null });
  await Promise.all([holder.end(), waiter.end()]);
});

it('paused a job again for the failures before it was resumed', async () => {
  let broken = true;
  const job = await backfills.job({
    keys: keys(2000),
    strategy: { type: 'sequential', max_attempts: 1 },
  });
  const handler = functionHandler('orders', async () => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return broken ? { kind: 'fatal', message: 'the source has a new schema' } : undefined;
  });
  await backfills.execute([handler], { failures: { rate: 0.5, least: 20 } });
  await backfills.state(job, 'paused');
  const [event] = await backfills.rows<{ reason: string }>(
    `select reason from backfill_events where job_id = $1 and to_state = 'paused'`,
    [job],
  );
  expect(event!.reason).toMatch(
    /^auto-paused: \d+ of the last \d+ partitions failed \(100 %, limit 50 %\)$/,
  );
  broken = false;
  expect((await backfills.state(job, 'paused')).failed_partitions).toBeGreaterThanOrEqual(20);
  await backfills.rows(
    `update backfill_jobs set state = 'resuming', heartbeat_at = clock_timestamp() where id = $1`,
    [job],
  );
  // It has ended, and never been paused in between.
  await backfills.state(job, 'failed');
  const paused = await backfills.rows(
    `select from backfill_events where job_id = $1 and to_state = 'paused'`,
    [job],
  );
  expect(paused).toHaveLength(1);
});
