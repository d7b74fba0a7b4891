import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { Client } from 'pg';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { migrate } from '../../source/database/migrate.ts';
import { findPgBouncer, PgBouncer } from '../faults/pgbouncer.ts';
import { documentOf, run, urlOf } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { errorOf } from '../support/operator.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';

const tenant = 'acme';

/** Values for text settings, and for numbers whose minimum is not interesting. */
const values: Readonly<Record<string, string>> = {
  DateStyle: 'German, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  timezone_abbreviations: 'Australia',
  client_encoding: 'LATIN1',
  default_text_search_config: 'simple',
  extra_float_digits: '-15',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  statement_timeout: '1s',
  lock_timeout: '1ms',
  idle_in_transaction_session_timeout: '500ms',
  idle_session_timeout: '500ms',
  transaction_timeout: '1s',
  client_min_messages: 'error',
  debug_parallel_query: 'on',
  force_parallel_mode: 'on',
  geqo_threshold: '2',
  jit_above_cost: '0',
};

/**
 * Left out: settings of operators (search_path, tablespaces, read-only), of one session or
 * transaction, of the server's log, and developers' switches.
 */
const left =
  /^(search_path|default_tablespace|temp_tablespaces|default_table_access_method|default_transaction_read_only|transaction_(isolation|read_only|deferrable)|seed|role|session_authorization|is_superuser|local_preload_libraries|application_name|restrict_nonsystem_relation_kind|createrole_self_grant|lc_.*|log_.*|trace_.*|debug_(?!parallel).*|tcp_.*|.*buffers|.*_mem|ssl_.*|vacuum_.*)$/;

type Setting = {
  name: string;
  vartype: string;
  boot_val: string;
  enumvals: string[] | null;
  min_val: string | null;
};

function hostile({ name, vartype, boot_val, enumvals, min_val }: Setting): string | null {
  if (name in values) return values[name]!;
  if (vartype === 'bool') return boot_val === 'on' ? 'off' : 'on';
  if (vartype === 'enum') return enumvals!.filter((one) => one !== boot_val).at(-1) ?? null;
  return vartype === 'string' || min_val === boot_val ? null : min_val;
}

async function asSuperuser<T>(database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ ...inject('superuser'), database });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Every setting that a user may change and that may matter, with a value other than the default.
 */
async function hostileSettings(): Promise<[string, string][]> {
  const { rows } = await asSuperuser('postgres', (client) =>
    client.query<Setting>(
      `select name, vartype, boot_val, enumvals, min_val from pg_settings where context = 'user' order by name`,
    ),
  );
  return rows.flatMap((row) => {
    const value = left.test(row.name) ? null : hostile(row);
    return value === null ? [] : [[row.name, value] as [string, string]];
  });
}

/** Settings of planning and cost; the others affect text and values. */
const planner =
  /^(enable_|jit|geqo|parallel|min_parallel|max_parallel|cpu_|random_|seq_|plan_|from_|join_|cursor_|constraint_|recursive|debug_parallel|force_|effective_)/;

const databases: TestDatabase[] = [];
const folder = handlerDirectory({
  'orders.mjs': `export default ({ attempt, partition_key: key }) =>
      attempt === 1 && key === '2024-01-31' ? new Promise(() => setInterval(() => {}, 1000)) : undefined;\n`,
  'totals.sql': 'select pg_sleep(1.2), $1;\n',
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  for (const database of databases) await database.drop();
});

async function emptyDatabase(statements: readonly string[]): Promise<TestDatabase> {
  const database = await createTestDatabase({ migrated: false });
  databases.push(database);
  await asSuperuser('postgres', async (client) => {
    for (const text of statements) await client.query(text.replaceAll('DATABASE', database.name));
  });
  return database;
}

/**
 * Migrates, starts, kills an executor and lets another one continue, runs a SQL handler, and
 * reports.
 */
async function smoke(database: TestDatabase, way = database.app): Promise<void> {
  await migrate(database.superuser);
  const db = openDatabase(database.superuser);
  const env = { DATABASE_URL: urlOf(way), TENANT_ID: tenant };
  const speed = { SERVO_SPEED: '20' };
  const workers: Worker[] = [];
  const servo = async (...line: string[]) => {
    const ran = await run([...line, '--json'], env);
    expect(ran.code, `${line.join(' ')}: ${ran.stderr}`).toBe(0);
    return documentOf(line[0]!, ran.stdout);
  };
  const work = async () => {
    const worker = new Worker(way, tenant, ['--handlers', folder, '--slots', '2'], speed);
    workers.push(worker);
    return worker.started();
  };
  const state = async (id: string) =>
    (await db.call<{ state: string }>('select state from backfill_jobs where id = $1', [id]))[0]
      ?.state;
  try {
    const first = await work();
    const keys = ['--partition', '2024-01-31', '--partition', '2024-02-01'];
    const { job } = await servo('start', 'orders', ...keys, '--sla-deadline', '+2h');
    await waitFor(
      'a partition to run',
      async () =>
        (await db.call("select from backfill_partitions where state = 'running'")).length > 0,
      { seen: () => first.log },
    );
    await first.kill();
    const second = await work();
    const done = (id: string) =>
      waitFor('the job to end', async () => (await state(id)) === 'completed', {
        seen: () => second.log,
      });
    await done(job.id);
    const sql = await servo('start', 'totals', '--partition', '2024-01-31');
    await done(sql.job.id);
    const { jobs, as_of } = await servo('list');
    expect(jobs.map(({ state }: { state: string }) => state)).toEqual(['completed', 'completed']);
    for (const { created_at, completed_at, avg_partition_duration_ms } of jobs) {
      expect(Date.parse(as_of) - Date.parse(created_at)).toBeLessThan(300_000);
      expect(Date.parse(completed_at)).toBeGreaterThanOrEqual(Date.parse(created_at));
      expect(avg_partition_duration_ms).toBeGreaterThanOrEqual(0);
    }
    const { job: told } = await servo('status', job.id);
    expect(Date.parse(told.sla_deadline_at) - Date.parse(told.created_at)).toBeGreaterThan(
      7_000_000,
    );
    const { events } = await servo('events', job.id);
    expect(events.map(({ kind }: { kind: string }) => kind)).toContain('lost');
    const { checks } = await servo('doctor', '--invariants');
    expect(checks.filter(({ level }: { level: string }) => level === 'fault')).toEqual([]);
    expect((await second.kill('SIGTERM'))[0]).toBe(0);
  } finally {
    for (const worker of workers) worker.process.kill('SIGKILL');
    await db.close();
  }
}

