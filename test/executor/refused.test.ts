import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { Orphans } from '../../source/executor/duties/orphans.ts';
import { BatchSender } from '../../source/executor/jobs/batch-sender.ts';
import { scaleTimings } from '../../source/executor/settings.ts';
import { silentLog } from '../../source/observability/log.ts';
import { noMeter } from '../../source/observability/meter.ts';
import { Backfills, ExecutorSession, functionHandler, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

/** A trigger on partitions that raises where this holds. */
const refuse = (condition: string) =>
  backfills.rows(`create function audit() returns trigger language plpgsql as $$
      begin if ${condition} then raise exception 'audit: not this one'; end if; return new; end $$;
    create trigger audit before update on backfill_partitions for each row execute function audit()`);

it('A18: a completion that the database refuses fails with the reason, and the others are completed', async () => {
  await refuse(`new.partition_key = 'k00007' and new.state = 'completed'`);
  const job = await backfills.job({
    keys: keys(20),
    strategy: { type: 'parallel', max_parallel: 4, max_attempts: 2 },
  });
  await backfills.execute([functionHandler('orders', () => undefined)], { speed: 50 });
  const row = await backfills.state(job, 'failed');
  expect(row).toMatchObject({ completed_partitions: 19, failed_partitions: 1 });
  const [refused] = await backfills.rows(
    `select error_message, failure_count from backfill_partitions where backfill_job_id = $1 and state = 'failed'`,
    [job],
  );
  expect(refused).toEqual({
    error_message: 'the database refused its completion: audit: not this one (SQLSTATE P0001)',
    failure_count: 2,
  });
  const reasons = await backfills.rows<{ reason: string }>(
    `select reason from backfill_events where job_id = $1 and kind = 'unavailable'`,
    [job],
  );
  expect(reasons[0]!.reason).toContain('the database refused a report: audit: not this one');
  expect(await backfills.violations()).toEqual([]);
});

it('A18: a partition whose report is refused in every form is left to its lease, and the others are completed', async () => {
  await refuse(
    `old.partition_key = 'k00003' and old.state = 'running' and old.lease_expires_at = new.lease_expires_at is not true`,
  );
  const job = await backfills.job({
    keys: keys(6),
    strategy: { type: 'parallel', max_parallel: 2 },
  });
  let ran = 0;
  const handler = functionHandler('orders', (key) => {
    if (key === 'k00003') ran += 1;
    return undefined;
  });
  const executor = await backfills.execute([handler], { speed: 50 });
  await waitFor('the others to be done', async () => {
    const rows = await backfills.partitions(job);
    return rows.filter((row) => row.state === 'completed').length === 5;
  });
  expect(ran).toBe(1);
  await backfills.rows('drop trigger audit on backfill_partitions');
  await backfills.state(job, 'completed');
  await executor.drain();
});

it('A18: a job whose claim the database refuses rests, longer each time', async () => {
  await refuse(`new.partition_key = 'k00002' and new.state = 'running'`);
  const job = await backfills.job({ keys: keys(3) });
  const executor = await backfills.execute([functionHandler('orders', () => undefined)], {
    speed: 50,
  });
  const trouble = await waitFor('it to be on record', async () => {
    const { outages } = await backfills.row<{ outages: Record<string, string>[] }>(
      'select outages from backfill_executors where id = $1',
      [executor.id],
    );
    return outages[0];
  });
  expect(trouble!.message).toContain('audit: not this one');
  await backfills.rows('drop trigger audit on backfill_partitions');
  await backfills.state(job, 'completed');
});

it('A18: an error message is stored in characters that the database can hold', async () => {
  // As a database whose encoding does not have them.
  await refuse(`new.error_message ~ '[^[:ascii:]]'`);
  const job = await backfills.job({
    keys: keys(1),
    strategy: { type: 'sequential', max_attempts: 1 },
  });
  const handler = functionHandler('orders', () => ({ kind: 'failed', message: '5 € short' }));
  await backfills.execute([handler], { speed: 50 });
  await backfills.state(job, 'failed');
  expect((await backfills.partitions(job))[0]!.error_message).toMatch(
    /^5 \? short\n\(the database refused the message as it was: audit: not this one/,
  );
});

it('A18: a database that refuses a batch is named, also if it was unavailable before', async () => {
  const job = await backfills.job({ keys: keys(1) });
  await backfills.rows(`do $$ declare f regprocedure; begin
    for f in select oid::regprocedure from pg_proc where proname = 'servo_report_and_claim_v1' loop
      execute format('revoke execute on function %s from public, servo_app', f);
    end loop; end $$`);
  const steps = openDatabase(backfills.database.app, { connections: 1 });
  let losses = 5;
  const database = new Proxy(steps, {
    get: (target, name) =>
      name === 'call' && losses-- > 0
        ? () => Promise.reject(Object.assign(new Error('cut'), { code: 'ECONNRESET' }))
        : Reflect.get(target, name).bind(target),
  });
  const abandoned = new AbortController();
  const said: string[] = [];
  const sender = new BatchSender({
    database,
    timings: scaleTimings(100),
    log: silentLog,
    meter: noMeter,
    abandoned: abandoned.signal,
    onRefused: (message) => void said.push(message),
  });
  const request = { tenant, job, asset: 'orders', granularity: null, owner: 'me', reports: [] };
  const sent = sender.send({ ...request, closing: [], opening: [], per_queue: 1, lease_ms: 1_000 });
  await waitFor('the refusal', () => said.length > 0);
  expect(said[0]).toContain('permission denied for function servo_report_and_claim_v1');
  abandoned.abort();
  expect(await sent).toEqual([]);
  await steps.close();
});

it('I4: orphaned claims of one token are released together, or kept together where one is refused', async () => {
  await refuse(`new.partition_key = 'k00002' and new.state = 'pending'`);
  const job = await backfills.job({ keys: keys(3) });
  const queue = new ExecutorSession(backfills, job, 'executor-1');
  const database = openDatabase(backfills.database.app, { connections: 1 });
  try {
    await queue.claimJob();
    const token = randomUUID();
    await queue.batch({ opening: [{ token, replaces: null }], per_queue: 3 });
    const timings = scaleTimings(50);
    const ports = { database, tenants: [tenant], owner: 'executor-1', timings, log: silentLog };
    const orphans = new Orphans({ ...ports, owns: () => false });
    const tokens = async () =>
      (await backfills.row('select lease_tokens from backfill_jobs where id = $1', [job]))
        .lease_tokens;
    await orphans.releaseAll();
    // Was: k00001 released, and the token closed under the other two.
    expect(await tokens()).toEqual([token]);
    expect(await backfills.violations()).toEqual([]);
    await backfills.rows('drop trigger audit on backfill_partitions');
    await orphans.releaseAll();
    expect(await tokens()).toEqual([]);
    expect(await backfills.attemptsJournal(job)).toEqual(keys(3).map((key) => `released ${key}`));
  } finally {
    await queue.close();
    await database.close();
  }
});
