import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  findEnded,
  pruneExecutors,
  pruneLogs,
  pruneSamples,
  purgeEvents,
} from '../../source/database/queries/prune.ts';
import { retention } from '../../source/domain/report/retention.ts';
import { startExecutor } from '../../source/executor/executor.ts';
import { scaleTimings } from '../../source/executor/settings.ts';
import { silentLog } from '../../source/observability/log.ts';
import { countPruned, prune } from '../../source/operations/system/prune.ts';
import { documentOf, errorDocument, run, urlOf } from '../support/cli.ts';
import { errorOf, Operator } from '../support/operator.ts';
import { readsOf } from '../support/plans.ts';
import { waitFor } from '../support/wait-for.ts';

let operator: Operator;
let made = 0;
const author = { tenant: 'acme', actor: 'mara' };
const day = 86_400_000;
/** Just past, and not quite past, the retention. */
const [past, within] = [60_000, -60_000];

beforeEach(async () => {
  operator = await Operator.open();
  for (const tenant of ['acme', 'globex']) await operator.asset('orders', 'day', tenant);
});
afterEach(() => operator.close());

const ago = (milliseconds: number) => new Date(Date.now() - milliseconds);
const ended = (state: string, milliseconds: number, more: Record<string, unknown> = {}) =>
  aJob({ state, needs_finalizing: false, completed_at: ago(milliseconds), ...more });

/** With two partitions, and events as old as the job. */
async function aJob(columns: Record<string, unknown>): Promise<string> {
  const id = await operator.job({ asset: 'orders', partitions: [`a${made}`, `b${made++}`] });
  await set(id, columns);
  const at = columns.completed_at ?? columns.created_at ?? ago(0);
  await operator.sql('update backfill_events set at = $2 where job_id = $1', [id, at]);
  return id;
}
async function set(id: string, columns: Record<string, unknown>): Promise<void> {
  const names = Object.keys(columns);
  if (names.length === 0) return;
  const assignments = names.map((name, i) => `${name} = $${i + 2}`);
  await operator.sql('alter table backfill_jobs disable trigger user');
  await operator.sql(`update backfill_jobs set ${assignments.join(', ')} where id = $1`, [
    id,
    ...Object.values(columns),
  ]);
  await operator.sql('alter table backfill_jobs enable trigger user');
}
const jobs = async () =>
  (await operator.sql<{ id: string }>('select id from backfill_jobs order by id')).map(
    ({ id }) => id,
  );
const count = (table: string) => operator.value<number>(`select count(*)::int from ${table}`);
const nothing = { jobs: 0, partitions: 0, events: 0, samples: 0, logs: 0, executors: 0 };

