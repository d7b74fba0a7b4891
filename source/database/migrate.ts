import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationBuilder, runner as Runner } from 'node-pg-migrate';
import type pg from 'pg';
import { messageOf, ServoError } from '../errors.ts';
import { version } from '../package.ts';
import { buildIndex } from './build-index.ts';
import { createClient } from './client.ts';
import { codeOf, explainFailure } from './failure.ts';
import {
  functionsScript,
  printScript,
  readMigration,
  recordTable,
  type ScriptExtras,
} from './migration-file.ts';
import { watchingReplies } from './reply-watch.ts';
import {
  type FunctionsRecord,
  firstNames,
  functionsStep,
  lacksFunctions,
  migrationsFolder,
  ownMigrations,
  refuseNewer,
} from './schema-version.ts';
import type { ConnectionSettings } from './settings.ts';

export type MigrateOptions = {
  rls?: boolean;
  roles?: boolean;
  tenantRole?: string;
  report?: (line: string) => void;
};

/** Advisory lock against concurrent migrations of one database. Arbitrary, must never change. */
const lockKey = 7_310_046_112;
const lockTimeout = '3s';

/**
 * Brings a database to this program's schema and returns the names of the applied migrations, with
 * `functions` if those changed; adopts tables of another implementation. Safe on a live database: a
 * lock that is not available within 3 s is given up and tried again, for up to `timeout` ms.
 * Throws `schema` (exit 6) if the database requires a newer program, or if migrating fails.
 */
export async function migrate(
  settings: ConnectionSettings,
  options: MigrateOptions = {},
  timeout = 120_000,
): Promise<string[]> {
  return withClient(settings, async (client) => {
    // Class 01 are warnings; "already exists, skipping" is not one.
    client.on('notice', (notice) => {
      if (notice.code?.startsWith('01')) options.report?.(notice.message ?? '');
    });
    await refuseServer(client);
    await takeLock(client, timeout, options.report);
    const before = await readState(client);
    refuseMixed(before);
    if (before.recorded) {
      const nothingToDo =
        pendingOf(before).length === 0 &&
        !options.rls &&
        !options.roles &&
        options.tenantRole === undefined;
      const owner = await ownerElsewhere(client);
      if (owner !== null && nothingToDo) return [];
      if (owner !== null) throw notOwner(owner);
    }
    const until = performance.now() + timeout;
    for (;;) {
      try {
        await apply(client, before, timeout);
        if (pendingOf(before).includes(functionsStep)) await applyFunctions(client);
        await client.query('select servo_ensure_app_role()');
        await client.query('select servo_ensure_reduced_roles($1)', [options.roles === true]);
        if (options.rls) await client.query('select servo_isolate_tenants()');
        if (options.tenantRole !== undefined)
          await client.query('select servo_ensure_tenant_role($1)', [options.tenantRole]);
        break;
      } catch (error) {
        await client.query('rollback').catch(() => {});
        if (!isTransient(error) || performance.now() > until) throw explainMigration(error);
        options.report?.(`waiting: ${messageOf(error)}`);
        await sleep(250 + Math.random() * 750);
      }
    }
    if (options.roles) await requireRoles(client);
    const missing = new Set(pendingOf(await readState(client)));
    return pendingOf(before).filter((name) => !missing.has(name));
  });
}

/** The schema is migrated, but the requested roles may be missing. */
async function requireRoles(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ role: string; login: string }>(
    `select role, current_user as login from unnest('{servo_reader,servo_operator}'::text[]) role
     where to_regrole(role) is null`,
  );
  if (rows.length === 0) return;
  const names = rows.map(({ role }) => role);
  throw new ServoError(
    'permission_denied',
    `migrated, but could not create ${names.join(' and ')}: ${rows[0]!.login} may not create roles`,
    {
      hint: `have a superuser run: ${names.map((name) => `create role ${name} login;`).join(' ')} then run migrate --roles again`,
    },
  );
}

/** The migrations that `migrate` would apply. Changes nothing. Throws `schema` like `migrate`. */
export async function pendingMigrations(settings: ConnectionSettings): Promise<string[]> {
  return withClient(settings, async (client) => {
    await refuseServer(client);
    const state = await readState(client);
    refuseMixed(state);
    return pendingOf(state);
  });
}

export function printMigrations(
  names: readonly string[],
  extras: ScriptExtras = {},
): Promise<string> {
  return printScript(names, extras);
}

