import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { startBackfill } from '../../source/operations/start/start-backfill.ts';
import {
  Backfills,
  completed,
  ExecutorSession,
  functionHandler,
  Gate,
  keys,
  tenant,
} from '../support/backfill.ts';
import { ExternalWriter } from '../support/external-writer.ts';
import { waitFor } from '../support/wait-for.ts';

// Others who write in the same tables, beside executors that run: the base implementation's commands, and people by hand.

let backfills: Backfills;
let writers: ExternalWriter[];

beforeEach(async () => {
  backfills = await Backfills.open();
  writers = [];
  await backfills.rows(
    `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'orders', 'table', $1)`,
    [tenant],
  );
});

afterEach(async () => {
  await Promise.all(writers.map((writer) => writer.close().catch(() => {})));
  await backfills.close();
});

const nothing = () => functionHandler('orders', () => undefined);

async function writer(): Promise<ExternalWriter> {
  const opened = await ExternalWriter.open(backfills.database.app, tenant);
  writers.push(opened);
  return opened;
}

const keysOf = async (job: string) =>
  (await backfills.partitions(job)).map(({ partition_key, state }) => `${partition_key} ${state}`);

/** The job's row, without what differs from run to run. */
const ended = async (job: string) => {
  const row = await backfills.state(job, 'completed', 'failed');
  const { state, total_partitions: total, completed_partitions: done, skipped_partitions } = row;
  return { state, total, done, skipped: skipped_partitions, error: row.error_message };
};

