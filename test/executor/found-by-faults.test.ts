import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createClient } from '../../source/database/client.ts';
import { Database } from '../../source/database/database.ts';
import { policyRow } from '../../source/database/queries/report-and-claim.ts';
import type { Attempt } from '../../source/domain/partition/attempt.ts';
import { DatabaseProxy } from '../faults/proxy.ts';
import {
  Backfills,
  completed,
  ExecutorSession,
  functionHandler,
  Gate,
  keys,
  tenant,
} from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

// Bugs that the fault suite, or the thinking that it took, has found. Each test is named after its bug.

let backfills: Backfills;
let closing: (() => Promise<unknown>)[];
let proxies: DatabaseProxy[];

beforeEach(async () => {
  backfills = await Backfills.open();
  closing = [];
  proxies = [];
});

afterEach(async () => {
  for (const close of closing) await close();
  // Executors end before their way to the database does.
  await backfills.close();
  for (const proxy of proxies) await proxy.close();
});

async function claimedSession(
  list: readonly string[],
): Promise<{ job: string; session: ExecutorSession; attempt: Attempt }> {
  const job = await backfills.job({ keys: list });
  const session = new ExecutorSession(backfills, job, 'executor-1');
  closing.push(() => session.close());
  await session.claimJob();
  const reply = await session.batch({ opening: [{ token: randomUUID(), replaces: null }] });
  return { job, session, attempt: reply!.claimed[0]! };
}

async function application(): Promise<Client> {
  const client = new Client(backfills.database.app);
  await client.connect();
  closing.push(() => client.end());
  return client;
}

function runSql(client: Client, attempt: Attempt, sql: string, next: string | null) {
  return client.query(
    `select claimed::text, leases from servo_run_sql_v1($1, $2, 'executor-1', 'orders', $3, $4, '', '', $5, $6, $7, $8, 120000, $9)`,
    [
      tenant,
      attempt.job_id,
      attempt.id,
      attempt.partition_key,
      attempt.attempt,
      attempt.token,
      sql,
      next,
      policyRow(),
    ],
  );
}

const effects = 'create table effects (key text); grant insert, select on effects to servo_app';
const leaveEffect = 'insert into effects values ($1)';

it('the last SQL attempt of a lease queue claimed one more partition, without a token', async () => {
  const { job, attempt } = await claimedSession(keys(3));
  const { rows } = await runSql(await application(), attempt, 'select 1', null);
  expect(rows[0]).toEqual({ claimed: '{}', leases: 0 });
  expect((await backfills.partitions(job)).map((row) => row.state)).toEqual([
    'completed',
    'pending',
    'pending',
  ]);
  expect(
    await backfills.row('select lease_tokens from backfill_jobs where id = $1', [job]),
  ).toEqual({ lease_tokens: [] });
});

it('an SQL attempt that arrived after its release left its effect twice', async () => {
  await backfills.rows(effects);
  const { session, attempt } = await claimedSession(keys(1));
  // The connection was closed: whether the message had arrived was unknown.
  await session.batch({
    reports: [{ attempt, outcome: { kind: 'snoozed', message: 'lost', delay_ms: 0 } }],
    closing: [attempt.token],
  });
  await expect(runSql(await application(), attempt, leaveEffect, null)).rejects.toMatchObject({
    code: 'SV410',
  });
  const again = await session.batch({ opening: [{ token: randomUUID(), replaces: null }] });
  await runSql(await application(), again!.claimed[0]!, leaveEffect, null);
  expect(await backfills.rows('select * from effects')).toEqual([{ key: 'k00001' }]);
});

it('an SQL attempt that arrived twice left its effect twice', async () => {
  await backfills.rows(effects);
  const { attempt } = await claimedSession(keys(1));
  const client = await application();
  await runSql(client, attempt, leaveEffect, null);
  await expect(runSql(client, attempt, leaveEffect, null)).rejects.toMatchObject({
    code: 'SV410',
  });
  expect(await backfills.rows('select * from effects')).toEqual([{ key: 'k00001' }]);
});

it('counters that were wrong after the crash of an external writer stayed wrong until the job ended', async () => {
  const job = await backfills.job({ keys: keys(4) });
  await backfills.rows(
    `update backfill_jobs set state = 'running', version = version + 1, started_at = now(), heartbeat_at = now() - interval '5 minutes' where id = $1`,
    [job],
  );
  // Completed by id; the counters were to follow.
  await backfills.rows(
    `update backfill_partitions set state = 'completed', attempt_count = 1 where backfill_job_id = $1 and partition_key <= 'k00002'`,
    [job],
  );
  const session = new ExecutorSession(backfills, job, 'executor-1');
  closing.push(() => session.close());
  await session.claimJob();
  expect(await backfills.state(job, 'running')).toMatchObject({
    completed_partitions: 2,
    checkpoint_partition_key: 'k00002',
  });
  const reply = await session.batch({ opening: [{ token: randomUUID(), replaces: null }] });
  expect(reply!.claimed[0]!.partition_key).toBe('k00003');
  await session.batch({ reports: [{ attempt: reply!.claimed[0]!, outcome: completed }] });
  expect(await backfills.state(job, 'running')).toMatchObject({ completed_partitions: 3 });
});