/** Conditions that no migration can change are refused first. */
async function refuseServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ encoding: string; database: string; frozen: boolean }>(
    `select current_setting('server_encoding') as encoding, current_database() as database,
       current_setting('default_transaction_read_only')::boolean and not pg_is_in_recovery() as frozen`,
  );
  const { encoding, database, frozen } = rows[0]!;
  const name = client.escapeIdentifier(database);
  if (encoding !== 'UTF8') {
    throw new ServoError(
      'schema',
      `the database ${database} has the encoding ${encoding}; servo-tui needs UTF8`,
      {
        hint: `an encoding cannot be changed: create another database with: create database ${client.escapeIdentifier(`${database}_utf8`)} encoding 'UTF8' locale 'C' template template0, and copy the data with pg_dump`,
      },
    );
  }
  if (frozen) {
    throw new ServoError(
      'not_allowed',
      `the database ${database} is read-only: default_transaction_read_only is on`,
      {
        hint: `if that is not intended: alter database ${name} reset default_transaction_read_only; or reset it for the role`,
      },
    );
  }
}

async function withClient<T>(
  settings: ConnectionSettings,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const named = { ...settings, application_name: 'servo-tui migrate' };
  const client = createClient(named, null);
  client.on('error', () => {});
  try {
    await client.connect();
    return await watchingReplies(client, named, () => work(client));
  } catch (error) {
    // A role that may not read the migrations may not write them either.
    throw explainFailure(codeOf(error) === '42501' ? explainMigration(error) : error, settings);
  } finally {
    await client.end().catch(() => {});
  }
}

// Polled, not waited for in the server: a waiting statement holds a snapshot, and the CREATE INDEX
// CONCURRENTLY of the lock's holder would wait for that.
async function takeLock(
  client: pg.Client,
  timeout: number,
  report?: (line: string) => void,
): Promise<void> {
  const until = performance.now() + timeout;
  for (let round = 0; ; round++) {
    const { rows } = await client.query('select pg_try_advisory_lock($1) as taken', [lockKey]);
    if (rows[0].taken) return;
    if (round === 0) report?.('waiting for another migration of this database');
    if (performance.now() > until) {
      throw new ServoError(
        'not_allowed',
        `the migration lock is held by ${await lockHolder(client)}`,
        {
          hint: 'wait for that migration, or end that session; then run: servo-tui migrate',
        },
      );
    }
    await sleep(100 + Math.random() * 100);
  }
}

/** Any session may take an advisory lock: the application name shows whether it is a migration. */
async function lockHolder(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ pid: number; user: string; application: string }>(
    `select a.pid, a.usename as user, a.application_name as application
     from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.classid::bigint << 32 | l.objid::bigint = $1
       and l.database = (select oid from pg_database where datname = current_database())`,
    [lockKey],
  );
  const [one] = rows;
  if (one === undefined) return 'a session that has just ended';
  return `pid ${one.pid} (${one.user}, ${one.application || 'unnamed'})`;
}

type SchemaState = {
  schema: string;
  recorded: boolean;
  applied: string[];
  lowestProgram: string | null;
  functions: FunctionsRecord;
};

async function readState(client: pg.Client): Promise<SchemaState> {
  const { rows } = await client.query<{
    schema: string | null;
    migrations: boolean;
    version: boolean;
  }>(
    `select coalesce((select nspname from pg_class c join pg_namespace n on n.oid = relnamespace
         where c.oid = to_regclass('backfill_jobs')), current_schema()) as schema,
       to_regclass('servo_migrations') is not null as migrations, to_regclass('servo_schema') is not null as version`,
  );
  const { schema, migrations, version } = rows[0]!;
  if (schema === null) {
    throw new ServoError('schema', 'no schema of the search_path exists', {
      hint: 'create it, or set another search_path for this role or database',
    });
  }
  const applied = migrations
    ? (await client.query('select name from servo_migrations order by id')).rows
    : [];
  const names = applied.map((row): string => row.name);
  refuseDevelopment(names);
  const [own] = version
    ? (
        await client.query<{ lowest_program: string } & FunctionsRecord>(
          'select lowest_program, functions_hash, functions_program from servo_schema',
        )
      ).rows
    : [];
  return {
    schema,
    recorded: migrations,
    applied: names,
    lowestProgram: own?.lowest_program ?? null,
    functions: own ?? { functions_hash: null, functions_program: null },
  };
}

/** The schema's owner, if this role may not act as the owner. */
async function ownerElsewhere(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query<{ owner: string }>(
    `select pg_get_userbyid(relowner) as owner from pg_class
     where oid = 'servo_migrations'::regclass and not pg_has_role(relowner, 'member')`,
  );
  return rows[0]?.owner ?? null;
}