describe('A5, A24: a job that another program creates beside a running executor', () => {
  it('A5: the writer always finishes, whether it takes a transaction for each key or one for all', async () => {
    await backfills.execute([nothing()], { slots: 20, timings: { creation_grace: 20_000 } });
    const listed = keys(25);
    const each = async () => (await writer()).insert(tenant, 'orders', listed);
    const all = async () => {
      const base = await writer();
      const job = await base.insertJob(tenant, 'orders', listed.length, listed);
      await base.rows('begin');
      for (const key of listed) await base.insertPartition(tenant, job, key);
      await base.rows('commit');
      return job;
    };
    const made = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? all() : each())));
    for (const job of made) {
      expect(await ended(job)).toEqual({
        state: 'completed',
        total: 25,
        done: 25,
        skipped: 0,
        error: null,
      });
    }
    expect(await backfills.violations()).toEqual([]);
  });

  it('A5: a partition that is added while the end of its job is decided still runs', async () => {
    const base = await writer();
    const operator = await ExternalWriter.open(backfills.database.superuser, null);
    writers.push(operator);
    // Between the look for open partitions and the count, the function waits for this lock.
    const { text } = await backfills.row<{ text: string }>(
      `select pg_get_functiondef('servo_end_job_v1'::regproc) as text`,
    );
    const count = '  select count(*) as total';
    expect(text.split(count)).toHaveLength(2);
    await operator.rows(
      text.replace(count, `  perform pg_advisory_xact_lock_shared(1);\n${count}`),
    );
    await operator.rows('select pg_advisory_lock(1)');
    const job = await base.insertJob(tenant, 'orders', 2, keys(2));
    await base.insertPartition(tenant, job, 'k00001');
    await backfills.execute([nothing()], { timings: { creation_grace: 100 } });
    const waits = `select from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`;
    await waitFor('the step to wait', async () => (await operator.rows(waits)).length > 0);
    await base.insertPartition(tenant, job, 'k00002');
    await operator.rows('select pg_advisory_unlock(1)');
    expect(await ended(job)).toMatchObject({ state: 'completed', total: 2, done: 2 });
    expect(await keysOf(job)).toEqual(['k00001 completed', 'k00002 completed']);
  });

  it('A5: what a writer that was killed half-way leaves is made up from the keys, or the job fails', async () => {
    const ran: string[] = [];
    const handler = {
      asset: 'orders',
      kind: 'function' as const,
      run: async ({ attempt }: { attempt: { job_id: string; partition_key: string } }) => {
        ran.push(`${attempt.job_id} ${attempt.partition_key}`);
        return { outcome: completed };
      },
    };
    await backfills.execute([handler], { timings: { creation_grace: 400 } });
    const base = await writer();
    const listed = await base.insertJob(tenant, 'orders', 5, keys(5));
    const bare = await base.insertJob(tenant, 'orders', 3, []);
    const ranged = await base.insertJob(tenant, 'orders', 0, []);
    await base.rows(
      `update backfill_jobs set partition_start = '2024-01-01', partition_end = '2024-01-04' where id = $1`,
      [ranged],
    );
    const uncounted = await base.insertJob(tenant, 'orders', 0, []);
    for (const job of [listed, bare, uncounted]) await base.insertPartition(tenant, job, 'k00001');
    const holes = await base.insertJob(tenant, 'orders', 5, keys(5));
    await base.rows('begin');
    for (const key of ['k00001', 'k00003', 'k00004'])
      await base.insertPartition(tenant, holes, key);
    await base.rows('commit');
    const cut = await base.insertJob(tenant, 'orders', 2, keys(2));
    await base.rows('begin');
    await base.insertPartition(tenant, cut, 'k00001');
    await base.close();
    expect(await Promise.all([listed, bare, ranged, uncounted, cut, holes].map(ended))).toEqual([
      { state: 'completed', total: 5, done: 5, skipped: 0, error: null },
      {
        state: 'failed',
        total: 3,
        done: 1,
        skipped: 0,
        error: 'only 1 of 3 partitions were created',
      },
      { state: 'completed', total: 4, done: 4, skipped: 0, error: null },
      { state: 'completed', total: 1, done: 1, skipped: 0, error: null },
      { state: 'completed', total: 2, done: 2, skipped: 0, error: null },
      { state: 'completed', total: 5, done: 5, skipped: 0, error: null },
    ]);
    // A sequential job does its keys in order, also where some are still to be made.
    expect(ran.filter((run) => run.startsWith(holes))).toEqual(
      keys(5).map((key) => `${holes} ${key}`),
    );
  });

  it('A24: a job whose partitions come 300 ms later, without keys or range, is waited for', async () => {
    await backfills.execute([nothing()], { timings: { creation_grace: 20_000 } });
    const base = await writer();
    const job = await base.insertJob(tenant, 'orders', 3, []);
    await sleep(300);
    await base.rows('begin');
    for (const key of keys(3)) await base.insertPartition(tenant, job, key);
    await base.rows('commit');
    expect(await ended(job)).toMatchObject({ state: 'completed', total: 3, done: 3 });
  });

  it('A5: no partition is made while the writer has a transaction open, however long', async () => {
    await backfills.execute([nothing()], { timings: { creation_grace: 100 } });
    const base = await writer();
    const job = await base.insertJob(tenant, 'orders', 3, keys(3));
    const half = await base.insertJob(tenant, 'orders', 3, keys(3));
    await base.insertPartition(tenant, half, 'k00001');
    await base.rows('begin');
    await base.insertPartition(tenant, job, 'k00002');
    await base.insertPartition(tenant, half, 'k00002');
    await waitFor('the grace to be over', async () => {
      const [row] = await backfills.rows<{ over: boolean }>(
        `select created_at < clock_timestamp() - interval '1 second' as over from backfill_jobs where id = $1`,
        [half],
      );
      return row!.over;
    });
    for (const key of ['k00001', 'k00003']) await base.insertPartition(tenant, job, key);
    await base.insertPartition(tenant, half, 'k00003');
    await base.rows('commit');
    for (const one of [job, half])
      expect(await ended(one)).toMatchObject({ state: 'completed', total: 3, done: 3 });
  });

  it('A5: a job that asks for upstreams is not expanded for half of its keys', async () => {
    await backfills.rows(
      `with up as (insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'raw', 'table', $1) returning id)
       insert into asset_dependencies (upstream_asset_id, downstream_asset_id, dependency_type)
       select up.id, a.id, 'table' from up, assets a where a.name = 'orders'`,
      [tenant],
    );
    await backfills.execute([nothing(), functionHandler('raw', () => undefined)], {
      timings: { creation_grace: 20_000 },
    });
    const base = await writer();
    const job = await backfills.row<{ id: string }>(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, include_upstream, total_partitions)
       select tenant_id, id, name, $2, true, 4 from assets where name = 'orders' and tenant_id = $1 returning id`,
      [tenant, randomUUID()],
    );
    for (const key of keys(4)) {
      await base.insertPartition(tenant, job.id, key);
      await sleep(60);
    }
    expect(await ended(job.id)).toMatchObject({ state: 'completed', total: 4 });
    expect(
      await backfills.rows(
        'select asset_name, completed_partitions from backfill_jobs where parent_job_id = $1',
        [job.id],
      ),
    ).toEqual([{ asset_name: 'raw', completed_partitions: 4 }]);
  });

  it('a job of ours is known to be complete, and does not wait', async () => {
    const database = openDatabase(backfills.database.app, { connections: 1 });
    await backfills.execute([nothing()], { timings: { creation_grace: 600_000 } });
    const { job } = await startBackfill(
      database,
      { tenant, actor: 'mara' },
      { asset: 'orders', start: '2024-01-01', end: '2024-01-05' },
    ).finally(() => database.close());
    expect(await ended(job!.id)).toMatchObject({ state: 'completed', done: 5 });
  });
});

it('A19: a batch writes its own job, and not a row in the same place of another table', async () => {
  await backfills.rows('create table backfill_jobs_archive () inherits (backfill_jobs)');
  for (const _ of keys(4)) {
    await backfills.rows(
      `insert into backfill_jobs_archive (id, tenant_id, asset_id, asset_name, idempotency_key, state, completed_partitions, checkpoint_partition_key)
       select gen_random_uuid(), tenant_id, id, name, gen_random_uuid()::text, 'completed', 7, 'z' from assets where name = 'orders'`,
    );
  }
  const job = await backfills.job({ keys: keys(3) });
  await backfills.rows('vacuum full backfill_jobs');
  const archived = () => backfills.rows('select * from backfill_jobs_archive order by id');
  const before = await archived();
  const session = new ExecutorSession(backfills, job, 'e1');
  try {
    await session.claimJob();
    let token = randomUUID() as string;
    let reply = await session.batch({ opening: [{ token, replaces: null }] });
    while (reply!.claimed.length > 0) {
      const next = randomUUID();
      const reports = reply!.claimed.map((attempt) => ({ attempt, outcome: completed }));
      const opening = [{ token: next, replaces: token }];
      reply = await session.batch({ reports, closing: [token], opening });
      token = next;
    }
  } finally {
    await session.close();
  }
  expect(await ended(job)).toMatchObject({ state: 'completed', done: 3 });
  expect(await archived()).toEqual(before);
});

describe('A20: partitions that a person deletes, adds or sets by hand while the job runs', () => {
  type Row = {
    what: string;
    sql: string;
    ends: { state: string; total: number; done: number; skipped: number; error: unknown };
    journal: string | null;
    runs?: string;
  };
  const partition = (change: string) => `${change} where backfill_job_id = $1 and partition_key`;
  const table: Row[] = [
    {
      what: 'a poison partition deleted',
      sql: `${partition('delete from backfill_partitions')} = 'k00003'`,
      ends: { state: 'completed', total: 3, done: 3, skipped: 0, error: null },
      journal: '1 of 4 partitions are missing (k00003): counted as skipped on purpose',
      runs: 'k00001 k00002 k00004',
    },
    {
      what: 'all partitions deleted',
      sql: 'delete from backfill_partitions where backfill_job_id = $1',
      ends: {
        state: 'failed',
        total: 4,
        done: 0,
        skipped: 0,
        error: 'no partitions left: they were deleted after the job was created',
      },
      journal: null,
    },
    {
      what: 'the total raised',
      sql: 'update backfill_jobs set total_partitions = 6 where id = $1',
      ends: { state: 'completed', total: 4, done: 4, skipped: 0, error: null },
      journal: '2 of 6 partitions are missing: counted',
    },
    {
      what: 'partitions added, before and behind',
      sql: `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key)
        select gen_random_uuid(), $1, '${tenant}', k from unnest('{a0001,z0001}'::text[]) k`,
      ends: { state: 'completed', total: 6, done: 6, skipped: 0, error: null },
      journal: null,
    },
    {
      what: 'set to completed and to skipped',
      sql: `update backfill_partitions set state = case partition_key when 'k00003' then 'completed' else 'skipped' end
        where backfill_job_id = $1 and partition_key > 'k00002'`,
      ends: { state: 'completed', total: 4, done: 3, skipped: 1, error: null },
      journal: null,
      runs: 'k00001 k00002',
    },
    {
      what: 'what is done set to pending',
      sql: `${partition(`update backfill_partitions set state = 'pending'`)} = 'k00001'`,
      ends: { state: 'completed', total: 4, done: 4, skipped: 0, error: null },
      journal: null,
      runs: 'k00001 k00001 k00002 k00003 k00004',
    },
    {
      what: 'what failed for good set to pending',
      sql: `${partition(`update backfill_partitions set state = 'pending'`)} = 'bad'`,
      ends: { state: 'completed', total: 5, done: 5, skipped: 0, error: null },
      journal: null,
    },
  ];

  it('each ends correctly, and names what is missing', async () => {
    const gate = new Gate();
    const runs = new Map<string, string[]>();
    const failed = new Set<string>();
    const handler = {
      asset: 'orders',
      kind: 'function' as const,
      run: async ({ attempt }: { attempt: { job_id: string; partition_key: string } }) => {
        const { job_id: job, partition_key: key } = attempt;
        runs.set(job, [...(runs.get(job) ?? []), key]);
        if (key === 'k00002') await gate.opened;
        if (key === 'bad' && !failed.has(job)) {
          failed.add(job);
          return { outcome: { kind: 'fatal' as const, message: 'no such day' } };
        }
        return { outcome: completed };
      },
    };
    await backfills.execute([handler], {
      slots: table.length,
      failures: null,
      timings: { creation_grace: 200, look_ahead: 0 },
    });
    const jobs = await Promise.all(
      table.map(({ what }) =>
        backfills.job({ keys: [...(what.includes('failed') ? ['bad'] : []), ...keys(4)] }),
      ),
    );
    await waitFor('all to be in their second partition', () =>
      jobs.every((job) => runs.get(job)?.includes('k00002')),
    );
    for (const [i, { sql }] of table.entries()) await backfills.rows(sql, [jobs[i]]);
    gate.open();
    for (const [i, { what, ends, journal, runs: expected }] of table.entries()) {
      const job = jobs[i]!;
      expect([what, await ended(job)]).toEqual([what, ends]);
      const [event] = await backfills.rows<{ reason: string }>(
        `select reason from backfill_events where job_id = $1 and kind = 'recounted'`,
        [job],
      );
      if (journal === null) expect([what, event]).toEqual([what, undefined]);
      else expect(event!.reason).toContain(journal);
      if (expected) expect([what, runs.get(job)!.sort().join(' ')]).toEqual([what, expected]);
    }
    // I6 counts the attempt of a partition that was completed and then set to pending, which is not journalled.
    expect((await backfills.violations()).filter(({ id }) => id !== 'I6')).toEqual([]);

    const emptied = await backfills.job({ keys: keys(900), strategy: { type: 'sequential' } });
    await waitFor('it to run', () => (runs.get(emptied)?.length ?? 0) > 2);
    await backfills.rows('truncate backfill_partitions');
    expect(await ended(emptied)).toMatchObject({ state: 'failed', done: 0 });
  });
});

describe('A23: a column set by hand on a running job', () => {
  const sets = [
    'priority = 9',
    `sla_deadline_at = now() + interval '1 hour'`,
    `sla_deadline_at = 'infinity'`,
    'sla_deadline_at = null',
    `execution_strategy = '{"type":"parallel","max_parallel":3}'`,
    `execution_strategy = '"none"'`,
    `error_message = 'looked at by mara'`,
    `created_by = 'mara'`,
    'created_at = created_at',
    'total_partitions = 2',
    'total_partitions = 9',
    'completed_partitions = 77, failed_partitions = 5, skipped_partitions = 3',
    'paused_at = now()',
    'started_at = null',
    'completed_at = now()',
    'heartbeat_at = now()',
    'heartbeat_at = null',
    `heartbeat_at = now() - interval '30 seconds'`,
    `heartbeat_at = now() - interval '5 minutes'`,
    `checkpoint_partition_key = 'zzz'`,
    'checkpoint_partition_key = null',
    `estimated_completion_at = 'infinity'`,
    'avg_partition_duration_ms = 9000000000000000000',
    'avg_partition_duration_ms = null',
    `partition_keys = '[]'`,
    `partition_start = '2024-01-01', partition_end = 'never'`,
    'execution_order = 3',
    'include_upstream = true, max_upstream_depth = 2',
    `idempotency_key = gen_random_uuid()::text`,
    `state = 'running'`,
  ];

  it('takes effect at the next batch, with and without a new version, and the job continues', async () => {
    const gate = new Gate();
    const started = new Set<string>();
    const handler = {
      asset: 'orders',
      kind: 'function' as const,
      run: async ({ attempt }: { attempt: { job_id: string; partition_key: string } }) => {
        started.add(attempt.job_id);
        if (attempt.partition_key === 'k00001') await gate.opened;
        return { outcome: completed };
      },
    };
    const all = sets.flatMap((set) => [set, `${set}, version = version + 1`]);
    // At full speed: an executor of another kind is left alone for two minutes.
    const executor = await backfills.execute([handler], {
      speed: 1,
      slots: all.length,
      timings: { creation_grace: 200, poll: 500, rescue: 200 },
    });
    const jobs: string[] = [];
    for (const _ of all) jobs.push(await backfills.job({ keys: keys(4) }));
    await waitFor('all to run', () => jobs.every((job) => started.has(job)));
    for (const [i, set] of all.entries())
      await backfills.rows(`update backfill_jobs set ${set} where id = $1`, [jobs[i]]);
    gate.open();
    for (const [i, set] of all.entries()) {
      const row = await backfills.state(jobs[i]!, 'completed');
      expect([set, row.completed_partitions, row.claimed_by]).toEqual([set, 4, executor.id]);
    }
    // No job was taken over.
    expect(
      await backfills.rows(
        `select job_id from backfill_events where kind = 'reclaimed' and partition_key is null`,
      ),
    ).toEqual([]);
  });

  it('a paused job that is set to running by hand stays ours', async () => {
    await backfills.execute([nothing()], { speed: 1, timings: { poll: 200 } });
    const job = await backfills.job({ keys: keys(2), columns: { state: 'paused' } });
    await backfills.rows(
      `update backfill_jobs set claimed_version = version - 1, heartbeat_at = now() where id = $1`,
      [job],
    );
    await backfills.rows(
      `update backfill_jobs set state = 'running', version = version + 1 where id = $1`,
      [job],
    );
    expect(await ended(job)).toMatchObject({ state: 'completed', done: 2 });
  });
});

it('A25: a job that waits, for a partition or for a slot, is kept fresh; one with leases is not', async () => {
  const gate = new Gate();
  const asset = (name: string, columns: Record<string, unknown>) =>
    backfills.job({ asset: name, keys: keys(2), columns: { priority: 1, ...columns } });
  const snoozing = functionHandler('snoozing', () => ({
    kind: 'snoozed',
    message: 'in ten minutes',
    delay_ms: 600_000,
  }));
  const first = functionHandler('first', async () => {
    await gate.opened;
    return undefined;
  });
  const snoozed = await asset('snoozing', { priority: 9 });
  await backfills.execute([snoozing, first, functionHandler('orders', () => undefined)], {
    slots: 1,
  });
  await waitFor('its partitions to be snoozed', async () =>
    (await backfills.partitions(snoozed)).every(
      ({ available_at, state }) => available_at !== null && state === 'pending',
    ),
  );
  const busy = await asset('first', { priority: 5 });
  await backfills.state(busy, 'running');
  const running = { state: 'running', version: 2, claimed_version: 2, claimed_by: 'gone' };
  const outranked = await asset('orders', running);
  const leased = await asset('orders', { ...running, lease_tokens: [randomUUID()] });
  const old = `update backfill_jobs set heartbeat_at = clock_timestamp() - interval '50 seconds' where id = any ($1)`;
  const waiting = [snoozed, outranked];
  await backfills.rows(old, [[...waiting, leased]]);
  const ages = (jobs: string[]) =>
    backfills.rows<{ id: string; fresh: boolean }>(
      `select id, heartbeat_at > clock_timestamp() - interval '20 seconds' as fresh from backfill_jobs where id = any ($1)`,
      [jobs],
    );
  await waitFor('those that wait to be fresh', async () =>
    (await ages(waiting)).every(({ fresh }) => fresh),
  );
  // The rescuer has corrected the lease without an owner by then, or it is unchanged.
  const [{ lease_tokens }] = (await backfills.rows<{ lease_tokens: string[] }>(
    'select lease_tokens from backfill_jobs where id = $1',
    [leased],
  )) as [{ lease_tokens: string[] }];
  if (lease_tokens.length > 0) expect((await ages([leased]))[0]!.fresh).toBe(false);
  gate.open();
  await backfills.state(outranked, 'completed');
});

/** What makes a job claimable, from a state in which it is not. */
const ways: readonly [what: string, from: Record<string, unknown>, sql: string][] = [
  ['a resume', { state: 'paused' }, `state = 'resuming'`],
  ['a pause undone by hand', { state: 'paused' }, `state = 'running', heartbeat_at = null`],
  ['a revived job', { state: 'cancelled' }, `state = 'pending'`],
  ['a failed job, tried again by hand', { state: 'failed' }, `state = 'pending'`],
  ['upstreams that are done', { state: 'waiting_upstream' }, `state = 'pending'`],
];

it('A28: a job that becomes claimable while its row is locked is claimed soon after', async () => {
  // Nothing is polled for: only the notification, and the next try after the one in vain.
  await backfills.execute([nothing()], { speed: 1, timings: { poll: 600_000, rescue: 600_000 } });
  const meet = async ([what, from, sql]: (typeof ways)[number]) => {
    const job = await backfills.job({ keys: keys(2), columns: from });
    const [one, other] = [await writer(), await writer()];
    await one.rows('begin');
    await one.rows(`update backfill_jobs set ${sql}, version = version + 1 where id = $1`, [job]);
    await other.rows('begin');
    // It has the row as soon as the first one has let it go.
    const [{ pid }] = (await other.rows('select pg_backend_pid() as pid')) as [{ pid: number }];
    const held = other.rows('select from backfill_jobs where id = $1 for update', [job]);
    await waitFor(`${what} to wait for the row`, () =>
      backfills.row(`select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'`, [
        pid,
      ]),
    );
    await one.rows('commit');
    await held;
    await sleep(150);
    await other.rows('commit');
    return [what, await ended(job)];
  };
  // One after the other: what is told of one job is a reason to look for the others.
  for (const way of ways) {
    const [what, end] = await meet(way);
    expect([what, end]).toMatchObject([what, { state: 'completed', done: 2 }]);
  }
});

