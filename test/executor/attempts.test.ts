import { afterEach, beforeEach, expect, it } from 'vitest';
import { Backfills, functionHandler, Gate, keys } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

it('retries a failing partition, goes on past it, and fails the job once everything else has run', async () => {
  const handler = functionHandler('orders', (key) => {
    if (key === 'k00002') throw new Error('source is down');
    return undefined;
  });
  const job = await backfills.job({ keys: keys(5) });
  await backfills.execute([handler], { speed: 100 });
  const row = await backfills.state(job, 'failed');
  expect(row).toMatchObject({
    completed_partitions: 4,
    failed_partitions: 1,
    error_message: '1 of 5 partitions failed after 3 attempts each',
    checkpoint_partition_key: 'k00005',
  });
  expect((await backfills.partitions(job))[1]).toMatchObject({
    state: 'failed',
    attempt_count: 3,
    failure_count: 3,
    error_message: 'source is down',
  });
  expect(await backfills.attemptsJournal(job)).toEqual([
    'retry k00002',
    'retry k00002',
    'failed k00002',
  ]);
});

it('keeps the error of the last attempt while the partition waits for the next one', async () => {
  const job = await backfills.job({ keys: keys(1) });
  const handler = functionHandler('orders', () => ({ kind: 'failed', message: 'not yet' }));
  await backfills.execute([handler], {
    timings: { back_off: { base_ms: 3_600_000, cap_ms: 3_600_000 } },
  });
  const partition = await waitFor('the first failure', async () => {
    const [row] = await backfills.partitions(job);
    return row!.failure_count === 1 ? row : null;
  });
  expect(partition).toMatchObject({ state: 'pending', error_message: 'not yet' });
});

it('obeys max_attempts of the job', async () => {
  const job = await backfills.job({
    keys: keys(1),
    strategy: { type: 'sequential', max_attempts: 1 },
  });
  await backfills.execute([functionHandler('orders', () => ({ kind: 'failed', message: 'no' }))]);
  expect(await backfills.state(job, 'failed')).toMatchObject({
    error_message: '1 of 1 partitions failed',
  });
});

it('counts no failure for a snoozed partition', async () => {
  const job = await backfills.job({ keys: keys(1) });
  const handler = functionHandler('orders', (_key, attempt) =>
    attempt < 5 ? { kind: 'snoozed', message: 'not there yet', delay_ms: 1 } : undefined,
  );
  await backfills.execute([handler], { speed: 100 });
  await backfills.state(job, 'completed');
  expect((await backfills.partitions(job))[0]).toMatchObject({
    attempt_count: 5,
    failure_count: 0,
    error_message: null,
  });
});

it('stops an attempt at its timeout and counts a failure', async () => {
  const job = await backfills.job({
    keys: keys(1),
    strategy: { type: 'sequential', timeout_ms: 50, max_attempts: 1 },
  });
  const stopped = new Gate();
  const handler = functionHandler('orders', async (_key, _attempt, signal) => {
    signal.addEventListener('abort', () => stopped.open());
    await stopped.opened;
    throw new Error('aborted');
  });
  await backfills.execute([handler]);
  await backfills.state(job, 'failed');
  expect((await backfills.partitions(job))[0]).toMatchObject({
    error_message: 'timed out after 0.05 s',
    failure_count: 1,
  });
});

it('keeps heartbeats fresh under a partition that takes many lease times', async () => {
  const gate = new Gate();
  const job = await backfills.job({ keys: keys(1) });
  await backfills.execute([functionHandler('orders', async () => void (await gate.opened))], {
    speed: 200,
  });
  const [first] = await waitFor('it to run', async () => {
    const rows = await backfills.partitions(job);
    return rows[0]!.state === 'running' ? rows : null;
  });
  const started = new Date(first!.lease_expires_at as unknown as string).getTime();
  await waitFor('five lease times to have passed', async () => {
    const [row] = await backfills.partitions(job);
    return new Date(row!.lease_expires_at as unknown as string).getTime() > started + 5 * 600;
  });
  gate.open();
  await backfills.state(job, 'completed');
  expect((await backfills.partitions(job))[0]).toMatchObject({ attempt_count: 1, crash_count: 0 });
});

