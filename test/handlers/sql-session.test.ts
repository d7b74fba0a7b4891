import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../source/database/database.ts';
import {
  type BatchRow,
  policyRow,
  readReply,
  replyColumns,
} from '../../source/database/queries/report-and-claim.ts';
import { sqlAttemptRuns } from '../../source/database/queries/run-sql-handler.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import type { Attempt, Outcome } from '../../source/domain/partition/attempt.ts';
import { LossReporter } from '../../source/executor/attempts/loss-reporter.ts';
import { runSqlAttempt } from '../../source/executor/attempts/sql-attempt.ts';
import { findPgBouncer, PgBouncer } from '../faults/pgbouncer.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { leftovers, prepareLeftovers } from '../support/leftovers.ts';
import { run } from '../support/roles.ts';
import { waitFor } from '../support/wait-for.ts';

/** Whose attempt comes after the one that leaves something: all by one connection. */
const places = {
  'the same asset': { tenant: 'acme', asset: 'load' },
  'another asset': { tenant: 'acme', asset: 'totals' },
  'another tenant': { tenant: 'globex', asset: 'load' },
} as const;
type Place = (typeof places)[keyof typeof places];

const count = 1_000;

/** What the database says of the path is not to be relied on: see the pooler. */
const onOurPath = { options: '-c search_path=public' };

let database: TestDatabase;
let superuser: ConnectionSettings;
let steps: Database;
const jobs = new Map<Place, string>();

beforeAll(async () => {
  database = await createTestDatabase();
  superuser = { ...database.superuser, ...onOurPath };
  steps = openDatabase(superuser);
  await run(superuser, prepareLeftovers);
  for (const place of Object.values(places)) {
    const [job] = await run<{ id: string }>(
      superuser,
      `with asset as (
         insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), $2, 'table', $1) returning *
       ), job as (
         insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, total_partitions, execution_strategy)
         select tenant_id, id, name, gen_random_uuid(), $3, '{"type": "parallel", "max_parallel": 100000}' from asset returning *
       ), partitions as (
         insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key)
         select gen_random_uuid(), id, tenant_id, 'k' || lpad(n::text, 5, '0') from job, generate_series(1, $3) n
       ) select id from job`,
      [place.tenant, place.asset, count],
    );
    jobs.set(place, job!.id);
    await steps.call(`select servo_claim_v1($1, $2, 'me', 120000, 30000)`, [place.tenant, job!.id]);
  }
});

afterAll(async () => {
  await steps.close();
  await database.drop();
});

/** One attempt under a token of its own. */
async function claim(place: Place): Promise<Attempt> {
  const job = jobs.get(place)!;
  const [row] = await steps.call<BatchRow>(
    `select ${replyColumns} from servo_report_and_claim_v1($1, $2, 'me', '{}', '{}', array[row($3, null)::servo_opening_v1], 1, 120000, $4)`,
    [place.tenant, job, randomUUID(), policyRow()],
  );
  const [claimed] = readReply(row, { ...place, job, granularity: null })!.claimed;
  if (claimed === undefined) throw new Error('there is no partition left');
  return claimed;
}

async function attempt(
  handlers: Database,
  place: Place,
  sql: string,
  signal: (attempt: Attempt) => AbortSignal = () => new AbortController().signal,
): Promise<Outcome> {
  const claimed = await claim(place);
  const losses = new LossReporter(steps, {
    serverStart: null,
    lastLoss: null,
    confirm: async () => {},
  });
  const options = {
    owner: 'me',
    next: null,
    lease_ms: 120_000,
    timeout: 30_000,
    policy: {},
    losses,
  };
  const ended = await runSqlAttempt({ handlers, batches: steps }, claimed, sql, {
    ...options,
    signal: signal(claimed),
  });
  return ended.outcome;
}

/** What an attempt finds in its session. */
async function prints(handlers: Database, place: Place): Promise<Record<string, unknown>> {
  const outcome = await attempt(handlers, place, 'select servo_fail(prints()::text)');
  const { message } = outcome as { message: string };
  return message.startsWith('{') ? JSON.parse(message) : { fails: message };
}

