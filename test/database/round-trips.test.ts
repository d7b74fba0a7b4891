import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase, type Query } from '../../source/database/database.ts';
import { readClock } from '../../source/database/queries/read-clock.ts';
import { requireSchema } from '../../source/database/schema-version.ts';
import { getJobDetail } from '../../source/operations/jobs/get-job.ts';
import { listJobs } from '../../source/operations/jobs/list-jobs.ts';
import { Backfills, tenant } from '../support/backfill.ts';
import { Turnstile } from '../support/turnstile.ts';

/**
 * To a distant database every round trip costs a person's time: these numbers must not grow
 * unnoticed.
 */

let backfills: Backfills;
let turnstile: Turnstile;
let db: Database;
let job: string;

beforeAll(async () => {
  backfills = await Backfills.open();
  job = await backfills.job({ keys: ['2024-01-01', '2024-01-02'] });
  turnstile = new Turnstile(backfills.database.app);
  db = openDatabase(await turnstile.open(), { connections: 1 });
  await requireSchema(db);
});
afterAll(async () => {
  await db.close();
  turnstile.close();
  await backfills.close();
});

async function tripsOf(work: () => Promise<unknown>): Promise<number> {
  const before = turnstile.trips;
  await work();
  return turnstile.trips - before;
}

test('a connection, its settings and its check of the schema: the login, and one more', async () => {
  const fresh = new Turnstile(backfills.database.app);
  const one = openDatabase(await fresh.open(), { connections: 1 });
  try {
    await requireSchema(one);
    expect(fresh.trips).toBeLessThanOrEqual(2);
    const before = fresh.trips;
    await requireSchema(one);
    expect(fresh.trips - before).toBe(1);
  } finally {
    await one.close();
    fresh.close();
  }
});

test('a read of one statement is one round trip: BEGIN goes with it, and COMMIT is not waited for', async () => {
  expect(await tripsOf(() => db.read(tenant, readClock))).toBe(1);
});

test('the job table: what is asked of every table, the alarms, and the rest of the page', async () => {
  expect(await tripsOf(() => listJobs(db, tenant, { limit: 100 }))).toBeLessThanOrEqual(4);
});

test('everything about a job, except its surroundings, is one round trip', async () => {
  const plain = await tripsOf(() => getJobDetail(db, tenant, job, { buckets: 20 }));
  expect(plain).toBe(1);
  const whole = await tripsOf(() => getJobDetail(db, tenant, job, { buckets: 20, insight: true }));
  expect(whole).toBeLessThanOrEqual(4);
});

test('a write waits for the answer to each of its statements', async () => {
  const trips = await tripsOf(() => db.write({ tenant, actor: 'test' }, readClock));
  expect(trips).toBe(3);
});

test('a failed read leaves its connection usable, and parallel reads do not affect the next one', async () => {
  let late: Query | undefined;
  const failing = db.read(tenant, async (query) => {
    late = query;
    await Promise.all([query('select 1/0 as none'), query('select pg_sleep(0)')]);
  });
  await expect(failing).rejects.toThrow('division by zero');
  await expect(late!('select 1 as one')).rejects.toThrow('the transaction is over');
  const rows = await db.read(tenant, (query) =>
    query<{ status: string; tenant: string }>(
      `select current_setting('transaction_read_only') as status, current_setting('app.current_tenant') as tenant`,
    ),
  );
  expect(rows).toEqual([{ status: 'on', tenant }]);
  const [outside] = await db.call<{ tenant: string }>(
    `select coalesce(current_setting('app.current_tenant', true), '') as tenant`,
  );
  expect(outside!.tenant).toBe('');
});

test('a write in a read is refused, though BEGIN has not been answered when it is sent', async () => {
  const writing = db.read(tenant, (query) =>
    query(`update backfill_jobs set priority = 9 where tenant_id = $1`, [tenant]),
  );
  await expect(writing).rejects.toThrow(/read-only transaction/);
});
