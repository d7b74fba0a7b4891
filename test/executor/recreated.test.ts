import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../source/database/database.ts';
import type { Attempt, Outcome } from '../../source/domain/partition/attempt.ts';
import { recreateJob } from '../../source/operations/act/recreate.ts';
import { retryJob } from '../../source/operations/act/retry.ts';
import { startBackfill } from '../../source/operations/start/start-backfill.ts';
import { assessJob } from '../../source/operations/triage/explain-job.ts';
import { Backfills, completed, ExecutorSession, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';

let backfills: Backfills;
let db: Database;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  backfills = await Backfills.open();
  db = openDatabase(backfills.database.app);
});

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  await db.close();
  await backfills.close();
});

const author = { tenant, actor: 'mara', reason: 'SLA at risk' };
const fresh = () => ({ token: randomUUID(), replaces: null });

async function sessionOf(job: string): Promise<ExecutorSession> {
  const session = new ExecutorSession(backfills, job, 'executor-1');
  closing.push(() => session.close());
  await session.claimJob();
  return session;
}

const recreate = async (job: string) => (await recreateJob(db, author, job, {})).job!.id;

const statesOf = async (job: string) =>
  Object.fromEntries(
    (await backfills.partitions(job)).map((row) => [row.partition_key, row.state]),
  );

