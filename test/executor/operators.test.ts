import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Backfills, functionHandler, Gate, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

// The statements below are the runbook's ("backfill-operations"), with its placeholders filled in.
const rawPause = (job: string) => `UPDATE backfill_jobs
SET state = 'paused',
    paused_at = NOW(),
    version = version + 1
WHERE id = '${job}'
  AND state = 'running'
  AND tenant_id = '${tenant}';`;

const rawReclaim = (job: string) => `UPDATE backfill_jobs
SET heartbeat_at = NOW() - INTERVAL '5 minutes',
    version = version + 1
WHERE id = '${job}' AND state = 'running';`;

const rawBulkReclaim = `UPDATE backfill_jobs
SET heartbeat_at = NOW() - INTERVAL '5 minutes'
WHERE state = 'running'
  AND heartbeat_at < NOW() - INTERVAL '10 minutes'
RETURNING id, asset_name;`;

const pauses = {
  'a raw pause': rawPause,
  'a pause': (job: string) =>
    `update backfill_jobs set state = 'paused', paused_at = clock_timestamp(), version = version + 1 where id = '${job}'`,
};

for (const [name, pause] of Object.entries(pauses)) {
  it(`${name} in the middle of a partition lets it end, counts it, and starts nothing more`, async () => {
    const started: string[] = [];
    const gate = new Gate();
    const handler = functionHandler('orders', async (key) => {
      started.push(key);
      if (key === 'k00003') await gate.opened;
      return undefined;
    });
    const job = await backfills.job({ keys: keys(50), columns: { avg_partition_duration_ms: 20 } });
    await backfills.execute([handler]);
    await waitFor('the third partition to run', () => started.includes('k00003'));
    await backfills.rows(pause(job));
    await waitFor('partitions claimed ahead to be released', async () => {
      const states = (await backfills.partitions(job)).map((partition) => partition.state);
      return states.filter((state) => state === 'running').length === 1;
    });
    gate.open();
    await waitFor('the third partition to be counted', async () => {
      const row = await backfills.state(job, 'paused');
      return row.completed_partitions === 3;
    });
    const row = await backfills.state(job, 'paused');
    expect(row).toMatchObject({ checkpoint_partition_key: 'k00003', lease_tokens: [] });
    expect(row.paused_at).not.toBeNull();
    expect(row.avg_partition_duration_ms).not.toBeNull();
    expect(started).toEqual(['k00001', 'k00002', 'k00003']);
    const rest = (await backfills.partitions(job)).slice(3);
    expect(
      rest.every((partition) => partition.state === 'pending' && partition.attempt_count === 0),
    ).toBe(true);

    await backfills.rows(
      `update backfill_jobs set state = 'resuming', heartbeat_at = clock_timestamp() where id = $1`,
      [job],
    );
    expect(await backfills.state(job, 'completed')).toMatchObject({
      completed_partitions: 50,
      paused_at: null,
    });
    expect(started).toEqual(keys(50));
  });
}

it('a pause does not wait for a long SQL handler', async () => {
  await backfills.rows(
    'create table switch (closed int); grant select on switch to servo_app; insert into switch values (1)',
  );
  const job = await backfills.job({ keys: keys(3) });
  await backfills.execute([
    {
      asset: 'orders',
      kind: 'sql',
      sql: 'do $$ begin while exists (select from switch) loop perform pg_sleep(0.01); end loop; end $$',
    },
  ]);
  await waitFor(
    'the handler to run',
    async () => (await backfills.partitions(job))[0]!.state === 'running',
  );
  // It fails by its lock time-out if the handler's transaction holds the row.
  await backfills.rows(`set local lock_timeout = '2s'; ${rawPause(job)}`);
  expect((await backfills.partitions(job))[0]!.state).toBe('running');
  await backfills.rows('delete from switch');
  await waitFor(
    'the partition to be counted',
    async () => (await backfills.state(job, 'paused')).completed_partitions === 1,
  );
  expect((await backfills.partitions(job)).map((partition) => partition.state)).toEqual([
    'completed',
    'pending',
    'pending',
  ]);
});