for (const fate of ['lost', 'swallowed'] as const) {
  it(`a worker whose registration was ${fate} ended as by a fault of its own`, async () => {
    const proxy = await DatabaseProxy.open(backfills.database.app);
    proxies.push(proxy);
    void proxy.trap(/servo_register_v/, { before: () => fate });
    const handler = functionHandler('orders', () => undefined);
    const { id } = await backfills.execute([handler], { settings: proxy.settings });
    // It has registered again, as after a loss.
    const tries = [...proxy.requestTexts].filter(([text]) => /servo_register_v/.test(text));
    expect(tries.reduce((sum, [, n]) => sum + n, 0)).toBeGreaterThan(1);
    expect(
      await backfills.rows('select id from backfill_executors where id = $1', [id]),
    ).toHaveLength(1);
  });
}

it('behind a pooler the time-out of an SQL handler cancelled some other statement, or none', async () => {
  const proxy = await DatabaseProxy.open(backfills.database.app, { pooled: true });
  proxies.push(proxy);
  const job = await backfills.job({
    keys: keys(1),
    strategy: { type: 'sequential', timeout_ms: 100, max_attempts: 1 },
  });
  await backfills.execute([{ asset: 'orders', kind: 'sql', sql: 'select pg_sleep(600)' }], {
    settings: proxy.settings,
  });
  expect(await backfills.state(job, 'failed')).toMatchObject({ failed_partitions: 1 });
  expect((await backfills.partitions(job))[0]!.error_message).toContain('timed out after 0.1 s');
  const sleeping = await backfills.rows(
    `select from pg_stat_activity where datname = $1 and state = 'active' and query like '%pg_sleep(600)%' and pid <> pg_backend_pid()`,
    [backfills.database.name],
  );
  expect(sleeping).toEqual([]);
});

