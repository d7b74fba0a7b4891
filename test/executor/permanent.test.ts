import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { noSettings } from '../../source/handlers/asset-settings.ts';
import { actOnJob } from '../../source/operations/act/act-on-job.ts';
import { retryJob } from '../../source/operations/act/retry.ts';
import { assessJob } from '../../source/operations/triage/explain-job.ts';
import { explainReason } from '../../source/presentation/triage/explain-reason.ts';
import { Backfills, functionHandler, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

const permanent = (message: string) => ({ kind: 'failed', message, permanent: true }) as const;
const strategy = { type: 'parallel', max_parallel: 4, max_attempts: 1 };
const failed = async (job: string) =>
  (await backfills.partitions(job)).filter((row) => row.state === 'failed').length;
const pauses = (job: string) =>
  backfills.rows<{ reason: string }>(
    `select reason from backfill_events where job_id = $1 and to_state = 'paused' order by id`,
    [job],
  );

describe('A15: permanent failures', () => {
  it('a dropped table pauses its job before partitions fail, whatever the key in the message', async () => {
    await backfills.rows('create table source (key text); grant all on source to servo_app');
    const job = await backfills.job({
      keys: keys(300),
      strategy: { type: 'parallel', max_parallel: 4 },
    });
    await backfills.execute(
      [
        {
          asset: 'orders',
          kind: 'sql',
          sql: 'select pg_sleep(0.005); insert into source values ($1)',
        },
      ],
      { speed: 50 },
    );
    await waitFor(
      'some to be done',
      async () => (await backfills.row('select from source limit 1')) !== undefined,
    );
    await backfills.rows('drop table source');
    await backfills.state(job, 'paused');
    const [pause] = await pauses(job);
    expect(pause!.reason).toMatch(
      /^auto-paused: the last \d+ attempts had the same permanent error: relation "source" does not exist \(SQLSTATE 42P01\)/,
    );
    expect(await failed(job)).toBe(0);
    expect((await backfills.attemptsJournal(job)).length).toBeLessThanOrEqual(4 + 5);
    const reader = openDatabase(backfills.database.app, { connections: 2 });
    const { clause, facts } = await assessJob(reader, tenant, job);
    const { next } = explainReason(clause, facts);
    expect(next).toContain('relation "source" does not exist: create it');
    // Mended: one goes first, then all.
    await backfills.rows('create table source (key text); grant all on source to servo_app');
    await actOnJob(reader, { tenant, actor: 'mara' }, { action: 'resume', id: job });
    await backfills.state(job, 'completed');
    await reader.close();
  });

  it('a right that the handler lacks is named by explain as the GRANT that gives it', async () => {
    await backfills.rows('create table secrets (key text)');
    const job = await backfills.job({ keys: keys(9) });
    const sql = 'insert into secrets values ($1)';
    await backfills.execute([{ asset: 'orders', kind: 'sql', sql }], { speed: 50 });
    await backfills.state(job, 'paused');
    const reader = openDatabase(backfills.database.app, { connections: 1 });
    const { clause, facts } = await assessJob(reader, tenant, job);
    expect(explainReason(clause, facts).next).toBe(
      `run: grant select, insert, update, delete on table secrets to servo_app; then retry; then: servo-tui resume ${job.slice(0, 8)}`,
    );
    await reader.close();
  });

  it('at most slots + 5 partitions fail, the next canary fails one, and a repaired job continues', async () => {
    let broken = true;
    const running = { now: 0, most: 0 };
    const handler = functionHandler('orders', async (key) => {
      running.now += 1;
      running.most = Math.max(running.most, running.now);
      await new Promise((resolve) => setTimeout(resolve, 3));
      running.now -= 1;
      return broken ? permanent(`https://x/run: HTTP 401 for ${key}`) : undefined;
    });
    const job = await backfills.job({ keys: keys(400), strategy });
    await backfills.execute([handler], { slots: 4, failures: null });
    await backfills.state(job, 'paused');
    const lost = await failed(job);
    expect(lost).toBeLessThanOrEqual(4 + 5);
    const database = openDatabase(backfills.database.app, { connections: 2 });
    const again = async () => {
      await retryJob(database, { tenant, actor: 'mara' }, job);
      running.most = 0;
      await actOnJob(database, { tenant, actor: 'mara' }, { action: 'resume', id: job });
    };
    await again();
    await waitFor('it to pause again', async () => (await pauses(job)).length === 2);
    expect(running.most).toBe(1);
    expect(await failed(job)).toBe(1);
    broken = false;
    await again();
    await backfills.state(job, 'completed');
    expect(running.most).toBeGreaterThan(1);
    await database.close();
  });

  it('retry of an ended job makes one that tries one first', async () => {
    let broken = true;
    const met: string[] = [];
    const handler = functionHandler('orders', (key) => {
      met.push(key);
      return broken ? permanent('HTTP 403') : undefined;
    });
    const job = await backfills.job({ keys: keys(3), strategy });
    await backfills.execute([handler], { failures: null, pause_at: 3 });
    // Nothing was left to try when the third one failed.
    await backfills.state(job, 'failed');
    met.length = 0;
    const database = openDatabase(backfills.database.app, { connections: 2 });
    const { job: next } = await retryJob(database, { tenant, actor: 'mara' }, job);
    await backfills.state(next.id, 'paused');
    expect(met).toHaveLength(1);
    broken = false;
    await retryJob(database, { tenant, actor: 'mara' }, next.id);
    await actOnJob(database, { tenant, actor: 'mara' }, { action: 'resume', id: next.id });
    await backfills.state(next.id, 'completed');
    await database.close();
  });

  it('failures of different kinds, or with completions between them, do not pause', async () => {
    const handler = functionHandler('orders', (key) => {
      const n = Number(key.slice(1));
      if (n % 2 === 0) return permanent('relation "x" does not exist');
      return n % 3 === 0 ? { kind: 'failed', message: 'passing' } : undefined;
    });
    const job = await backfills.job({ keys: keys(40), strategy: { ...strategy, max_parallel: 1 } });
    await backfills.execute([handler], { failures: null });
    await backfills.state(job, 'failed');
    expect(await pauses(job)).toEqual([]);
  });
});

it('A33: timeout and max_attempts of the settings count for jobs that do not say', async () => {
  const settings = { ...noSettings, max_attempts: 2, timeout_ms: 70 };
  const handler = {
    ...functionHandler('orders', async (_key, _attempt, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new Error('stopped');
    }),
    settings,
  };
  const silent = await backfills.job({ keys: keys(1) });
  const saying = await backfills.job({
    keys: keys(1),
    strategy: { type: 'sequential', max_attempts: 1, timeout_ms: 60 },
  });
  await backfills.execute([handler], { speed: 200 });
  await backfills.state(silent, 'failed');
  await backfills.state(saying, 'failed');
  const of = async (job: string) => (await backfills.partitions(job))[0];
  expect(await of(silent)).toMatchObject({
    failure_count: 2,
    error_message: 'timed out after 0.07 s',
  });
  expect(await of(saying)).toMatchObject({
    failure_count: 1,
    error_message: 'timed out after 0.06 s',
  });
});
