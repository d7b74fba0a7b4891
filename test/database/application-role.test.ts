import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type EmbeddedServer,
  ensureEmbeddedServer,
  resetEmbeddedServer,
} from '../../source/database/embedded/server.ts';
import { migrate } from '../../source/database/migrate.ts';
import { ownSteps } from '../../source/database/schema-version.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { run } from '../support/roles.ts';
import { waitFor } from '../support/wait-for.ts';

// Roles belong to the cluster; this test drops servo_app, so it needs its own cluster.
const home = join(tmpdir(), `servo-tui-roles-${process.pid}`);
let server: EmbeddedServer;
let count = 0;

beforeAll(async () => {
  server = await ensureEmbeddedServer({ home });
});
afterAll(async () => {
  await resetEmbeddedServer({ home });
  rmSync(home, { recursive: true, force: true });
});
beforeEach(async () => {
  for (let i = 1; i <= count; i++) {
    await run(server.superuser, `drop database if exists roles_${i} with (force)`);
  }
  await run(server.superuser, 'drop role if exists servo_app');
});

async function database(owner = 'postgres'): Promise<ConnectionSettings> {
  const name = `roles_${++count}`;
  await run(server.superuser, `create database ${name} owner ${owner}`);
  return { ...server.superuser, user: owner, database: name };
}

const attributes = `select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolcanlogin from pg_roles where rolname = 'servo_app'`;
const admission = `select has_schema_privilege('servo_app', current_schema(), 'usage') as enters,
  has_table_privilege('servo_app', 'backfill_partitions', 'select, insert, update, delete') as works,
  has_table_privilege('servo_app', 'backfill_events', 'update') as rewrites_history`;

test('several databases of a cluster, migrated simultaneously, create one role', async () => {
  const databases = await Promise.all([database(), database(), database(), database()]);
  const results = await Promise.all(databases.map((settings) => migrate(settings)));
  for (const names of results) expect(names).toEqual(ownSteps());
  expect(await run(server.superuser, attributes)).toEqual([
    {
      rolsuper: false,
      rolbypassrls: false,
      rolcreatedb: false,
      rolcreaterole: false,
      rolcanlogin: true,
    },
  ]);
  for (const settings of databases) {
    expect(await run(settings, admission)).toEqual([
      { enters: true, works: true, rewrites_history: false },
    ]);
  }
});

test('a role that another transaction is creating is waited for, and not created twice', async () => {
  const settings = await database();
  const other = new Client(server.superuser);
  await other.connect();
  await other.query('begin; create role servo_app login');
  const done = migrate(settings);
  await waitFor('migrate to wait for the other', async () => {
    const waiting = await run(
      server.superuser,
      `select from pg_stat_activity where datname = $1 and wait_event_type = 'Lock' and query like '%servo_ensure_app_role%'`,
      [settings.database],
    );
    return waiting.length > 0;
  });
  await other.query('commit');
  await other.end();
  expect(await done).toEqual(ownSteps());
  expect(await run(settings, admission)).toMatchObject([{ enters: true, works: true }]);
});

test('an owner that is no superuser but may make roles makes it', async () => {
  await run(server.superuser, 'drop role if exists maker; create role maker login createrole');
  const settings = await database('maker');
  expect(await migrate(settings)).toEqual(ownSteps());
  expect(await run(settings, admission)).toMatchObject([{ enters: true, works: true }]);
});

test('a role that may not create roles gets a notice, and migrates; once the role exists, migrate grants its rights', async () => {
  await run(server.superuser, 'drop role if exists plain_owner; create role plain_owner login');
  const settings = await database('plain_owner');
  const reported: string[] = [];
  expect(await migrate(settings, { report: (line) => reported.push(line) })).toEqual(ownSteps());
  expect(reported).toEqual([
    'there is no role servo_app, and plain_owner may not create it: have a superuser run "create role servo_app login", then run migrate again',
  ]);
  await run(server.superuser, 'create role servo_app login');
  expect(await run(settings, admission)).toMatchObject([{ works: false }]);
  expect(await migrate(settings)).toEqual([]);
  expect(await run(settings, admission)).toEqual([
    { enters: true, works: true, rewrites_history: false },
  ]);
});

// Was an internal error, because the library's own error has no code.
test('migrate run as servo_app names the owner, and does nothing if nothing is missing', async () => {
  const settings = await database();
  await migrate(settings);
  const application = { ...settings, user: 'servo_app' };
  expect(await migrate(application)).toEqual([]);
  await run(settings, `delete from servo_migrations where name = '0008_upstreams'`);
  for (const options of [{}, { rls: true }]) {
    await expect(migrate(application, options)).rejects.toMatchObject({
      code: 'schema',
      message: `this role may not change the schema: it belongs to ${settings.user}`,
      hint: `run migrate as ${settings.user}, or as a superuser`,
    });
  }
});

test('functions that are not granted to public by default are granted to it, except the owner’s', async () => {
  const settings = await database();
  await run(settings, 'alter default privileges revoke execute on functions from public');
  await migrate(settings);
  expect(
    await run(
      settings,
      `select proname as name, has_function_privilege('servo_app', oid, 'execute') as may
       from pg_proc where proname in ('servo_report_and_claim_v1', 'servo_partition_keys', 'servo_isolate_tenants', 'servo_ensure_app_role')
       order by proname`,
    ),
  ).toEqual([
    { name: 'servo_ensure_app_role', may: false },
    { name: 'servo_isolate_tenants', may: false },
    { name: 'servo_partition_keys', may: true },
    { name: 'servo_report_and_claim_v1', may: true },
  ]);
});