it('behind a pooler nothing is asked of a session that is not ours', async () => {
  const proxy = await DatabaseProxy.open(
    { ...backfills.database.app, options: undefined } as typeof backfills.database.app,
    { pooled: true },
  );
  proxies.push(proxy);
  const executor = await backfills.execute([functionHandler('orders', () => undefined)], {
    settings: proxy.settings,
  });
  const job = await backfills.job({ keys: keys(20) });
  // Found by polling.
  await backfills.state(job, 'completed');
  await waitFor(
    'a sign of life',
    async () =>
      (await backfills.rows('select from backfill_executors where id = $1', [executor.id])).length >
      0,
  );
  // It is registered without a lock: only its leases tell of its death.
  expect(
    await backfills.rows('select locked from backfill_executors where id = $1', [executor.id]),
  ).toEqual([{ locked: false }]);
  expect(proxy.namedStatements).toEqual([]);
  expect(
    [...proxy.requestTexts.keys()].filter((text) => /^listen|pg_try_advisory_lock\(/i.test(text)),
  ).toEqual([]);
  const parameters = new Set(proxy.startUps.flatMap(Object.keys));
  expect([...parameters].sort()).toEqual([
    'application_name',
    'client_encoding',
    'database',
    'user',
  ]);
});

it('a connection whose first statement was never answered hung for ever, and with the listener the drain of its executor', async () => {
  const proxy = await DatabaseProxy.open(backfills.database.app);
  proxies.push(proxy);
  const swallow = () => proxy.trap(/as pooled/, { before: () => 'swallowed' });
  const outcome = (answer: Promise<unknown>) =>
    answer.then(
      () => 'answered',
      () => 'given up',
    );
  const pools = [true, false].map((pipelined) => new Database(proxy.settings, { pipelined }));
  const client = createClient(proxy.settings);
  void swallow();
  const answers = [outcome(client.connect())];
  for (const pool of pools) {
    void swallow();
    answers.push(outcome(pool.read(tenant, (query) => query('select 1', []))));
  }
  expect(await Promise.all(answers)).toEqual(['given up', 'given up', 'given up']);
  await client.end();
  await Promise.all(pools.map((pool) => pool.close()));
});

const impatient = { timeout: 300, rescue: 100, poll: 100 };

it('what a message that came late had claimed waited for its lease to run out', async () => {
  const proxy = await DatabaseProxy.open(backfills.database.app);
  proxies.push(proxy);
  const runs: string[] = [];
  const gate = new Gate();
  const handler = functionHandler('orders', async (key) => {
    runs.push(key);
    if (key === 'k00002') await gate.opened;
    return undefined;
  });
  await backfills.execute([handler], {
    speed: 1,
    timings: impatient,
    settings: proxy.settings,
    slots: 1,
  });
  const kept = proxy.trap(/servo_report_and_claim_v/, { before: () => 'late' });
  const job = await backfills.job({
    keys: keys(4),
    strategy: { type: 'parallel', max_parallel: 4 },
    columns: { avg_partition_duration_ms: 60_000 },
  });
  await kept;
  // The message was sent again on another connection, and its lease queue has moved on.
  await waitFor('the second partition to run', () => runs.includes('k00002'));
  proxy.deliverLate();
  await waitFor(
    'it to claim partitions that do not run',
    async () => (await backfills.partitions(job))[2]!.state === 'running',
  );
  gate.open();
  expect(await backfills.state(job, 'completed')).toMatchObject({ completed_partitions: 4 });
  expect([...runs].sort()).toEqual(keys(4));
  expect((await backfills.partitions(job)).map((row) => row.crash_count)).toEqual([0, 0, 0, 0]);
  expect(await backfills.attemptsJournal(job)).toEqual(['released k00003']);
});

it('what an SQL attempt had claimed for the next one, its reply lost and the job paused, waited for its lease to run out', async () => {
  const proxy = await DatabaseProxy.open(backfills.database.app);
  proxies.push(proxy);
  await backfills.execute([{ asset: 'orders', kind: 'sql', sql: 'select 1' }], {
    speed: 1,
    timings: impatient,
    settings: proxy.settings,
    slots: 1,
  });
  const swallowed = proxy.trap(/servo_run_sql_v/, { after: () => 'swallowed' });
  const job = await backfills.job({ keys: keys(3) });
  await swallowed;
  await backfills.rows(
    `update backfill_jobs set state = 'paused', paused_at = now(), version = version + 1 where id = $1`,
    [job],
  );
  await waitFor('it to be released', async () =>
    (await backfills.partitions(job)).every((row) => row.state !== 'running'),
  );
  const partitions = await backfills.partitions(job);
  expect(partitions.map((row) => [row.state, row.attempt_count, row.crash_count])).toEqual([
    ['completed', 1, 0],
    ['pending', 0, 0],
    ['pending', 0, 0],
  ]);
});

for (const [order, first, last] of [
  ['asc', 'k00001', 'k00003'],
  ['desc', 'k00003', 'k00001'],
] as const) {
  it(`a sequential job went past a key that still ran in a cancelled one, and did it last (${order})`, async () => {
    const { job: old, session, attempt } = await claimedSession(['k00002']);
    await backfills.rows(
      `update backfill_jobs set state = 'cancelled', version = version + 1 where id = $1`,
      [old],
    );
    const job = await backfills.job({ keys: keys(3), strategy: { type: 'sequential', order } });
    const next = new ExecutorSession(backfills, job, 'executor-2');
    closing.push(() => next.close());
    await next.claimJob();
    const doUpToTwo = async () => {
      const token = randomUUID();
      const { claimed } = (await next.batch({
        opening: [{ token, replaces: null }],
        per_queue: 2,
      }))!;
      const reports = claimed.map((one) => ({ attempt: one, outcome: completed }));
      await next.batch({ reports, closing: [token] });
      return claimed.map((one) => one.partition_key);
    };
    expect(await doUpToTwo()).toEqual([first]);
    expect(await doUpToTwo()).toEqual([]);
    await session.batch({ reports: [{ attempt, outcome: completed }], closing: [attempt.token] });
    expect(await doUpToTwo()).toEqual(['k00002', last]);
    expect(await backfills.state(job, 'completed')).toMatchObject({ completed_partitions: 3 });
  });
}

it('partitions that an external writer left running in a cancelled job stayed running forever', async () => {
  const job = await backfills.job({ keys: keys(3) });
  await backfills.rows(
    `update backfill_jobs set state = 'running', version = version + 1, heartbeat_at = now() where id = $1`,
    [job],
  );
  await backfills.rows(
    `update backfill_partitions set state = 'running', attempt_count = 1, started_at = now() - interval '5 minutes'
     where backfill_job_id = $1 and partition_key = 'k00001'`,
    [job],
  );
  await backfills.rows(
    `update backfill_jobs set state = 'cancelled', completed_at = now(), version = version + 1 where id = $1`,
    [job],
  );
  await backfills.execute([functionHandler('orders', () => undefined)]);
  await waitFor('it to be finalized', async () => {
    const row = await backfills.row('select needs_finalizing from backfill_jobs where id = $1', [
      job,
    ]);
    return row.needs_finalizing === false;
  });
  const partitions = await backfills.partitions(job);
  expect(partitions.map((row) => row.state)).toEqual(['skipped', 'skipped', 'skipped']);
  expect(await backfills.state(job, 'cancelled')).toMatchObject({ skipped_partitions: 3 });
  expect(await backfills.attemptsJournal(job)).toEqual(['lost k00001']);
});

it('a heartbeat that was answered late took the next attempt of the same partition for lost', async () => {
  // A heartbeat waits for this lock before it reads the rows, and names the attempts that ran when it was sent.
  await backfills.rows(`create table heartbeats (); grant insert on heartbeats to servo_app;
    alter function servo_heartbeat_v1 rename to servo_heartbeat_itself;
    create function servo_heartbeat_v1(p_tenant text, p_jobs uuid[], p_ids uuid[], p_tokens uuid[], p_lease_ms bigint, p_fresh_ms bigint) returns table (lost_id uuid, lost_token uuid) language plpgsql as $$
    begin
      insert into heartbeats default values;
      perform pg_advisory_xact_lock_shared(1);
      return query select b.* from servo_heartbeat_itself(p_tenant, p_jobs, p_ids, p_tokens, p_lease_ms, p_fresh_ms) b;
    end $$`);
  const heartbeats = async () => (await backfills.rows('select from heartbeats')).length;
  const gates = [new Gate(), new Gate()];
  const signals: AbortSignal[] = [];
  const handler = functionHandler('orders', async (_key, attempt, signal) => {
    signals.push(signal);
    await gates[attempt - 1]!.opened;
    return attempt === 1 ? { kind: 'snoozed', message: 'not yet', delay_ms: 0 } : completed;
  });
  const operator = await backfills.pool.connect();
  closing.push(async () => operator.release(true));
  await operator.query('select pg_advisory_lock(1)');
  const job = await backfills.job({ keys: keys(1) });
  await backfills.execute([handler], { speed: 1, timings: { heartbeat: 3_000, poll: 100 } });
  const waits = `select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`;
  await waitFor('the first attempt', () => signals.length === 1);
  await waitFor('a heartbeat to wait', async () => (await backfills.rows(waits)).length > 0);
  gates[0]!.open();
  await waitFor('the second attempt', () => signals.length === 2);
  const before = await heartbeats();
  await operator.query('select pg_advisory_unlock(1)');
  await waitFor('the next heartbeat', async () => (await heartbeats()) > before);
  expect(signals[1]!.aborted).toBe(false);
  gates[1]!.open();
  expect(await backfills.state(job, 'completed')).toMatchObject({ completed_partitions: 1 });
  expect(await backfills.attemptsJournal(job)).toEqual(['snoozed k00001']);
});

it('attempts claimed ahead when an operator reclaimed the job kept a lease without a token, and counted as crashes', async () => {
  const signals: AbortSignal[] = [];
  const handler = functionHandler('orders', async (key, attempt, signal) => {
    if (key !== 'k00001' || attempt > 1) return completed;
    signals.push(signal);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    throw new Error('stopped');
  });
  const job = await backfills.job({
    keys: keys(4),
    columns: { avg_partition_duration_ms: 50 },
  });
  // No other executor rescues them.
  await backfills.rows(
    `create or replace function servo_rescue_v1(p_tenant text, p_job uuid, p_actor text, p_stale_ms bigint, p_max_crashes integer)
     returns table (lost_id uuid, lost_token uuid, lost_owner text) language plpgsql as 'begin end'`,
  );
  await backfills.execute([handler], { speed: 1, timings: { heartbeat: 100, poll: 100 } });
  await waitFor('the first attempt', () => signals.length === 1);
  expect((await backfills.partitions(job)).map((row) => row.state)).toEqual(
    Array.from({ length: 4 }, () => 'running'),
  );
  await backfills.rows(
    `update backfill_jobs set heartbeat_at = now() - interval '5 minutes' where id = $1`,
    [job],
  );
  expect(await backfills.state(job, 'completed')).toMatchObject({ completed_partitions: 4 });
  expect((await backfills.partitions(job)).map((row) => row.crash_count)).toEqual([0, 0, 0, 0]);
  expect(await backfills.attemptsJournal(job)).toEqual([
    'released k00002',
    'released k00003',
    'released k00004',
    'snoozed k00001',
  ]);
});
