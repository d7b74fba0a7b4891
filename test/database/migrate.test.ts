import { Client } from 'pg';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { migrate, pendingMigrations, printMigrations } from '../../source/database/migrate.ts';
import {
  functionsStep,
  ownMigrations,
  ownSteps,
  requireSchema,
} from '../../source/database/schema-version.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { errorOf } from '../support/operator.ts';
import { Roles, run } from '../support/roles.ts';
import { waitFor } from '../support/wait-for.ts';

const opened: TestDatabase[] = [];
const sessions: Client[] = [];
const newest = ownMigrations().at(-1)!;

async function database(options: { migrated: boolean }): Promise<TestDatabase> {
  const created = await createTestDatabase(options);
  opened.push(created);
  return created;
}

/** A session that stays open and holds something. */
async function session(settings: ConnectionSettings): Promise<Client> {
  const client = new Client(settings);
  client.on('error', () => {});
  sessions.push(client);
  await client.connect();
  return client;
}

afterEach(async () => {
  await Promise.all(sessions.splice(0).map((client) => client.end()));
});
afterAll(() => Promise.all(opened.map((each) => each.drop())));

async function requireIn(settings: ConnectionSettings): Promise<void> {
  const db = openDatabase(settings, { connections: 1 });
  try {
    await requireSchema(db);
  } finally {
    await db.close();
  }
}

const invalidIndexes = `select indexrelid::regclass::text as name from pg_index where not indisvalid`;

/** Catalogues and own tables, with the transaction that wrote each row. */
const footprint = `select relation, count(*)::int, max(age(xmin)) as oldest, min(age(xmin)) as newest, sum(xmin::text::bigint) as writers from (
    select 'class' as relation, xmin from pg_class where relnamespace = 'public'::regnamespace
    union all select 'attribute', a.xmin from pg_attribute a join pg_class c on c.oid = attrelid where relnamespace = 'public'::regnamespace
    union all select 'function', xmin from pg_proc where pronamespace = 'public'::regnamespace
    union all select 'constraint', xmin from pg_constraint
    union all select 'trigger', xmin from pg_trigger
    union all select 'policy', xmin from pg_policy
    union all select 'schema', xmin from pg_namespace
    union all select 'role', xmin from pg_authid where rolname = 'servo_app'
    union all select 'migrations', xmin from servo_migrations
    union all select 'version', xmin from servo_schema) f
  group by relation order by relation`;