it('drains: running attempts may finish, those claimed ahead are released and refunded', async () => {
  const gate = new Gate();
  const started: string[] = [];
  const handler = functionHandler('orders', async (key) => {
    started.push(key);
    if (key === 'k00002') await gate.opened;
    return undefined;
  });
  const job = await backfills.job({ keys: keys(40), columns: { avg_partition_duration_ms: 20 } });
  const executor = await backfills.execute([handler]);
  await waitFor('the second partition to run', () => started.length === 2);
  const drained = executor.drain();
  gate.open();
  await drained;
  await executor.finished;
  const partitions = await backfills.partitions(job);
  expect(partitions.map((partition) => partition.state)).toEqual([
    'completed',
    'completed',
    ...Array(38).fill('pending'),
  ]);
  expect(partitions.slice(2).every((partition) => partition.attempt_count === 0)).toBe(true);
  expect(await backfills.state(job, 'running')).toMatchObject({
    completed_partitions: 2,
    lease_tokens: [],
  });
  const [registered] = await backfills.rows(
    'select draining_at, stopped_at from backfill_executors where id = $1',
    [executor.id],
  );
  expect(registered!.stopped_at).not.toBeNull();

  await backfills.execute([functionHandler('orders', () => undefined)]);
  expect(await backfills.state(job, 'completed')).toMatchObject({ completed_partitions: 40 });
});

it('stops handlers that are not done within the grace time, at no cost to the partition', async () => {
  const job = await backfills.job({ keys: keys(1) });
  const started = new Gate();
  const handler = functionHandler('orders', async (_key, _attempt, signal) => {
    started.open();
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    throw new Error('aborted');
  });
  const executor = await backfills.execute([handler], { grace: 20 });
  await started.opened;
  await executor.drain();
  expect((await backfills.partitions(job))[0]).toMatchObject({
    state: 'pending',
    failure_count: 0,
    crash_count: 0,
  });
});

it('loses and doubles nothing when every connection is terminated again and again', async () => {
  await backfills.rows('create table effects (key text); grant insert on effects to servo_app');
  const sql = await backfills.job({
    asset: 'copied',
    keys: keys(300),
    strategy: { type: 'parallel', max_parallel: 2 },
  });
  const plain = await backfills.job({
    keys: keys(2000),
    strategy: { type: 'parallel', max_parallel: 2 },
  });
  await backfills.execute(
    [
      {
        asset: 'copied',
        kind: 'sql',
        sql: 'insert into effects values ($1); select pg_sleep(0.002)',
      },
      functionHandler(
        'orders',
        async () => void (await new Promise((resolve) => setImmediate(resolve))),
      ),
    ],
    { speed: 20 },
  );
  let rounds = 0;
  await waitFor('both to end', async () => {
    const [open] = await backfills.rows(
      `select count(*)::int as n from backfill_jobs where state not in ('completed', 'failed')`,
    );
    if (open!.n === 0) return true;
    // Rarely enough that something is done in between: a job whose connections broke rests for a while.
    if (rounds++ % 24 === 0) {
      await backfills.rows(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'servo-tui executor%' and datname = current_database()`,
      );
    }
    return false;
  });
  expect(await backfills.state(sql, 'completed')).toMatchObject({ completed_partitions: 300 });
  expect(await backfills.state(plain, 'completed')).toMatchObject({ completed_partitions: 2000 });
  expect(
    await backfills.row(
      'select count(*)::int as all, count(distinct key)::int as keys from effects',
    ),
  ).toEqual({ all: 300, keys: 300 });
  expect(rounds).toBeGreaterThan(1);
});
