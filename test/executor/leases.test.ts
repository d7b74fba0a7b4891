import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { declareDead } from '../../source/database/queries/executor-calls.ts';
import { findHeld } from '../../source/database/queries/find-held.ts';
import { runSqlHandler } from '../../source/database/queries/run-sql-handler.ts';
import type { Attempt, Outcome } from '../../source/domain/partition/attempt.ts';
import { reclaimJob } from '../../source/operations/act/reclaim.ts';
import {
  Backfills,
  completed,
  ExecutorSession,
  functionHandler,
  keys,
  tenant,
} from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';

let backfills: Backfills;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  await backfills.close();
});

const fresh = () => ({ token: randomUUID(), replaces: null });
const author = { tenant, actor: 'mara' };

/** The runbook's "Force reclaim". */
const rawReclaim = `update backfill_jobs set heartbeat_at = now() - interval '5 minutes', version = version + 1 where id = $1`;

async function sessionOf(job: string, owner = 'executor-1'): Promise<ExecutorSession> {
  const session = new ExecutorSession(backfills, job, owner);
  closing.push(() => session.close());
  await session.claimJob();
  return session;
}

describe('A3 a lease is named by id and token', () => {
  /** What the calls of an executor answer about an attempt under a token that is not the row's any more. */
  const calls: Readonly<
    Record<string, (session: ExecutorSession, old: Attempt, current: Attempt) => Promise<unknown>>
  > = {
    servo_heartbeat_v1: async (session, old, current) => {
      expect(await session.heartbeat([old, current])).toEqual([{ id: old.id, token: old.token }]);
    },
    servo_report_and_claim_v1: async (session, old) => {
      const outcomes: Outcome[] = [
        completed,
        { kind: 'failed', message: 'late' },
        { kind: 'fatal', message: 'late' },
        { kind: 'snoozed', message: 'late', delay_ms: 0 },
        { kind: 'released' },
      ];
      for (const outcome of outcomes) {
        const reply = await session.batch({
          reports: [{ attempt: old, outcome }],
          closing: [old.token],
        });
        expect([...reply!.accepted], outcome.kind).toEqual([]);
      }
      const next = await session.batch({ opening: [{ token: randomUUID(), replaces: old.token }] });
      expect(next!.claimed).toEqual([]);
    },
    servo_run_sql_v1: async (_session, old) => {
      const database = openDatabase(backfills.database.app, { connections: 1 });
      closing.push(() => database.close());
      const client = await database.connect();
      const options = { owner: 'executor-1', next: null, lease_ms: 60_000, policy: {} };
      await expect(runSqlHandler(client, old, 'select $1', options)).rejects.toMatchObject({
        code: 'SV410',
      });
      client.release();
    },
    servo_rescue_v1: async (session) => {
      expect(await session.rescued()).toEqual([]);
    },
    servo_declare_dead_v1: async () => {
      const database = openDatabase(backfills.database.app, { connections: 1 });
      closing.push(() => database.close());
      const declarer = { tenant, owner: 'executor-2', silence_ms: 10_000 };
      expect(await declareDead(database, declarer)).toEqual([]);
      const held = await findHeld(database, tenant, 'executor-1');
      expect(held.map(({ token }) => token)).not.toContain(undefined);
    },
  };

  it('A3 a call with an old token does not change the next attempt, and returns the old one as lost', async () => {
    const writers = await backfills.rows<{ name: string }>(
      `select proname as name from pg_proc where prosrc ~ '\\mlease_(token|owner|expires_at)\\M\\s*=\\s*[^=]*' and prosrc ~ '\\mset\\M'
         and proname like 'servo%' and provolatile = 'v' order by 1`,
    );
    // servo_finish_v1 is a part of servo_report_and_claim_v1, by which servo_run_sql_v1 writes too.
    const called = writers.map(({ name }) => name).filter((name) => name !== 'servo_finish_v1');
    expect([...called, 'servo_run_sql_v1'].sort()).toEqual(Object.keys(calls).sort());
    const folder = resolve(import.meta.dirname, '../../source/database/queries');
    const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(
      texts.filter((text) => /update backfill_partitions[^`]*\bset\b[^`]*\blease_/.test(text)),
    ).toEqual([]);

    for (const [name, call] of Object.entries(calls)) {
      const job = await backfills.job({ keys: keys(1), strategy: { max_parallel: 4 } });
      const session = await sessionOf(job);
      const [old] = (await session.batch({ opening: [fresh()], lease_ms: -1 }))!.claimed;
      expect(await session.rescued()).toEqual([
        { id: old!.id, token: old!.token, owner: 'executor-1' },
      ]);
      const [current] = (await session.batch({ opening: [fresh()] }))!.claimed;
      const row = async () => (await backfills.partitions(job))[0];
      const before = await row();
      await call(session, old!, current!);
      expect(await row(), name).toEqual(before);
    }
  });

  it('A3 two attempts of one partition in one report are distinguished', async () => {
    const job = await backfills.job({ keys: keys(1) });
    const session = await sessionOf(job);
    const [old] = (await session.batch({ opening: [fresh()], lease_ms: -1 }))!.claimed;
    await session.rescue();
    const [current] = (await session.batch({ opening: [fresh()] }))!.claimed;
    const later: Outcome = { kind: 'snoozed', message: 'stopped', delay_ms: 0 };
    const reports = [
      { attempt: old!, outcome: later },
      { attempt: current!, outcome: completed },
    ];
    const reply = await session.batch({ reports, closing: [old!.token, current!.token] });
    expect([...reply!.accepted]).toEqual([1]);
    expect(reply!.state).toBe('completed');
    expect(await backfills.attemptsJournal(job)).toEqual(['lost k00001', 'fenced k00001']);
  });

  it('A3 an executor that rescues its own attempt stops it at once, and notifies another owner without a heartbeat', async () => {
    const never = 3_600_000;
    const signals = new Map<string, AbortSignal>();
    const handler = functionHandler('orders', async (key, attempt, signal) => {
      signals.set(`${key} ${attempt}`, signal);
      if (attempt > 1) return completed;
      await new Promise((done) => signal.addEventListener('abort', done));
      throw new Error('stopped');
    });
    const both = { heartbeat: never, lease: never, fence: never, abort: never, poll: 50 };
    for (const rescuers of [1, 2]) {
      signals.clear();
      const job = await backfills.job({ keys: keys(1, `r${rescuers}`) });
      const first = await backfills.execute([handler], {
        speed: 1,
        timings: { ...both, rescue: rescuers === 1 ? 50 : never },
      });
      await waitFor('the first attempt', () => signals.size === 1);
      // The second one takes back what the first one holds, and the first one has no rescue of its own to learn it from.
      if (rescuers === 2) {
        await backfills.execute([handler], { speed: 1, timings: { ...both, rescue: 50 } });
      }
      await backfills.rows(rawReclaim, [job]);
      expect(await backfills.state(job, 'completed')).toMatchObject({ completed_partitions: 1 });
      await waitFor('the first to stop', () => signals.get(`r${rescuers}00001 1`)!.aborted);
      expect(signals.get(`r${rescuers}00001 2`)!.aborted).toBe(false);
      await first.abort();
    }
  });

  it('A3 a job that is reclaimed three times while its handler runs: each old attempt is stopped, the last one never', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'servo-leases-'));
    const [log, gate] = [join(folder, 'log'), join(folder, 'gate')];
    writeFileSync(log, '');
    const handlers = handlerDirectory({
      'orders.mjs': `import { appendFileSync, existsSync } from 'node:fs';
        export default ({ attempt, signal }) => new Promise((resolve, reject) => {
          const write = (word) => appendFileSync(${JSON.stringify(log)}, word + ' ' + attempt + '\\n');
          write('started');
          const look = setInterval(() => {
            if (!existsSync(${JSON.stringify(gate)})) return;
            clearInterval(look);
            write('done');
            resolve();
          }, 20);
          signal.addEventListener('abort', () => {
            clearInterval(look);
            write('stopped');
            reject(new Error('stopped'));
          });
        });`,
    });
    const job = await backfills.job({ keys: keys(1) });
    const worker = new Worker(
      backfills.database.app,
      tenant,
      ['--handlers', handlers, '--slots', '4'],
      { SERVO_SPEED: '20' },
    );
    closing.push(() => worker.kill());
    await worker.started();
    const lines = () => readFileSync(log, 'utf8').split('\n').filter(Boolean);
    const seen = (line: string) =>
      waitFor(line, () => lines().includes(line), { seen: () => lines().join(', ') + worker.log });
    const database = openDatabase(backfills.database.app);
    closing.push(() => database.close());
    for (const attempt of [1, 2, 3]) {
      await seen(`started ${attempt}`);
      await backfills.state(job, 'running');
      if (attempt === 2) await backfills.rows(rawReclaim, [job]);
      else expect(await reclaimJob(database, author, job)).toMatchObject({ result: 'applied' });
      await seen(`stopped ${attempt}`);
    }
    await seen('started 4');
    // A later heartbeat has renewed this lease.
    const lease = async () => Number((await backfills.partitions(job))[0]!.lease_expires_at);
    const before = await lease();
    await waitFor('its lease to be renewed', async () => (await lease()) > before);
    expect(existsSync(gate)).toBe(false);
    writeFileSync(gate, '');
    await seen('done 4');
    const row = await backfills.state(job, 'completed', 'failed');
    expect(row).toMatchObject({ state: 'completed', completed_partitions: 1 });
    const stopped = [1, 2, 3].flatMap((attempt) => [`started ${attempt}`, `stopped ${attempt}`]);
    expect(lines().sort()).toEqual([...stopped, 'started 4', 'done 4'].sort());
    expect((await backfills.partitions(job))[0]).toMatchObject({
      attempt_count: 4,
      crash_count: 0,
      failure_count: 0,
    });
    expect(await backfills.violations()).toEqual([]);
  });
});