describe('migrate', () => {
  test('applies every migration in order, and the second time none', async () => {
    const { superuser } = await database({ migrated: false });
    expect(await pendingMigrations(superuser)).toEqual(ownSteps());
    expect(await migrate(superuser)).toEqual(ownSteps());
    expect(await pendingMigrations(superuser)).toEqual([]);
    const withoutAge = async () =>
      (await run(superuser, footprint)).map(({ relation, count, writers }) => ({
        relation,
        count,
        writers,
      }));
    const before = await withoutAge();
    expect(before).toHaveLength(10);
    expect(await migrate(superuser)).toEqual([]);
    expect(await withoutAge()).toEqual(before);
  });

  test('runs once if several run simultaneously', async () => {
    const { superuser } = await database({ migrated: false });
    const results = await Promise.all([1, 2, 3, 4].map(() => migrate(superuser)));
    expect(results.filter((names) => names.length > 0)).toEqual([ownSteps()]);
    expect(await run(superuser, invalidIndexes)).toEqual([]);
  });

  test('runs in several databases of a cluster simultaneously', async () => {
    const databases = await Promise.all([1, 2, 3].map(() => database({ migrated: false })));
    const results = await Promise.all(databases.map(({ superuser }) => migrate(superuser)));
    for (const names of results) expect(names).toEqual(ownSteps());
  });

  test('gives up with a message if another migration does not end', async () => {
    const { superuser } = await database({ migrated: false });
    const other = await session(superuser);
    await other.query('select pg_advisory_lock(7310046112)');
    const reported: string[] = [];
    const error = await errorOf(migrate(superuser, { report: (line) => reported.push(line) }, 1));
    expect(error).toMatchObject({
      code: 'not_allowed',
      message: expect.stringMatching(/^the migration lock is held by pid \d+ \(.+\)$/),
    });
    expect(reported).toEqual(['waiting for another migration of this database']);
    expect(await run(superuser, `select to_regclass('assets') as assets`)).toEqual([
      { assets: null },
    ]);
  });

  test('killed while it builds an index, it leaves an invalid one, and the next run makes it valid', async () => {
    const { superuser } = await database({ migrated: false });
    const reader = await session(superuser);
    // An index built without a lock on writers waits for older transactions.
    await reader.query('begin isolation level repeatable read; select 1');
    const killed = errorOf(migrate(superuser));
    const watcher = await session(superuser);
    const pid = await waitFor('an index being built', async () => {
      const { rows } = await watcher.query(
        `select pid from pg_stat_progress_create_index
         where datname = current_database() and phase = 'waiting for old snapshots'`,
      );
      return rows[0]?.pid;
    });
    await watcher.query('select pg_terminate_backend($1)', [pid]);
    expect(await killed).toMatchObject({ code: 'database_unreachable' });
    const [left] = await run<{ name: string }>(superuser, invalidIndexes);
    expect(left).toEqual({ name: 'backfill_partitions_state' });
    await reader.query('rollback');
    const rest = await migrate(superuser);
    expect(rest[0]).toBe('0010_index-contract');
    expect(rest.at(-1)).toBe(functionsStep);
    expect(await run(superuser, invalidIndexes)).toEqual([]);
    expect(
      await run(superuser, 'select indisvalid from pg_index where indexrelid = $1::regclass', [
        left!.name,
      ]),
    ).toEqual([{ indisvalid: true }]);
  });

  test('gives up on an index when its timeout ends, says who to look for, and can be run again', async () => {
    const { superuser } = await database({ migrated: false });
    const reader = await session(superuser);
    await reader.query('begin isolation level repeatable read; select 1');
    const error = await errorOf(migrate(superuser, {}, 200));
    expect(error).toMatchObject({ code: 'schema', exitCode: 6 });
    expect(error.message).toContain('stayed locked');
    expect(error.hint).toContain('pg_locks');
    await reader.query('rollback');
    expect((await migrate(superuser)).at(-1)).toBe(functionsStep);
    expect(await run(superuser, invalidIndexes)).toEqual([]);
  });

  test('gives up a locked table, and tries again until it is free', async () => {
    const { superuser } = await database({ migrated: true });
    await run(
      superuser,
      `drop trigger servo_guard_state on backfill_jobs; drop trigger servo_revoke_leases on backfill_jobs;
       update servo_schema set functions_hash = null`,
    );
    const holder = await session(superuser);
    await holder.query('begin; lock table backfill_jobs in row exclusive mode');
    const reported: string[] = [];
    const done = migrate(superuser, { report: (line) => reported.push(line) });
    await waitFor('a first try to be given up', () => reported.length > 0);
    // Between its tries it blocks no other session.
    await holder.query('commit');
    expect(await done).toEqual([functionsStep]);
    expect(reported[0]).toMatch(/^waiting: canceling statement due to lock timeout/);
  });

  test('is not stopped by a timeout for queries', async () => {
    const { superuser, name } = await database({ migrated: false });
    const reader = await session(superuser);
    await reader.query('begin isolation level repeatable read; select 1');
    await run(superuser, `alter database ${name} set statement_timeout = '100ms'`);
    const done = migrate(superuser);
    const watcher = await session(superuser);
    await waitFor('an index that takes longer than that', async () => {
      const { rows } = await watcher.query(
        `select from pg_stat_activity where datname = current_database() and state = 'active'
           and query like 'create % concurrently %' and query_start < clock_timestamp() - interval '110 ms'`,
      );
      return rows.length > 0;
    });
    await reader.query('rollback');
    expect(await done).toEqual(ownSteps());
  });
});