describe("A12 the server's defaults are not taken for granted", () => {
  test.each([
    ['what is written, parsed, isolated and waited for', (name: string) => !planner.test(name)],
    ['how statements are planned', (name: string) => planner.test(name)],
  ])(
    'every setting of %s, set otherwise at the database',
    async (_, fits) => {
      const settings = (await hostileSettings()).filter(([name]) => fits(name));
      expect(settings.length).toBeGreaterThan(15);
      const database = await emptyDatabase(
        settings.map(([name, value]) => `alter database DATABASE set ${name} = '${value}'`),
      );
      await smoke(database);
    },
    120_000,
  );

  // A SQL handler has the server's timeout: 1 s would be too short for it.
  test.skipIf(findPgBouncer() === null)(
    'the same through a pooler, whose sessions are not ours to set',
    async () => {
      const settings = (await hostileSettings()).filter(
        ([name]) => !planner.test(name) && !/_timeout$/.test(name),
      );
      const database = await emptyDatabase(
        settings.map(([name, value]) => `alter database DATABASE set ${name} = '${value}'`),
      );
      const pooler = await PgBouncer.open(findPgBouncer()!, database.app);
      try {
        await smoke(database, pooler.settings);
      } finally {
        await pooler.close();
      }
    },
    120_000,
  );

  test('another collation', async () => {
    const name = `servo_test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    const { superuser, app } = await emptyDatabase([
      `create database ${name} template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US' locale 'C'`,
    ]);
    const database: TestDatabase = {
      name,
      superuser: { ...superuser, database: name },
      app: { ...app, database: name },
      drop: () =>
        asSuperuser(
          'postgres',
          async (client) => void (await client.query(`drop database ${name} with (force)`)),
        ),
    };
    databases.push(database);
    await smoke(database);
  }, 120_000);

  test.each(['LATIN1', 'SQL_ASCII', 'WIN1252'])(
    'a database in %s is refused with a message before anything is created',
    async (encoding) => {
      const name = `servo_test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
      const made = await emptyDatabase([
        `create database ${name} template template0 encoding '${encoding}' locale 'C'`,
      ]);
      const settings = { ...made.superuser, database: name };
      try {
        const error = await errorOf(migrate(settings));
        expect(error).toMatchObject({ code: 'schema', message: expect.stringContaining(encoding) });
        const [create] = /create database .* template template0/.exec(error.hint!)!;
        const { rows } = await asSuperuser(name, (client) =>
          client.query('select from pg_class where relname ~ $1', ['^(servo_|backfill_|assets)']),
        );
        expect(rows).toEqual([]);
        const { stdout } = await run(['doctor', '--json'], { DATABASE_URL: urlOf(settings) });
        expect(documentOf('doctor', stdout).checks).toContainEqual(
          expect.objectContaining({ check: 'encoding', level: 'fault' }),
        );
        // The hint's statement works.
        await asSuperuser('postgres', (client) => client.query(create));
        await migrate({ ...settings, database: `${name}_utf8` });
      } finally {
        await asSuperuser('postgres', async (client) => {
          await client.query(`drop database if exists ${name} with (force)`);
          await client.query(`drop database if exists ${name}_utf8 with (force)`);
        });
      }
    },
  );

  test('settings of an operator are left alone, and reported', async () => {
    const database = await emptyDatabase([
      'alter database DATABASE set default_transaction_read_only = on',
      'alter database DATABASE set session_replication_role = replica',
    ]);
    const error = await errorOf(migrate(database.superuser));
    expect(error).toMatchObject({ code: 'not_allowed' });
    expect(error.message).toContain('default_transaction_read_only');
    const { stdout } = await run(['doctor', '--json'], { DATABASE_URL: urlOf(database.superuser) });
    const faults = documentOf('doctor', stdout).checks.filter(
      ({ check, level }: { check: string; level: string }) =>
        check === 'settings' && level === 'fault',
    );
    expect(faults.map(({ message }: { message: string }) => message.split(' ')[0])).toEqual([
      'default_transaction_read_only',
      'session_replication_role',
    ]);
  });
});