describe('A4 a revoked lease is not a failure', () => {
  it('A4 ten reclaims, by command and by the runbook, leave a healthy partition healthy', async () => {
    const job = await backfills.job({ keys: keys(2) });
    const session = await sessionOf(job);
    const database = openDatabase(backfills.database.app);
    closing.push(() => database.close());
    for (let round = 0; round < 10; round++) {
      const { claimed } = (await session.batch({ opening: [fresh()], per_queue: 2 }))!;
      expect(claimed.map((attempt) => attempt.attempt)).toEqual([round + 1, round + 1]);
      if (round % 2 === 0) await reclaimJob(database, author, job);
      else await backfills.rows(rawReclaim, [job]);
      expect(await session.rescue()).toBe(2);
      await session.claimJob();
    }
    for (const partition of await backfills.partitions(job)) {
      expect(partition).toMatchObject({ state: 'pending', crash_count: 0, error_message: null });
    }
    const { claimed } = (await session.batch({ opening: [fresh()], per_queue: 2 }))!;
    const reports = claimed.map((attempt) => ({ attempt, outcome: completed }));
    const reply = await session.batch({ reports, closing: [claimed[0]!.token] });
    expect(reply!.state).toBe('completed');
    const reasons = await backfills.rows(
      `select distinct kind, reason from backfill_events where job_id = $1 and kind <> 'state' order by 1, 2`,
      [job],
    );
    expect(reasons).toEqual([
      { kind: 'reclaim requested', reason: null },
      { kind: 'reclaimed', reason: 'an operator took it back from executor-1' },
    ]);
  });

  // Times against now; the order, where there is one, was given a minute ago.
  const ours = { lease_owner: 'executor-9', lease_token: randomUUID() };
  const left = [
    [
      'a lease, an order',
      ours,
      '-2 min',
      '+1 min',
      'reclaimed',
      'an operator took it back from executor-9',
      2,
    ],
    [
      'a lease that ran out after the order',
      ours,
      '-2 min',
      '-10 s',
      'reclaimed',
      'an operator took it back from executor-9',
      2,
    ],
    [
      'a lease that had run out before the order',
      ours,
      '-2 min',
      '-90 s',
      'lost',
      'the lease of executor-9 expired',
      3,
    ],
    [
      'a lease that ran out after a later claim',
      ours,
      '-30 s',
      '-10 s',
      'lost',
      'the lease of executor-9 expired',
      3,
    ],
    ['a dead executor', ours, '-2 min', '-infinity', 'lost', 'executor executor-9 died', 3],
    [
      'an external writer, an order',
      {},
      '-2 min',
      null,
      'reclaimed',
      'an operator took it back from an external writer',
      2,
    ],
    [
      'an external writer on a row that we had before, an order',
      ours,
      '-2 min',
      null,
      'reclaimed',
      'an operator took it back from an external writer',
      2,
    ],
    [
      'an external writer that went away',
      {},
      '-30 s',
      null,
      'lost',
      'an external writer left it running and let the heartbeat go stale',
      3,
    ],
    ['a lease that runs', ours, '-30 s', '+1 min', null, null, 2],
  ] as const;

  it('A4 the journal names operator, executor and attempt, and only lost leases are counted', async () => {
    const job = await backfills.job({
      keys: left.map((_, index) => `p${index}`),
      columns: { state: 'running' },
    });
    await backfills.rows(
      `update backfill_jobs set claimed_version = version, leases_revoked_at = now() - interval '1 minute' where id = $1`,
      [job],
    );
    for (const [index, [, columns, started, expires]] of left.entries()) {
      const { lease_owner = null, lease_token = null } = columns as Partial<typeof ours>;
      await backfills.rows(
        `update backfill_partitions set state = 'running', attempt_count = 1, crash_count = 2, lease_owner = $3, lease_token = $4,
           started_at = now() + $5::interval, lease_expires_at = case when $6 = '-infinity' then '-infinity' else now() + nullif($6, '-infinity')::interval end
         where backfill_job_id = $1 and partition_key = $2`,
        [job, `p${index}`, lease_owner, lease_token, started, expires],
      );
    }
    const database = openDatabase(backfills.database.app);
    closing.push(() => database.close());
    await database.call('select from servo_rescue_v1($1, $2, $3, 1000, 3)', [
      tenant,
      job,
      'rescuer',
    ]);
    const found = await backfills.rows<{ kind: string; reason: string; crashes: number }>(
      `select e.kind, e.reason, p.crash_count as crashes from backfill_partitions p
         left join backfill_events e on e.job_id = p.backfill_job_id and e.partition_key = p.partition_key
       where p.backfill_job_id = $1 order by p.partition_key`,
      [job],
    );
    expect(found.map((row, index) => [left[index]![0], ...Object.values(row)])).toEqual(
      left.map(([name, , , , kind, reason, crashes]) => [name, kind, reason, crashes]),
    );
    const states = (await backfills.partitions(job)).map((row) => row.state);
    expect(states).toEqual(
      left.map(([, , , , kind]) =>
        kind === null ? 'running' : kind === 'lost' ? 'failed' : 'pending',
      ),
    );
  });

  it('A4 a takeover is journalled with the former owner and the reason', async () => {
    const external = 'an external writer';
    const cases = [
      ['ours', 'order', 'an operator took the job back from executor-9'],
      ['external', 'order', `an operator took the job back from ${external}`],
      ['nobody', 'order', 'an operator took the job back from its executor'],
      ['ours', 'stale', 'executor-9 let its heartbeat go stale'],
      ['external', 'stale', `${external} let its heartbeat go stale`],
      ['external', 'none', `${external} ran it without a heartbeat`],
    ] as const;
    for (const [who, why, text] of cases) {
      const job = await backfills.job({ keys: keys(2), columns: { state: 'running' } });
      // An order of long ago, after which somebody worked on.
      await backfills.rows(
        `update backfill_jobs set leases_revoked_at = now() - interval '1 hour', heartbeat_at = ${
          why === 'none' ? 'null' : `now() - interval '3 minutes'`
        } where id = $1`,
        [job],
      );
      if (why === 'none') {
        await backfills.rows(`update backfill_jobs set leases_revoked_at = null where id = $1`, [
          job,
        ]);
      }
      if (why === 'order') await backfills.rows(rawReclaim, [job]);
      if (why === 'stale') {
        // The trigger takes any such time for an order.
        await backfills.rows(
          `alter table backfill_jobs disable trigger servo_revoke_leases;
           update backfill_jobs set leases_revoked_at = now() - interval '1 hour', heartbeat_at = now() - interval '3 minutes';
           alter table backfill_jobs enable trigger servo_revoke_leases`,
        );
      }
      if (who !== 'nobody') {
        await backfills.rows(
          `update backfill_partitions set state = 'running', lease_owner = 'executor-9', lease_expires_at = $2
           where backfill_job_id = $1 and partition_key = 'k00001'`,
          [job, who === 'ours' ? new Date(Date.now() + 60_000) : null],
        );
      }
      await sessionOf(job, 'executor-1');
      const [line] = await backfills.rows(
        `select kind, reason from backfill_events where job_id = $1 and kind = 'reclaimed'`,
        [job],
      );
      expect(line, `${who}, ${why}`).toEqual({ kind: 'reclaimed', reason: text });
    }
  });

  it('A4 an executor that dies after a reclaim has not lost the revoked leases', async () => {
    const job = await backfills.job({ keys: keys(1) });
    const session = await sessionOf(job, 'dead');
    await session.batch({ opening: [fresh()] });
    await backfills.rows(
      `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers, locked, seen_at)
       values ('dead', $1, 'h', 1, '0', 1, '{orders}', true, now() - interval '1 hour')`,
      [tenant],
    );
    await backfills.rows(rawReclaim, [job]);
    const database = openDatabase(backfills.database.app);
    closing.push(() => database.close());
    const declarer = { tenant, owner: 'rescuer', silence_ms: 10_000 };
    expect(await declareDead(database, declarer)).toEqual(['dead']);
    expect(await session.rescue()).toBe(1);
    expect((await backfills.partitions(job))[0]).toMatchObject({ crash_count: 0 });
    expect(await backfills.attemptsJournal(job)).toEqual(['reclaimed k00001']);
  });
});