/** By what two sessions differ: the second's. */
function difference(before: Record<string, unknown>, after: Record<string, unknown>) {
  const { settings: were = {}, ...rest } = before;
  const { settings: are = {}, ...others } = after;
  const all = { ...rest, ...(were as object) } as Record<string, unknown>;
  return Object.entries({ ...others, ...(are as object) })
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(all[name]))
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
}

/** Ways to end, besides well: the SQL behind what leaves something, and what is told of it. */
const ends: Record<string, { sql: string; outcome: object; stopped?: true }> = {
  success: { sql: 'select 1', outcome: { kind: 'completed' } },
  'an error': {
    sql: 'select 1 / 0',
    outcome: { kind: 'failed', message: expect.stringContaining('division by zero') },
  },
  servo_fail: { sql: `select public.servo_fail('no')`, outcome: { kind: 'fatal', message: 'no' } },
  servo_retry: {
    sql: `select public.servo_retry('not yet')`,
    outcome: { kind: 'snoozed', message: 'not yet' },
  },
  'a failed assertion': {
    sql: `do $$ begin assert false, 'wrong'; end $$`,
    outcome: { kind: 'failed', message: expect.stringContaining('wrong') },
  },
  'a constraint that is checked at the end': {
    sql: `create table referred (a int primary key);
      create table referring (a int references referred deferrable initially deferred); insert into referring values (1)`,
    outcome: { kind: 'failed', message: expect.stringContaining('violates foreign key') },
  },
  'a lost lease': {
    sql: `update public.backfill_partitions set lease_token = gen_random_uuid()
      where partition_key = current_setting('servo.partition_key') and tenant_id = current_setting('servo.tenant_id')`,
    outcome: { kind: 'snoozed', message: expect.stringContaining('the lease was lost') },
  },
  'a cancelled statement': {
    sql: 'select pg_sleep(600)',
    outcome: { kind: 'failed', message: expect.stringContaining('canceling statement') },
    stopped: true,
  },
};

/** Aborted once a backend runs the attempt, and sleeps. */
function stopOnceAsleep({ token }: Attempt): AbortSignal {
  const controller = new AbortController();
  const asleep = async () => {
    if (!(await sqlAttemptRuns(steps, token))) return false;
    const rows = await steps.call(
      `select from pg_stat_activity where wait_event = 'PgSleep' and pid in (select servo_attempt_backends($1))`,
      [token],
    );
    return rows.length > 0;
  };
  void waitFor('the handler to sleep', asleep).then(() => controller.abort());
  return controller.signal;
}

/** Every leftover that ends well, and those that outlive a rollback by every end that there is. */
function* cases(): Generator<[what: string, sql: string, end: (typeof ends)[string]]> {
  const table = leftovers(superuser);
  for (const [what, sql] of Object.entries(table)) {
    for (const end of ['success', 'an error']) yield [`${what}, ${end}`, sql, ends[end]!];
  }
  const names = ['a session lock', 'a prepared statement', 'the value of a sequence', 'a seed'];
  const all = [...names, 'connections of dblink', 'a setting of its own', 'a temporary table'];
  const sql = all.map((name) => table[name as keyof typeof table]).join(';\n');
  for (const [name, end] of Object.entries(ends)) yield [`everything, ${name}`, sql, end];
}

/** Runs every case in this place, then looks at the session; what is wrong, in words. */
async function walk(
  handlers: Database,
  place: Place,
  look: () => Promise<Record<string, unknown>>,
): Promise<string[]> {
  const fresh = await look();
  const wrong: string[] = [];
  for (const [what, sql, end] of cases()) {
    const text = `${sql};\n${end.sql}`;
    const outcome = await attempt(handlers, place, text, end.stopped && stopOnceAsleep);
    try {
      expect(outcome).toMatchObject(end.outcome);
    } catch {
      wrong.push(`${what}: ended ${JSON.stringify(outcome)}`);
    }
    const seen = difference(fresh, await look());
    if (seen.length > 0) wrong.push(`${what}: ${seen.join(', ')}`);
  }
  return wrong;
}

it('A1: each leftover remains in a session that is not cleaned', async () => {
  const missed: string[] = [];
  for (const [what, sql] of Object.entries(leftovers(superuser))) {
    const client = new Client(superuser);
    const look = async () => (await client.query('select public.prints()')).rows[0].prints;
    try {
      await client.connect();
      const before = await look();
      await client.query(`begin; ${sql}`);
      const during = await look();
      await client.query('commit').catch(() => {});
      const left = [...difference(before, during), ...difference(before, await look())];
      if (left.length === 0) missed.push(what);
    } finally {
      await client.end();
    }
  }
  expect(missed).toEqual([]);
});