describe('a schema that requires a newer program', () => {
  test.each([
    ['migrate', migrate],
    ['pendingMigrations', pendingMigrations],
    ['requireSchema', requireIn],
  ] as const)('is refused by %s with exit code 6', async (_, work) => {
    const { superuser } = await database({ migrated: true });
    await run(superuser, `update servo_schema set lowest_program = '99.0.0'`);
    const error = await errorOf(work(superuser));
    expect(error).toMatchObject({
      code: 'schema',
      exitCode: 6,
      hint: expect.stringMatching(/update servo-tui/),
    });
    expect(error.message).toMatch(/requires servo-tui 99\.0\.0 or newer; this is /);
  });
});

describe('the record of what was applied', () => {
  test('without one, or without a migration of it, the schema is refused with exit code 6', async () => {
    const { superuser, app } = await database({ migrated: true });
    await requireIn(app);
    await run(superuser, 'delete from servo_migrations where name = $1', [newest]);
    const lacking = await errorOf(requireIn(app));
    expect(lacking).toMatchObject({ code: 'schema', exitCode: 6, hint: 'run: servo-tui migrate' });
    expect(lacking.message).toContain(`it lacks ${newest}`);
    expect(await pendingMigrations(app)).toEqual([newest]);
    const empty = await database({ migrated: false });
    expect(await errorOf(requireIn(empty.superuser))).toMatchObject({
      code: 'schema',
      hint: 'run: servo-tui migrate',
    });
  });

  test('accepts the additive migrations of a newer program', async () => {
    const { superuser, app } = await database({ migrated: true });
    await run(
      superuser,
      `insert into servo_migrations (name, run_on) values ('9999_later', now())`,
    );
    await requireIn(app);
    expect(await pendingMigrations(app)).toEqual([]);
    expect(await migrate(superuser)).toEqual([]);
  });

  test('refuses to put its own on top of migrations that it does not know', async () => {
    const { superuser } = await database({ migrated: true });
    await run(
      superuser,
      `insert into servo_migrations (name, run_on) values ('0003_other', now());
       delete from servo_migrations where name = '${newest}'`,
    );
    for (const work of [migrate, pendingMigrations]) {
      const error = await errorOf(work(superuser));
      expect(error).toMatchObject({ code: 'schema', exitCode: 6 });
      expect(error.message).toMatch(`has 0003_other, which servo-tui`);
      expect(error.message).toMatch(`lacks ${newest}`);
    }
  });

  test('changed functions are applied again, and those of a newer program are left alone', async () => {
    const { superuser, app } = await database({ migrated: true });
    await run(
      superuser,
      `update servo_schema set functions_hash = 'another';
       create or replace function servo_integer(value jsonb, fallback integer) returns integer language sql as 'select 7'`,
    );
    const lacking = await errorOf(requireIn(app));
    expect(lacking).toMatchObject({
      code: 'schema',
      message: expect.stringContaining('lacks functions'),
    });
    expect(await migrate(superuser)).toEqual([functionsStep]);
    const whole = `select servo_integer('3', 1) as whole`;
    expect(await run(superuser, whole)).toEqual([{ whole: 3 }]);
    await run(
      superuser,
      `update servo_schema set functions_hash = 'later', functions_program = '99.0.0'`,
    );
    await requireIn(app);
    expect(await migrate(superuser)).toEqual([]);
    expect(await run(superuser, 'select functions_hash from servo_schema')).toEqual([
      { functions_hash: 'later' },
    ]);
  });

  test('of a development version is refused with a message, and nothing is created', async () => {
    const { superuser } = await database({ migrated: false });
    await run(
      superuser,
      `create table servo_migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
       insert into servo_migrations (name, run_on) values ('0001_base-tables', now())`,
    );
    for (const work of [migrate, pendingMigrations]) {
      expect(await errorOf(work(superuser))).toMatchObject({
        code: 'schema',
        message: expect.stringContaining('a development version of servo-tui'),
      });
    }
    expect(await run(superuser, `select to_regclass('assets') as assets`)).toEqual([
      { assets: null },
    ]);
  });

  test('does not depend on the clocks and time zones of those who migrated', async () => {
    const { superuser } = await database({ migrated: true });
    await run(superuser, `update servo_migrations set run_on = run_on - id * interval '1 hour'`);
    expect(await migrate(superuser)).toEqual([]);
  });

  test('is readable to servo_app, and not writable', async () => {
    const { app } = await database({ migrated: true });
    expect(await run(app, 'select name from servo_migrations order by id')).toHaveLength(
      ownMigrations().length,
    );
    expect(await run(app, 'select lowest_program from servo_schema')).toHaveLength(1);
    for (const statement of [
      'delete from servo_migrations',
      `update servo_schema set lowest_program = '0'`,
      'delete from backfill_events',
      `update backfill_events set actor = 'outsider'`,
    ]) {
      expect((await errorOf(run(app, statement))).code).toBe('42501');
    }
  });
});

