import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { startBackfill } from '../../source/operations/start/start-backfill.ts';
import { DatabaseProxy } from '../faults/proxy.ts';
import { Backfills, functionHandler, Gate, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

// "Known faults of the base implementation" (the protocol's last section), but for those of its upstream jobs and its metrics.

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

const count = () => {
  const runs = new Map<string, number>();
  const handler = functionHandler('orders', (key) => {
    runs.set(key, (runs.get(key) ?? 0) + 1);
    return undefined;
  });
  return { runs, handler };
};

/** A job of an external writer that crashed in its second partition, long ago. */
async function crashedBaseJob(): Promise<string> {
  const job = await backfills.job({ keys: keys(4) });
  await backfills.rows(
    `update backfill_jobs set state = 'running', version = version + 1, started_at = now() - interval '1 hour',
       heartbeat_at = now() - interval '5 minutes', completed_partitions = 1, checkpoint_partition_key = 'k00001' where id = $1`,
    [job],
  );
  await backfills.rows(
    `update backfill_partitions set state = case partition_key when 'k00001' then 'completed' else 'running' end,
       attempt_count = 1, started_at = now() - interval '6 minutes' where backfill_job_id = $1 and partition_key <= 'k00002'`,
    [job],
  );
  return job;
}

it('a partition left running by a crash is tried again, and the job does not end short', async () => {
  const job = await crashedBaseJob();
  const { handler, runs } = count();
  await backfills.execute([handler], { speed: 50 });
  expect(await backfills.state(job, 'completed')).toMatchObject({
    completed_partitions: 4,
    checkpoint_partition_key: 'k00004',
  });
  expect(runs).toEqual(
    new Map(
      keys(4)
        .slice(1)
        .map((key) => [key, 1]),
    ),
  );
  expect(await backfills.violations()).toEqual([]);
});

it('a report under a lost lease is fenced', async () => {
  const gate = new Gate();
  const [slow, quick] = [new Gate(), count()];
  const first = functionHandler('orders', async () => {
    slow.open();
    await gate.opened;
    return { kind: 'failed', message: 'from one who has lost it' };
  });
  const job = await backfills.job({ keys: keys(1) });
  // With one slot, which its handler holds, it cannot claim the partition again.
  const owner = await backfills.execute([first], { speed: 1, slots: 1 });
  await slow.opened;
  expect((await backfills.partitions(job))[0]).toMatchObject({ lease_owner: owner.id });
  await backfills.rows(
    `update backfill_partitions set lease_expires_at = now() - interval '1 second' where backfill_job_id = $1`,
    [job],
  );
  await backfills.execute([quick.handler], { speed: 50 });
  await backfills.state(job, 'completed');
  gate.open();
  await waitFor('the late result to be rejected', async () =>
    (await backfills.attemptsJournal(job)).includes('fenced k00001'),
  );
  expect((await backfills.partitions(job))[0]).toMatchObject({
    state: 'completed',
    error_message: null,
    failure_count: 0,
  });
});

it('a partition that takes longer than the stale time is not run twice: heartbeats continue while it runs', async () => {
  const gate = new Gate();
  let runs = 0;
  const handler = functionHandler('orders', async () => {
    runs++;
    await gate.opened;
    return undefined;
  });
  const job = await backfills.job({ keys: keys(1) });
  // At this speed a job is stale after 1.2 s, and a lease as old.
  await backfills.execute([handler], { speed: 100 });
  await backfills.execute([handler], { speed: 100 });
  const age = () =>
    backfills.row<{ over: boolean }>(
      `select clock_timestamp() - started_at > interval '4 seconds' as over from backfill_partitions where backfill_job_id = $1`,
      [job],
    );
  await waitFor('three stale times to have passed', async () => (await age()).over);
  gate.open();
  await backfills.state(job, 'completed');
  expect(runs).toBe(1);
});

it('progress is kept when a pause arrives in the middle of a partition', async () => {
  const [started, gate] = [new Gate(), new Gate()];
  const handler = functionHandler('orders', async (key) => {
    if (key !== 'k00002') return undefined;
    started.open();
    await gate.opened;
    return undefined;
  });
  const job = await backfills.job({ keys: keys(3) });
  await backfills.execute([handler]);
  await started.opened;
  await backfills.rows(
    `update backfill_jobs set state = 'paused', paused_at = now(), version = version + 1 where id = $1`,
    [job],
  );
  await waitFor(
    'partitions claimed ahead to be released',
    async () => (await backfills.partitions(job))[2]!.state === 'pending',
  );
  gate.open();
  await waitFor('the second partition to be counted', async () => {
    const row = await backfills.state(job, 'paused');
    return (row.completed_partitions as unknown as number) === 2;
  });
  expect(await backfills.state(job, 'paused')).toMatchObject({
    checkpoint_partition_key: 'k00002',
  });
  expect((await backfills.partitions(job))[2]).toMatchObject({ state: 'pending' });
});

it('a timeout stops the handler', async () => {
  const stopped = new Gate();
  const handler = functionHandler('orders', async (_key, _attempt, signal) => {
    signal.addEventListener('abort', () => stopped.open());
    await stopped.opened;
    throw new Error('stopped');
  });
  const job = await backfills.job({
    keys: keys(1),
    strategy: { type: 'sequential', timeout_ms: 30, max_attempts: 1 },
  });
  await backfills.execute([handler]);
  await stopped.opened;
  await backfills.state(job, 'failed');
  expect((await backfills.partitions(job))[0]!.error_message).toContain('timed out');
});

it('a job is created with its partitions in one transaction', async () => {
  const database = openDatabase(backfills.database.app, { connections: 1 });
  const seen: string[] = [];
  await backfills.rows(`create table counted (at_insert bigint);
    create function count_rows() returns trigger language plpgsql security definer as $$ begin
      insert into counted select count(*) from backfill_partitions where backfill_job_id = new.id; return null; end $$;
    create constraint trigger count_rows after insert on backfill_jobs deferrable initially deferred
      for each row execute function count_rows()`);
  try {
    await backfills.rows(
      `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'orders', 'table', $1)`,
      [tenant],
    );
    const { job } = await startBackfill(
      database,
      { tenant, actor: 'mara' },
      { asset: 'orders', start: '2024-01-01', end: '2024-01-31' },
    );
    seen.push(job!.id);
  } finally {
    await database.close();
  }
  expect(seen).toHaveLength(1);
  // At the job's commit, all of them are there.
  expect(await backfills.rows('select at_insert::int from counted')).toEqual([{ at_insert: 31 }]);
});

it('1 of 1,000 partitions done does not count as completed', async () => {
  const job = await backfills.job({ keys: keys(1_000) });
  // After the crash of an external writer: one partition completed, one left running, no executor.
  await backfills.rows(
    `update backfill_partitions set state = 'completed', completed_at = now() where backfill_job_id = $1 and partition_key = 'k00001'`,
    [job],
  );
  await backfills.rows(`update backfill_jobs set completed_partitions = 1 where id = $1`, [job]);
  const failing = functionHandler('orders', () => ({ kind: 'fatal', message: 'no such day' }));
  await backfills.execute([failing], { speed: 50, failures: null });
  expect(await backfills.state(job, 'failed', 'completed')).toMatchObject({
    state: 'failed',
    completed_partitions: 1,
    failed_partitions: 999,
    error_message: expect.stringContaining('999 of 1000 partitions failed'),
  });
});

describe('46 round trips per partition', () => {
  const sequential = 400;
  /** Plus those that open the first lease queue or find no more work: a few, whatever the number of partitions. */
  const openings = 4;

  it('a sequential job of fine partitions takes at most one message for each, heartbeats apart', async () => {
    const proxy = await DatabaseProxy.open(backfills.database.app);
    try {
      const { handler } = count();
      const job = await backfills.job({ keys: keys(sequential) });
      await backfills.execute([handler], { speed: 1, settings: proxy.settings });
      await backfills.state(job, 'completed');
      expect(messages(proxy)).toBeLessThanOrEqual(sequential);
    } finally {
      await proxy.close();
    }
  });

  it('a sequential job of coarse partitions, one at a time, takes one message for each', async () => {
    const proxy = await DatabaseProxy.open(backfills.database.app);
    try {
      const { handler } = count();
      const job = await backfills.job({
        keys: keys(sequential),
        // Nothing is claimed ahead.
        columns: { avg_partition_duration_ms: 3_600_000 },
      });
      await backfills.execute([handler], {
        speed: 1,
        settings: proxy.settings,
        timings: { look_ahead: 0 },
      });
      await backfills.state(job, 'completed');
      expect(messages(proxy)).toBeLessThanOrEqual(sequential + openings);
    } finally {
      await proxy.close();
    }
  });

  it('a sequential job of SQL handlers takes one message for each: its work and its completion in one', async () => {
    const proxy = await DatabaseProxy.open(backfills.database.app);
    try {
      const job = await backfills.job({ keys: keys(sequential) });
      await backfills.execute([{ asset: 'orders', kind: 'sql', sql: 'select 1' }], {
        speed: 1,
        settings: proxy.settings,
      });
      await backfills.state(job, 'completed');
      expect(messages(proxy)).toBeLessThanOrEqual(sequential + openings);
    } finally {
      await proxy.close();
    }
  });

  /** What was sent for the partitions: batches and SQL handlers' calls. */
  function messages(proxy: DatabaseProxy): number {
    let sum = 0;
    for (const [text, n] of proxy.requestTexts)
      if (/servo_(report_and_claim|run_sql)_v/.test(text)) sum += n;
    return sum;
  }
});