describe('A1: an attempt finds a new session, whatever the previous one left in it', () => {
  for (const [whose, place] of Object.entries(places)) {
    it(`an attempt of ${whose}`, async () => {
      // What it was started with is not what a handler has left.
      const options = '-c work_mem=5MB -c search_path=public,staging -c my.start=up';
      const settings = { ...superuser, application_name: 'the worker', options };
      const handlers = openDatabase(settings, { connections: 1, pipelined: false });
      try {
        const wrong = await walk(handlers, places['the same asset'], () => prints(handlers, place));
        expect(wrong).toEqual([]);
        // It was one session all the time.
        const backends = `select from pg_stat_activity where datname = current_database() and query like '%servo_run_sql%' and pid <> pg_backend_pid()`;
        expect(await steps.call(backends)).toHaveLength(1);
      } finally {
        await handlers.close();
      }
    });
  }
});

it('A1: our functions use our own tables, whatever search_path and temporary tables a session has', async () => {
  const client = new Client(superuser);
  await client.connect();
  try {
    await client.query(
      `do $$ declare t text; begin
         foreach t in array '{assets,backfill_jobs,backfill_partitions,backfill_events}'::text[] loop
           execute format('create temp table %1$I (like public.%1$I)', t);
         end loop;
       end $$;
       set search_path = staging`,
    );
    const place = places['another asset'];
    const { rows } = await client.query<BatchRow>(
      `select ${replyColumns} from public.servo_report_and_claim_v1($1, $2, 'me', '{}', '{}', array[row($3, null)::public.servo_opening_v1], 1, 120000, $4)`,
      [place.tenant, jobs.get(place), randomUUID(), policyRow()],
    );
    expect(rows[0]!.claimed).toHaveLength(1);
    // What is inlined into its caller's statement, or runs handlers, goes by the caller's path.
    const free = await client.query(
      `select proname::text as name from pg_proc where pronamespace = 'public'::regnamespace and starts_with(proname, 'servo_')
         and not coalesce('search_path=public, pg_temp' = any (proconfig), false)
         and (prosecdef or provolatile = 'v' or prolang <> (select oid from pg_language where lanname = 'sql'))`,
    );
    expect(free.rows).toEqual([{ name: 'servo_run_sql_v1' }]);
  } finally {
    await client.end();
  }
});

const program = findPgBouncer();
describe.skipIf(program === null)(
  `A1 through PgBouncer in transaction mode${program === null ? ' (skipped: PgBouncer is not installed)' : ''}`,
  () => {
    let pooler: PgBouncer;
    let settings: ConnectionSettings;

    beforeAll(async () => {
      // What every client of the pooler relies on, and no attempt may take away.
      await run(superuser, `alter database ${database.name} set search_path = staging`);
      const connectQuery = `set search_path = public; set statement_timeout = '7min'; set work_mem = '5MB'; set role "${superuser.user}"`;
      pooler = await PgBouncer.open(program!, superuser, { connections: 1, connectQuery });
      settings = { ...pooler.settings, application_name: 'the worker' };
    });
    afterAll(() => pooler.close());

    it('an attempt of another tenant', async () => {
      const handlers = openDatabase(settings, { connections: 1, pipelined: false });
      const place = places['another tenant'];
      const wrong = await walk(handlers, places['the same asset'], () => prints(handlers, place));
      await handlers.close();
      expect(wrong).toEqual([]);
    });

    it('another client of the pooler', async () => {
      const client = new Client({ ...settings, application_name: 'somebody else' });
      client.on('error', () => {});
      await client.connect();
      await client.query(`set timezone = 'Europe/Berlin'; set client_encoding = 'LATIN9'`);
      const handlers = openDatabase(settings, { connections: 1, pipelined: false });
      const look = async () => (await client.query('select public.prints()')).rows[0].prints;
      expect((await look()).settings).toMatchObject({ statement_timeout: '420000' });
      const wrong = await walk(handlers, places['the same asset'], look);
      await handlers.close();
      await client.end();
      expect(wrong).toEqual([]);
    });
  },
);