function notOwner(owner: string): ServoError {
  return new ServoError('schema', `this role may not change the schema: it belongs to ${owner}`, {
    hint: `run migrate as ${owner}, or as a superuser`,
  });
}

function pendingOf(state: SchemaState): string[] {
  const migrations = ownMigrations().filter((name) => !state.applied.includes(name));
  return lacksFunctions(state.functions) ? [...migrations, functionsStep] : migrations;
}

/**
 * Migrations of a newer program on top of ours are additive and allowed. Ours are not applied on
 * top of unknown ones.
 */
function refuseMixed(state: SchemaState): void {
  refuseNewer(state.lowestProgram);
  const own = new Set(ownMigrations());
  const unknown = state.applied.filter((name) => !own.has(name));
  const pending = pendingOf(state).filter((name) => name !== functionsStep);
  if (unknown.length === 0 || pending.length === 0) return;
  throw new ServoError(
    'schema',
    `the schema has ${firstNames(unknown)}, which servo-tui ${version} does not know, and lacks ${firstNames(pending)}`,
    { hint: 'run migrate with the newest servo-tui that works on this database' },
  );
}

/** The first migration of the schema before the first release: same tables, other functions. */
const developmentMigration = '0001_base-tables';

function refuseDevelopment(applied: readonly string[]): void {
  if (!applied.includes(developmentMigration)) return;
  throw new ServoError(
    'schema',
    'this database has the schema of a development version of servo-tui, from before its first release',
    { hint: 'create a new database and run migrate there; there is no conversion' },
  );
}

async function applyFunctions(client: pg.Client): Promise<void> {
  await client.query('begin');
  await client.query(functionsScript());
  await client.query('commit');
}

async function apply(
  client: pg.Client,
  { schema, recorded }: SchemaState,
  timeout: number,
): Promise<void> {
  const { runner }: { runner: typeof Runner } = await import('node-pg-migrate');
  await client.query(`set lock_timeout = '${lockTimeout}'`);
  await client.query(`set search_path = ${client.escapeIdentifier(schema)}, pg_temp`);
  // Here, because the library's error has no code; once, because it needs the right to create.
  if (!recorded) await client.query(recordTable);
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  await runner({
    dbClient: client,
    dir: migrationsFolder,
    direction: 'up',
    migrationsTable: 'servo_migrations',
    schema: [schema, 'pg_temp'],
    migrationsSchema: schema,
    // The library compares run_on, a local time without zone; `refuseMixed` checks the order.
    checkOrder: false,
    singleTransaction: false,
    noLock: true,
    logger: silent,
    migrationLoaderStrategies: [
      { extensions: ['.sql'], loader: (paths) => load(paths, client, timeout) },
    ],
  });
}

function load(paths: string[], client: pg.Client, timeout: number) {
  return Promise.all(
    paths.map(async (path) => {
      const { sql, indexes } = await readMigration(basename(path, '.sql'));
      const up = async (pgm: MigrationBuilder) => {
        if (indexes === null) return pgm.sql(sql);
        pgm.noTransaction();
        for (const index of indexes) await buildIndex(client, index, timeout);
        await client.query(`set lock_timeout = '${lockTimeout}'`);
      };
      return { id: path, filePaths: [path], actions: { up, down: false as const } };
    }),
  );
}

/** Lock not available, deadlock, or a catalogue row that was updated concurrently. */
function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === '55P03' ||
    code === '40P01' ||
    (code === 'XX000' && /tuple concurrently/.test(messageOf(error)))
  );
}

const explanations: Readonly<Record<string, { what: string; hint: string }>> = {
  '42501': {
    what: 'this role may not change the schema',
    hint: 'run migrate as the owner of the backfill tables, or as a superuser',
  },
  '22023': {
    what: 'cannot create a role for this tenant',
    hint: 'see: servo-tui migrate --help',
  },
  '55P03': {
    what: 'a table stayed locked until the timeout',
    hint: 'find the session that holds it in pg_locks, then run: servo-tui migrate',
  },
  '23505': {
    what: 'rows violate the constraints of the base tables',
    hint: 'remove the duplicates, then run: servo-tui migrate',
  },
  '42P07': {
    what: 'another object has the name of one of ours',
    hint: 'rename it, then run: servo-tui migrate',
  },
};

function explainMigration(error: unknown): unknown {
  const explanation = explanations[codeOf(error) ?? ''];
  if (explanation === undefined) return error;
  return new ServoError('schema', `${explanation.what}: ${messageOf(error)}`, {
    hint: (error as { hint?: string }).hint ?? explanation.hint,
    cause: error,
  });
}