describe('roles and schemas', () => {
  test('a role without the right gets an error', async () => {
    const { superuser } = await database({ migrated: false });
    const roles = new Roles(superuser);
    const outsider = await roles.create('outsider');
    await run(superuser, 'revoke all on schema public from public');
    await run(superuser, `grant usage on schema public to "${outsider.user}"`);
    expect(await errorOf(migrate(outsider))).toMatchObject({
      code: 'schema',
      message: expect.stringContaining('this role may not change the schema'),
    });
    await run(superuser, `revoke all on schema public from "${outsider.user}"`);
    await roles.drop();
  });

  test('a schema of any name that the search_path names first', async () => {
    const { superuser, name } = await database({ migrated: false });
    await run(
      superuser,
      `create schema "Back fills"; alter database ${name} set search_path = "Back fills", public`,
    );
    expect(await migrate(superuser)).toEqual(ownSteps());
    expect(await migrate(superuser)).toEqual([]);
    expect(
      await run(
        superuser,
        `select distinct relnamespace::regnamespace::text as schema from pg_class
         where relname in ('assets', 'backfill_jobs', 'servo_migrations', 'backfill_events', 'backfill_jobs_claim')`,
      ),
    ).toEqual([{ schema: '"Back fills"' }]);
    // The journal finds its table whatever the caller's search_path is.
    await run(
      superuser,
      `set search_path = pg_catalog;
       insert into "Back fills".assets (id, name, asset_type) values ('00000000-0000-4000-8000-000000000001', 'orders', 'table');
       insert into "Back fills".backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key)
         values ('acme', '00000000-0000-4000-8000-000000000001', 'orders', '1')`,
    );
    expect(await run(superuser, 'select tenant_id, to_state from backfill_events')).toEqual([
      { tenant_id: 'acme', to_state: 'pending' },
    ]);
  });

  test('a search_path without a schema is refused, and nothing is created', async () => {
    const { superuser, name } = await database({ migrated: false });
    await run(superuser, `alter database ${name} set search_path = nowhere`);
    expect(await errorOf(migrate(superuser))).toMatchObject({
      code: 'schema',
      message: 'no schema of the search_path exists',
    });
  });

  test('a table that only has the name of ours is not taken for it', async () => {
    const { superuser } = await database({ migrated: false });
    await run(superuser, 'create table backfill_events (id int, what text)');
    const error = await errorOf(migrate(superuser));
    expect(error).toMatchObject({ code: 'schema', exitCode: 6 });
    expect(error.message).toContain('relation "backfill_events" already exists');
  });

  test('the printed SQL, run by hand, leaves nothing to migrate', async () => {
    const { superuser } = await database({ migrated: false });
    const script = await printMigrations(await pendingMigrations(superuser));
    const client = await session(superuser);
    // As psql sends it: each index alone, the rest between begin and commit.
    for (const part of script.split(/^(?=-- (?:\d{4}_|functions$))/m)) {
      const alone = part.includes(' index concurrently ') ? part.split(/;\n/) : [part];
      for (const statements of alone) await client.query(statements);
    }
    expect(await pendingMigrations(superuser)).toEqual([]);
    expect(await migrate(superuser)).toEqual([]);
    expect(
      await run(
        superuser,
        `select has_table_privilege('servo_app', 'backfill_jobs', 'update') as admitted`,
      ),
    ).toEqual([{ admitted: true }]);
    expect(await printMigrations([])).toBe('');
  });
});