describe('jobs', () => {
  test('that ended so long ago go with their partitions and journal; the dry run says how many', async () => {
    const kept = [
      await ended('completed', retention.jobs + within),
      await ended('cancelled', retention.jobs + past, { needs_finalizing: true }),
      // Of another writer, who did not say when, and the journal missed it.
      await aJob({
        state: 'completed',
        completed_at: null,
        created_at: ago(retention.jobs + past),
      }),
    ];
    for (const state of ['completed', 'failed', 'cancelled'])
      await ended(state, retention.jobs + past);
    const expected = { ...nothing, jobs: 3, partitions: 6, events: 3 };
    expect(await countPruned(operator.db, author, retention.jobs)).toEqual(expected);
    expect(await count('backfill_jobs')).toBe(6);
    expect(await prune(operator.db, author, retention.jobs)).toEqual(expected);
    expect(await jobs()).toEqual(kept.sort());
    expect([await count('backfill_partitions'), await count('backfill_events')]).toEqual([6, 3]);
    expect(await prune(operator.db, author, retention.jobs)).toEqual(nothing);
  });

  // Another implementation's cancelled jobs have no completed_at: they stayed for ever.
  test('that another writer ended without saying when go by the journal, or by when that began', async () => {
    const unsaid = async (lines: readonly Date[]) => {
      const columns = { state: 'cancelled', needs_finalizing: false, completed_at: null };
      const id = await aJob({ ...columns, created_at: ago(3 * retention.jobs) });
      await operator.sql('delete from backfill_events where job_id = $1', [id]);
      for (const at of lines)
        await operator.sql(
          `insert into backfill_events (tenant_id, job_id, kind, from_state, to_state, actor, at) values ('acme', $1, 'state', 'paused', 'cancelled', 'base', $2)`,
          [id, at],
        );
      return id;
    };
    await unsaid([ago(retention.jobs + past)]);
    await unsaid([]);
    const kept = [await unsaid([ago(retention.jobs + within)])];
    const began = (at: Date) => operator.sql('update servo_schema set journal_since = $1', [at]);
    const goes = async () => {
      const counted = (await countPruned(operator.db, author, retention.jobs)).jobs;
      expect((await prune(operator.db, author, retention.jobs)).jobs).toBe(counted);
      return counted;
    };
    await began(ago(retention.jobs + within));
    expect(await goes()).toBe(1);
    await began(ago(retention.jobs + 2 * day));
    expect(await goes()).toBe(1);
    expect(await jobs()).toEqual(kept);
  });

  // Its parent's partitions were deleted, because an unknown end did not count as unfinished.
  test('of a tree with a job whose end is unknown stay whole', async () => {
    const old = { state: 'completed', completed_at: ago(retention.jobs + past) };
    const parent = await aJob(old);
    await aJob({
      state: 'cancelled',
      needs_finalizing: false,
      completed_at: null,
      parent_job_id: parent,
    });
    expect(await prune(operator.db, author, retention.jobs)).toEqual(nothing);
    expect(await count('backfill_partitions')).toBe(4);
  });

  test.each(['pending', 'waiting_upstream', 'running', 'paused', 'resuming', 'rewinding'])(
    'that are %s never go, however old, nor their journal',
    async (state) => {
      await operator.sql('alter table backfill_jobs drop constraint valid_backfill_state');
      await aJob({ state, created_at: ago(1000 * day), completed_at: ago(900 * day) });
      expect(await prune(operator.db, author, day)).toEqual(nothing);
      expect([await count('backfill_jobs'), await count('backfill_partitions')]).toEqual([1, 2]);
      expect(await count('backfill_events')).toBe(1);
    },
  );

  test('of a tree go when all of it is over', async () => {
    const old = { state: 'completed', completed_at: ago(retention.jobs + past) };
    const parent = await aJob(old);
    const child = await aJob({ ...old, parent_job_id: parent });
    const grandchild = await aJob({ state: 'paused', parent_job_id: child });
    await aJob({ ...old, parent_job_id: parent });
    expect((await countPruned(operator.db, author, retention.jobs)).jobs).toBe(0);
    expect((await prune(operator.db, author, retention.jobs)).jobs).toBe(0);
    expect(await count('backfill_jobs')).toBe(4);
    await set(grandchild, { state: 'failed', completed_at: ago(retention.jobs + within) });
    expect((await prune(operator.db, author, retention.jobs)).jobs).toBe(0);
    await set(grandchild, old);
    const expected = { ...nothing, jobs: 4, partitions: 8, events: 3 };
    expect(await countPruned(operator.db, author, retention.jobs)).toEqual(expected);
    expect(await prune(operator.db, author, retention.jobs)).toEqual(expected);
    expect(await count('backfill_jobs')).toBe(0);
  });

  test('that another job waits for stay until that one is over', async () => {
    const upstream = await ended('completed', retention.jobs + past);
    const waiting = await aJob({ state: 'waiting_upstream' });
    await operator.sql(`insert into backfill_upstreams values ($1, $2, 'acme')`, [
      waiting,
      upstream,
    ]);
    expect((await prune(operator.db, author, retention.jobs)).jobs).toBe(0);
    await set(waiting, { state: 'completed', completed_at: ago(retention.jobs + past) });
    expect((await prune(operator.db, author, retention.jobs)).jobs).toBe(2);
  });

  test('of 12,000 partitions go in batches, and other tenants’ not at all', async () => {
    const big = await ended('completed', retention.jobs + past);
    await operator.sql(
      `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, state)
       select gen_random_uuid(), $1, 'acme', i::text, 'completed' from generate_series(1, 12000) i`,
      [big],
    );
    const others = await ended('completed', retention.jobs + past);
    for (const table of ['backfill_jobs', 'backfill_partitions', 'backfill_events'])
      await operator.sql(
        `update ${table} set tenant_id = 'globex' where ${table === 'backfill_jobs' ? 'id' : table === 'backfill_partitions' ? 'backfill_job_id' : 'job_id'} = $1`,
        [others],
      );
    expect(await prune(operator.db, author, retention.jobs)).toMatchObject({
      jobs: 1,
      partitions: 12_002,
    });
    expect(await jobs()).toEqual([others]);
  });
});

