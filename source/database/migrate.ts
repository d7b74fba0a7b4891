import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { runner as Runner } from 'node-pg-migrate';
import type pg from 'pg';
import { messageOf, ServoError } from '../errors.ts';
import { createClient } from './database.ts';
import { codeOf, explainFailure } from './failure.ts';
import { migrationsFolder, ownMigrations, refuseNewer } from './schema-version.ts';
import type { ConnectionSettings } from './settings.ts';

export type MigrateOptions = {
  /** Also add row-level security to base tables that another implementation created without it. */
  rls?: boolean;
  /** Told of each step, for a person. */
  report?: (line: string) => void;
};

/** Two programs never migrate one database at once. The number is arbitrary and must never change. */
const lockKey = 7_310_046_112;
const lockTimeout = '3s';

/**
 * Brings a database to this program's schema and returns the names of the migrations that were
 * applied: none, if it was there already. Adopts what another implementation created. Safe to run on a live
 * database: a lock that is not to be had within 3 s is let go and tried again, for as long as `patience` ms.
 * Throws `schema` (exit 6) if the database wants a newer program.
 */
export async function migrate(
  settings: ConnectionSettings,
  options: MigrateOptions = {},
  patience = 120_000,
): Promise<string[]> {
  return withClient(settings, async (client) => {
    await takeLock(client, patience, options.report);
    const before = await readState(client);
    refuseNewer(before.lowestProgram);
    const until = performance.now() + patience;
    for (;;) {
      try {
        await dropInvalidIndexes(client);
        await apply(client, before.schema);
        if (options.rls) await client.query('select servo_isolate_tenants()');
        break;
      } catch (error) {
        await client.query('rollback').catch(() => {});
        if (!retryable.has(codeOf(error) ?? '') || performance.now() > until)
          throw explainMigration(error);
        options.report?.(`waiting: ${messageOf(error)}`);
        await sleep(250 + Math.random() * 750);
      }
    }
    const after = await readState(client);
    return after.applied.filter((name) => !before.applied.includes(name));
  });
}

/** The migrations that `migrate` would apply, without changing anything. */
export async function pendingMigrations(settings: ConnectionSettings): Promise<string[]> {
  return withClient(settings, async (client) => {
    const state = await readState(client);
    refuseNewer(state.lowestProgram);
    return ownMigrations().filter((name) => !state.applied.includes(name));
  });
}

/** The SQL of the named migrations, for a person to read or to run by hand. */
export async function printMigrations(names: readonly string[]): Promise<string> {
  const texts = names.map(async (name) => {
    const sql = await readFile(join(migrationsFolder, `${name}.sql`), 'utf8');
    return `-- ${name}\n${sql}`;
  });
  return (await Promise.all(texts)).join('\n');
}

// Lock timeout, deadlock, and a catalogue row that a migration of another database of the cluster wrote just now.
const retryable = new Set(['55P03', '40P01', 'XX000']);

async function withClient<T>(
  settings: ConnectionSettings,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = createClient({ ...settings, application_name: 'servo-tui migrate' });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw explainFailure(error, settings);
  } finally {
    await client.end().catch(() => {});
  }
}

// Tried again and again, never waited for in the server: a statement that waits holds a snapshot, and the
// CREATE INDEX CONCURRENTLY of the one who has the lock would wait for that one.
async function takeLock(
  client: pg.Client,
  patience: number,
  report?: (line: string) => void,
): Promise<void> {
  const until = performance.now() + patience;
  for (let round = 0; ; round++) {
    const { rows } = await client.query('select pg_try_advisory_lock($1) as taken', [lockKey]);
    if (rows[0].taken) return;
    if (performance.now() > until) {
      throw new ServoError('not_allowed', 'another migration of this database is under way', {
        hint: 'wait for it, then run: servo-tui migrate',
      });
    }
    if (round === 0) report?.('waiting for another migration of this database');
    await sleep(100 + Math.random() * 100);
  }
}

type SchemaState = { schema: string; applied: string[]; lowestProgram: string | null };

async function readState(client: pg.Client): Promise<SchemaState> {
  const { rows } = await client.query<{ schema: string; migrations: boolean; version: boolean }>(
    `select coalesce((select relnamespace::regnamespace::text from pg_class where oid = to_regclass('backfill_jobs')), current_schema()) as schema,
       to_regclass('servo_migrations') is not null as migrations, to_regclass('servo_schema') is not null as version`,
  );
  const { schema, migrations, version } = rows[0]!;
  const applied = migrations
    ? (await client.query('select name from servo_migrations order by id')).rows
    : [];
  const lowest = version
    ? (await client.query('select lowest_program from servo_schema')).rows
    : [];
  return {
    schema,
    applied: applied.map((row) => row.name),
    lowestProgram: lowest[0]?.lowest_program ?? null,
  };
}

async function apply(client: pg.Client, schema: string): Promise<void> {
  const { runner }: { runner: typeof Runner } = await import('node-pg-migrate');
  await client.query(`set lock_timeout = '${lockTimeout}'`);
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  await runner({
    dbClient: client,
    dir: migrationsFolder,
    direction: 'up',
    migrationsTable: 'servo_migrations',
    // pg_temp last: definer functions keep this path, and nobody's temporary table must come before ours.
    schema: [schema, 'pg_temp'],
    migrationsSchema: schema,
    noLock: true,
    logger: silent,
    migrationLoaderStrategies: [{ extensions: ['.sql'], loader: loadSql }],
  });
}

async function loadSql(paths: string[]) {
  return Promise.all(
    paths.map(async (path) => {
      const sql = await readFile(path, 'utf8');
      return {
        id: path,
        filePaths: [path],
        actions: {
          up: (pgm: { noTransaction(): void; sql(text: string): void }) => {
            if (sql.startsWith('-- no-transaction\n')) pgm.noTransaction();
            pgm.sql(sql);
          },
          down: false as const,
        },
      };
    }),
  );
}

/** What a CREATE INDEX CONCURRENTLY that was cut off left behind, which "if not exists" would take for the index. */
async function dropInvalidIndexes(client: pg.Client): Promise<void> {
  const names = await Promise.all(
    ownMigrations().map(async (name) => {
      const sql = await readFile(join(migrationsFolder, `${basename(name)}.sql`), 'utf8');
      return /^create index concurrently if not exists (\w+)/m.exec(sql)?.[1] ?? [];
    }),
  );
  const { rows } = await client.query<{ name: string }>(
    'select indexrelid::regclass::text as name from pg_index join pg_class c on c.oid = indexrelid where not indisvalid and relname = any ($1)',
    [names.flat()],
  );
  for (const { name } of rows) await client.query(`drop index concurrently if exists ${name}`);
}

function explainMigration(error: unknown): unknown {
  const code = codeOf(error);
  if (code === '42501') {
    return new ServoError('schema', `this role may not change the schema: ${messageOf(error)}`, {
      hint: 'run migrate as the owner of the backfill tables, or as a superuser',
      cause: error,
    });
  }
  if (code === '55P03') {
    return new ServoError(
      'schema',
      'a table stayed locked for as long as the migration could wait',
      {
        hint: 'find who holds it in pg_locks, then run: servo-tui migrate',
        cause: error,
      },
    );
  }
  return error;
}