describe('A26 what ends completed in the old job is completed in the new one', () => {
  it('A26 an append-only target, with a worker: recreated twice in the middle, each key is appended once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'servo-recreated-'));
    const [target, started, gate] = ['target', 'started', 'gate'].map((name) => join(folder, name));
    for (const file of [target!, started!]) writeFileSync(file, '');
    const handlers = handlerDirectory({
      'orders.mjs': `import { appendFileSync, existsSync } from 'node:fs';
        import { setTimeout as sleep } from 'node:timers/promises';
        export default async ({ partition_key }) => {
          appendFileSync(${JSON.stringify(started)}, partition_key + '\\n');
          while (!existsSync(${JSON.stringify(gate)})) await sleep(20);
          appendFileSync(${JSON.stringify(target)}, partition_key + '\\n');
        };`,
    });
    const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').filter(Boolean).sort();
    const first = await backfills.job({
      keys: keys(6),
      strategy: { type: 'parallel', max_parallel: 3 },
    });
    const args = ['--handlers', handlers, '--slots', '4'];
    const worker = new Worker(backfills.database.app, tenant, args, { SERVO_SPEED: '20' });
    closing.push(() => worker.kill());
    await worker.started();
    await waitFor('three partitions to run', () => linesOf(started!).length === 3);
    const second = await recreate(first);
    // The second one takes what does not run in the first: the slot that is left.
    await waitFor('a fourth partition to run', () => linesOf(started!).length === 4);
    const third = await recreate(second);
    writeFileSync(gate!, '');
    expect(await backfills.state(third, 'completed', 'failed')).toMatchObject({
      state: 'completed',
      total_partitions: 6,
      completed_partitions: 6,
      checkpoint_partition_key: 'k00006',
    });
    expect(linesOf(target!)).toEqual(keys(6));
    expect((await backfills.attemptsJournal(third)).sort()).toEqual(
      keys(4).map((key) => `adopted ${key}`),
    );
    const finalized = () =>
      backfills.rows(
        'select id from backfill_jobs where needs_finalizing or cardinality(lease_tokens) > 0',
      );
    await waitFor('the old jobs to be finalized', async () => (await finalized()).length === 0);
    expect(await backfills.violations()).toEqual([]);
  });

  it('A26 by how the attempt in the old job ends: only a completion is taken over, in key order', async () => {
    const outcomes: [name: string, outcome: Outcome | null, adopted: boolean][] = [
      ['completed', completed, true],
      ['failed', { kind: 'failed', message: 'no' }, false],
      ['fatal', { kind: 'fatal', message: 'no' }, false],
      ['snoozed', { kind: 'snoozed', message: 'no', delay_ms: 0 }, false],
      ['released', { kind: 'released' }, false],
      ['lost', null, false],
    ];
    for (const max_parallel of [1, 4]) {
      for (const [name, outcome, adopted] of outcomes) {
        const strategy = { type: 'parallel', max_parallel };
        const old = await backfills.job({ keys: keys(3), strategy });
        const before = await sessionOf(old);
        const [held] = (await before.batch({
          opening: [fresh()],
          lease_ms: outcome === null ? -1 : 60_000,
        }))!.claimed;
        const next = await recreate(old);
        const session = await sessionOf(next);
        const others: Attempt[] = [];
        const more = async () => {
          const reply = await session.batch({ opening: [fresh()] });
          others.push(...reply!.claimed);
          return reply!;
        };
        const waiting = await more();
        expect(waiting.claimed.map(({ partition_key }) => partition_key)).toEqual(
          max_parallel === 1 ? [] : ['k00002'],
        );
        if (outcome === null) expect(await before.rescue()).toBe(1);
        else {
          await before.batch({
            reports: [{ attempt: held!, outcome, duration_ms: 40 }],
            closing: [held!.token],
          });
        }
        for (let steps = 0; steps < 6; steps++) {
          const reports = others.splice(0).map((attempt) => ({ attempt, outcome: completed }));
          const closing = reports.map(({ attempt }) => attempt.token);
          const reply = (await session.batch({ reports, closing, opening: [fresh()] }))!;
          others.push(...reply.claimed);
          if (reply.claimed.length === 0 && reply.state === 'running')
            expect(reply.due_in_ms).toBeLessThan(1000);
        }
        const what = `${name}, ${max_parallel}`;
        expect(await backfills.state(next, 'completed'), what).toMatchObject({
          completed_partitions: 3,
          failed_partitions: 0,
          checkpoint_partition_key: 'k00003',
        });
        const [row] = await backfills.partitions(next);
        expect(row, what).toMatchObject({ state: 'completed', attempt_count: adopted ? 0 : 1 });
        const [theirs] = await backfills.partitions(old);
        if (adopted) expect(row!.completed_at).toEqual(theirs!.completed_at);
        expect(await backfills.attemptsJournal(next), what).toEqual(
          adopted ? ['adopted k00001'] : [],
        );
      }
    }
    const [adopted] = await backfills.rows<{ reason: string }>(
      `select reason from backfill_events where kind = 'adopted'`,
    );
    expect(adopted!.reason).toMatch(/^completed by job [0-9a-f]{8} on executor-1, not run again$/);
  });

  it('A26 completed before the new job was claimed, after a pause of it, and by way of a job between', async () => {
    const old = await backfills.job({ keys: keys(2) });
    const before = await sessionOf(old);
    const [held] = (await before.batch({ opening: [fresh()] }))!.claimed;
    const dry = await recreateJob(db, author, old, { dry_run: true });
    expect(dry.replaced.in_flight).toBe(1);
    const between = await recreate(old);
    await backfills.rows(
      `update backfill_jobs set state = 'running', version = version + 1 where id = $1;`,
      [between],
    );
    await backfills.rows(
      `update backfill_jobs set state = 'paused', version = version + 1 where id = $1`,
      [between],
    );
    await before.batch({
      reports: [{ attempt: held!, outcome: completed }],
      closing: [held!.token],
    });
    // Nothing runs anywhere now: the one between has not taken it over, and its successor does.
    const last = await recreate(between);
    const session = await sessionOf(last);
    const reply = await session.batch({ opening: [fresh()] });
    expect(reply!.claimed).toEqual([]);
    expect(reply!.due_in_ms).toBe(1);
    const [second] = (await session.batch({ opening: [fresh()] }))!.claimed;
    expect(second!.partition_key).toBe('k00002');
    expect(await statesOf(last)).toEqual({ k00001: 'completed', k00002: 'running' });
  });

  it('A26 a retry as a new job takes over as well; a start that asks for the key runs it', async () => {
    const failedOnce = await backfills.job({ keys: keys(1) });
    await backfills.rows(
      `update backfill_partitions set state = 'failed', available_at = 'infinity' where backfill_job_id = $1`,
      [failedOnce],
    );
    await backfills.rows(
      `update backfill_jobs set state = 'running', version = version + 1 where id = $1`,
      [failedOnce],
    );
    await backfills.rows(
      `update backfill_jobs set state = 'failed', version = version + 1 where id = $1`,
      [failedOnce],
    );
    const first = (await retryJob(db, author, failedOnce)).job.id;
    const before = await sessionOf(first);
    const [held] = (await before.batch({ opening: [fresh()] }))!.claimed;
    await backfills.rows(
      `update backfill_jobs set state = 'cancelled', version = version + 1 where id = $1`,
      [first],
    );
    const again = (await retryJob(db, author, failedOnce)).job.id;
    await before.batch({
      reports: [{ attempt: held!, outcome: completed }],
      closing: [held!.token],
    });
    const session = await sessionOf(again);
    expect(await session.batch({ opening: [fresh()] })).toMatchObject({ state: 'completed' });

    const old = await backfills.job({ keys: keys(1) });
    const running = await sessionOf(old);
    const [attempt] = (await running.batch({ opening: [fresh()] }))!.claimed;
    await backfills.rows(
      `update backfill_jobs set state = 'cancelled', version = version + 1 where id = $1`,
      [old],
    );
    const { job } = await startBackfill(db, author, { asset: 'orders', partitions: ['k00001'] });
    await running.batch({
      reports: [{ attempt: attempt!, outcome: completed }],
      closing: [attempt!.token],
    });
    const started = await sessionOf(job!.id);
    expect((await started.batch({ opening: [fresh()] }))!.claimed).toHaveLength(1);
  });

  it('A26 what is taken over is no fault of the checkpoint', async () => {
    const old = await backfills.job({
      keys: keys(4),
      strategy: { type: 'parallel', max_parallel: 4 },
    });
    const before = await sessionOf(old);
    const { claimed } = (await before.batch({ opening: [fresh(), fresh(), fresh(), fresh()] }))!;
    const next = await recreate(old);
    await before.batch({ reports: [{ attempt: claimed[2]!, outcome: completed }] });
    const session = await sessionOf(next);
    await session.batch({ opening: [fresh()] });
    expect(await statesOf(next)).toMatchObject({ k00001: 'pending', k00003: 'completed' });
    const { findings } = await assessJob(db, tenant, next);
    expect(findings.map(({ check }) => check.name)).not.toContain('checkpoint');
  });
});