it("the runbook's single reclaim revokes the leases of a running executor, and fences it", async () => {
  const gate = new Gate();
  const runs: string[] = [];
  const stuck = functionHandler('orders', async (key, attempt, signal) => {
    runs.push(`${key} ${attempt}`);
    if (attempt > 1) return undefined;
    signal.addEventListener('abort', () => gate.open());
    await gate.opened;
    return undefined;
  });
  const job = await backfills.job({ keys: keys(2) });
  // Slow enough that a busy machine does not lose the lease.
  await backfills.execute([stuck], { speed: 20 });
  await waitFor('the first partition to run', () => runs.length === 1);
  await backfills.rows(rawReclaim(job));
  const row = await backfills.state(job, 'completed');
  expect(row.completed_partitions).toBe(2);
  expect(runs.slice(0, 2)).toEqual(['k00001 1', 'k00001 2']);
  expect(await backfills.attemptsJournal(job)).toContain('reclaimed k00001');
});

it("the runbook's bulk reclaim rescues partitions without a live executor", async () => {
  const job = await backfills.job({
    keys: keys(3),
    columns: { state: 'running', claimed_version: 2 },
  });
  await backfills.rows(
    `update backfill_jobs set heartbeat_at = now() - interval '11 minutes', version = 2, claimed_version = 2,
    lease_tokens = array['00000000-0000-4000-8000-00000000000a'::uuid] where id = $1`,
    [job],
  );
  await backfills.rows(
    `update backfill_partitions set state = 'running', attempt_count = 1, lease_owner = 'gone', started_at = now() - interval '11 minutes',
    lease_token = '00000000-0000-4000-8000-00000000000a', lease_expires_at = now() + interval '1 hour'
    where backfill_job_id = $1 and partition_key = 'k00001'`,
    [job],
  );
  expect(await backfills.rows(rawBulkReclaim)).toEqual([{ id: job, asset_name: 'orders' }]);
  await backfills.execute([functionHandler('orders', () => undefined)]);
  expect(await backfills.state(job, 'completed')).toMatchObject({ completed_partitions: 3 });
  expect(await backfills.attemptsJournal(job)).toEqual(['reclaimed k00001']);
});

it('a cancel lets running partitions finish, skips the rest and counts it', async () => {
  const gate = new Gate();
  const started: string[] = [];
  const handler = functionHandler('orders', async (key) => {
    started.push(key);
    await gate.opened;
    return undefined;
  });
  const job = await backfills.job({ keys: keys(20) });
  const child = await backfills.job({
    asset: 'upstream',
    keys: keys(2),
    columns: { parent_job_id: job },
  });
  await backfills.execute([handler]);
  await waitFor('a partition to run', () => started.length === 1);
  await backfills.rows(
    `update backfill_jobs set state = 'cancelled', completed_at = now(), version = version + 1 where id = $1`,
    [job],
  );
  await backfills.state(child, 'cancelled');
  gate.open();
  await waitFor(
    'everything to be finalized',
    async () =>
      (await backfills.row('select needs_finalizing from backfill_jobs where id = $1', [job]))
        .needs_finalizing === false,
  );
  expect(await backfills.state(job, 'cancelled')).toMatchObject({
    completed_partitions: 1,
    skipped_partitions: 19,
    lease_tokens: [],
  });
  expect(started).toEqual(['k00001']);
});

it('an operator who locks a job row does not stop other jobs', async () => {
  const held = await backfills.job({ keys: keys(5), columns: { priority: 9 } });
  const client = new Client(backfills.database.superuser);
  await client.connect();
  await client.query('begin');
  await client.query('select from backfill_jobs where id = $1 for update', [held]);
  await backfills.execute([
    functionHandler('orders', () => undefined),
    functionHandler('other', () => undefined),
  ]);
  const other = await backfills.job({ asset: 'other', keys: keys(5) });
  await backfills.state(other, 'completed');
  await client.query('commit');
  await client.end();
  await backfills.state(held, 'completed');
});