describe('the journal', () => {
  test('of jobs that are gone goes when it is old enough, and no function takes it away sooner', async () => {
    const [old, recent] = [await aJob({}), await aJob({})];
    await operator.sql('delete from backfill_jobs');
    await operator.sql('update backfill_events set at = $2 where job_id = $1', [
      old,
      ago(2 * day + past),
    ]);
    await operator.sql('update backfill_events set at = $2 where job_id = $1', [
      recent,
      ago(2 * day + within),
    ]);
    expect(await prune(operator.db, author, 2 * day)).toEqual({ ...nothing, events: 1 });
    expect(await operator.sql('select job_id from backfill_events')).toEqual([{ job_id: recent }]);
    const early = operator.db.write(author, (query) =>
      purgeEvents(query, 'acme', { age_ms: day - 1, after: 0, dry: false }),
    );
    expect((await errorOf(early)).message).toContain('the journal is kept for at least a day');
    const direct = operator.db.write(author, (query) => query('delete from backfill_events'));
    expect((await errorOf(direct)).message).toContain('permission denied');
  });
});

describe('samples, outputs and executors', () => {
  const aSample = (job: string, milliseconds: number) =>
    operator.sql(
      `insert into backfill_samples (job_id, at, tenant_id, completed, failed) values ($1, $2, 'acme', 1, 0)`,
      [job, ago(milliseconds)],
    );
  const anOutput = (job: string, attempt: number, milliseconds: number) =>
    operator.sql(
      `insert into backfill_attempt_logs (job_id, partition_key, attempt, tenant_id, executor_id, output, at) values ($1, 'k', $2, 'acme', 'e', 'x', $3)`,
      [job, attempt, ago(milliseconds)],
    );

  test('go by their age, also those of unfinished jobs', async () => {
    const running = await aJob({ state: 'running', started_at: ago(30 * day) });
    const done = await ended('completed', 2 * day, { started_at: ago(30 * day) });
    const unsaid = { state: 'cancelled', needs_finalizing: false, completed_at: null };
    const undated = await aJob({ ...unsaid, created_at: ago(30 * day) });
    for (const job of [running, done, undated]) {
      for (const age of [past, within]) await aSample(job, retention.samples + age);
      await anOutput(job, 1, retention.logs + past);
      await anOutput(job, 2, retention.logs + within);
    }
    for (const [id, age] of [
      ['gone', past],
      ['recent', within],
    ] as const)
      await operator.sql(
        `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers, started_at, seen_at) values ($1, 'acme', 'h', 1, '0', 1, '{}', $2, $2)`,
        [id, ago(retention.executors + age)],
      );
    const expected = { ...nothing, samples: 3, logs: 3, executors: 1 };
    expect(await countPruned(operator.db, author, retention.jobs)).toEqual(expected);
    expect(await prune(operator.db, author, retention.jobs)).toEqual(expected);
    expect(await operator.sql('select attempt from backfill_attempt_logs')).toEqual([
      { attempt: 2 },
      { attempt: 2 },
      { attempt: 2 },
    ]);
    expect([await count('backfill_samples'), await count('backfill_executors')]).toEqual([3, 1]);
    expect(await count('backfill_jobs')).toBe(3);
  });
});