describe('A29: a job that is ended or revived by hand', () => {
  it('violates an invariant if it is completed with unfinished partitions or has no completed_at', async () => {
    const completedByHand = await backfills.job({ keys: keys(4) });
    await backfills.rows(`update backfill_jobs set state = 'completed' where id = $1`, [
      completedByHand,
    ]);
    const old = await backfills.job({ keys: keys(1) });
    // As it was before there was a trigger for it.
    await backfills.rows(`alter table backfill_jobs disable trigger user`);
    await backfills.rows(`update backfill_jobs set state = 'failed' where id = $1`, [old]);
    await backfills.rows(`alter table backfill_jobs enable trigger user`);
    const found = (await backfills.violations()).map(({ id, job_id, found }) => [
      id,
      job_id,
      found,
    ]);
    expect(found).toContainEqual([
      'I3',
      completedByHand,
      expect.stringContaining('4 of 4 partitions, 4 of them unfinished, by '),
    ]);
    expect(found).toContainEqual(['I8', old, 'failed without completed_at']);
  });

  it('runs partitions skipped by finalize, and not those that a person skipped', async () => {
    const gate = new Gate();
    const runs: string[] = [];
    const job = await backfills.job({ keys: keys(5) });
    await backfills.rows(
      `update backfill_partitions set state = 'skipped' where backfill_job_id = $1 and partition_key = 'k00004'`,
      [job],
    );
    const handler = functionHandler('orders', async (key) => {
      runs.push(key);
      if (key === 'k00002') await gate.opened;
      return undefined;
    });
    await backfills.execute([handler], { timings: { look_ahead: 0 } });
    await waitFor('the second to run', () => runs.length === 2);
    const set = (state: string) =>
      backfills.rows(`update backfill_jobs set state = $2, version = version + 1 where id = $1`, [
        job,
        state,
      ]);
    await set('cancelled');
    await waitFor('the rest to be skipped', async () =>
      (await keysOf(job)).includes('k00005 skipped'),
    );
    gate.open();
    await waitFor(
      'it to be finalized',
      async () =>
        (await backfills.row('select needs_finalizing from backfill_jobs where id = $1', [job]))
          .needs_finalizing === false,
    );
    await set('pending');
    expect(await ended(job)).toEqual({
      state: 'completed',
      total: 5,
      done: 4,
      skipped: 1,
      error: null,
    });
    expect(runs).toEqual(['k00001', 'k00002', 'k00003', 'k00005']);
    // And at once, before the partitions are skipped.
    const quick = await backfills.job({ keys: keys(3), columns: { state: 'paused' } });
    await backfills.rows(
      `update backfill_jobs set state = 'cancelled' where id = '${quick}'; update backfill_jobs set state = 'pending' where id = '${quick}'`,
    );
    expect(await ended(quick)).toMatchObject({ state: 'completed', done: 3, skipped: 0 });
  });
});