test.each(['without statistics', 'with statistics'])(
  '%s, 100 of 20,000 ended jobs, and a round of the janitor, read no table from end to end',
  async (statistics) => {
    for (const table of ['backfill_jobs', 'backfill_samples', 'backfill_attempt_logs'])
      await operator.sql(`alter table ${table} set (autovacuum_enabled = false)`);
    await operator.sql('alter table backfill_jobs disable trigger user');
    await operator.sql(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state, created_at, started_at, completed_at)
       select tenant_id, id, name, i::text, 'completed', now() - i * interval '10 minutes', now() - i * interval '10 minutes', now() - i * interval '9 minutes'
       from generate_series(1, 20000) i, assets where tenant_id = 'acme'`,
    );
    await operator.sql(
      `insert into backfill_samples (job_id, at, tenant_id, completed, failed)
       select id, completed_at, tenant_id, 1, 0 from backfill_jobs where completed_at > now() - interval '15 days'`,
    );
    await operator.sql(
      `insert into backfill_events (tenant_id, job_id, kind, to_state, actor, at)
       select tenant_id, id, 'state', 'completed', 'x', completed_at from backfill_jobs`,
    );
    // Of another writer, without a time: without events it ended before the journal began, which
    // is now. The template of the test's database may be older.
    await operator.sql('update servo_schema set journal_since = now()');
    await operator.sql(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state, created_at)
       select tenant_id, id, name, 'u' || i, 'cancelled', now() - i * interval '10 minutes'
       from generate_series(1, 20000) i, assets where tenant_id = 'acme'`,
    );
    if (statistics === 'with statistics') await operator.sql('analyze');
    const looked = await readsOf(operator.database.app, 'acme', async (_, query) => {
      const found = await findEnded(query, 'acme', ago(day), {
        kind: 'dated',
        after: null,
        limit: 100,
      });
      expect(found.filter(({ may_go }) => may_go)).toHaveLength(100);
    });
    expect(looked).toMatchObject({ scans: [], sequential: 0 });
    expect(looked.fetched).toBeLessThanOrEqual(400);
    const undated = await readsOf(operator.database.app, 'acme', async (_, query) => {
      const found = await findEnded(query, 'acme', ago(day), {
        kind: 'undated',
        after: null,
        limit: 100,
      });
      expect(found.map(({ may_go }) => may_go)).toEqual(Array(100).fill(false));
    });
    expect(undated).toMatchObject({ scans: [], sequential: 0 });
    expect(undated.fetched).toBeLessThanOrEqual(600);
    const tidied = await readsOf(operator.database.app, 'acme', async (_, query) => {
      const before = ago(retention.samples);
      expect(await pruneSamples(query, 'acme', before, 3 * day)).toBeGreaterThan(50);
      expect(await pruneLogs(query, 'acme', before)).toBe(0);
      expect(await pruneExecutors(query, 'acme', before)).toBe(0);
    });
    expect(tidied).toMatchObject({ scans: [], sequential: 0 });
    // 480 jobs ended within three days.
    expect(tidied.fetched).toBeLessThanOrEqual(1_500);
  },
);

test('an executor’s janitor takes away what is past its time', async () => {
  const job = await aJob({ state: 'paused', started_at: ago(30 * day) });
  await operator.sql(
    `insert into backfill_attempt_logs (job_id, partition_key, attempt, tenant_id, executor_id, output, at) values ($1, 'k', 1, 'acme', 'e', 'x', $2)`,
    [job, ago(retention.logs + past)],
  );
  const executor = await startExecutor({
    settings: operator.database.app,
    tenants: ['acme'],
    catalogue: new Map(),
    slots: 1,
    grace: 0,
    timings: { ...scaleTimings(20), tidy: 100 },
    log: () => silentLog,
  });
  await waitFor('it to be gone', async () => (await count('backfill_attempt_logs')) === 0);
  await executor.drain();
});

describe('prune', () => {
  const servo = (line: string, more: Record<string, string> = {}) =>
    run(line.split(' '), {
      DATABASE_URL: urlOf(operator.database.app),
      TENANT_ID: 'acme',
      ...more,
    });

  test('says what it deleted, and asks for confirmation', async () => {
    await ended('completed', 40 * day);
    const asked = await servo('prune --older-than 30d --json');
    expect([asked.code, errorDocument(asked).message]).toEqual([
      2,
      'refusing to prune without confirmation (--yes)',
    ]);
    const dry = await servo('prune --older-than 30d --dry-run --read-only --json');
    expect(dry.code).toBe(0);
    const figures = { jobs: 1, partitions: 2, events: 1, samples: 0, logs: 0, executors: 0 };
    const settings = { tenant_id: 'acme', older_than_seconds: 30 * 86_400 };
    expect(documentOf('prune', dry.stdout)).toMatchObject({
      dry_run: true,
      ...settings,
      ...figures,
    });
    expect((await servo('prune --yes --json --read-only')).code).toBe(4);
    const done = await servo('prune --older-than 30d --yes --json');
    expect(documentOf('prune', done.stdout)).toMatchObject({
      dry_run: false,
      ...settings,
      ...figures,
    });
    const text = await servo('prune --yes');
    expect(text.stdout).toMatch(/^deleted\n {2}jobs +0 +that ended over 90d ago\n/);
  });

  test.each([
    ['1h', 'invalid --older-than "1h": expected at least 1d, e.g. 30d or 12w'],
    ['long', 'invalid --older-than "long": expected at least 1d, e.g. 30d or 12w'],
  ])('--older-than %s is refused', async (age, message) => {
    const ran = await servo(`prune --older-than ${age} --yes --json`);
    expect([ran.code, errorDocument(ran).message]).toEqual([2, message]);
  });
});
