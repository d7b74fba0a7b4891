import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { version } from '../package.ts';
import { functionsHash, functionsStep, migrationsFolder, ownFunctions } from './schema-version.ts';

/** One CREATE INDEX CONCURRENTLY. */
export type IndexStatement = {
  text: string;
  name: string;
  table: string;
  unique: boolean;
  shape: string;
};

type MigrationFile = {
  name: string;
  sql: string;
  /** The statements of a file that begins with `-- no-transaction`; null for any other. */
  indexes: IndexStatement[] | null;
};

export async function readMigration(name: string): Promise<MigrationFile> {
  const sql = await readFile(join(migrationsFolder, `${name}.sql`), 'utf8');
  return {
    name,
    sql,
    indexes: sql.startsWith('-- no-transaction\n') ? parseIndexes(name, sql) : null,
  };
}

/** Only index builds may run outside a transaction: they can be repeated after an interruption. */
function parseIndexes(name: string, sql: string): IndexStatement[] {
  return sql
    .replace(/^--.*\n/gm, '')
    .split(';')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => {
      const match = /^create (unique )?index concurrently (\w+) on (\w+) (\(.*)$/s.exec(text);
      if (match === null) throw new Error(`${name} holds another statement: ${text}`);
      const [, unique, index, table, shape] = match;
      return {
        text,
        name: index!,
        table: table!,
        unique: unique !== undefined,
        shape: shape!,
      };
    });
}

/** The table of applied migrations, as node-pg-migrate creates it. */
export const recordTable =
  'create table if not exists servo_migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);\n';

/** In one transaction. Bodies are not checked: a function may call one that is created later. */
export function functionsScript(): string {
  const record = `update servo_schema set functions_hash = '${functionsHash()}', functions_program = ${pg.escapeLiteral(version)};\n`;
  return [
    'set local check_function_bodies = off;\n',
    ...ownFunctions().map(({ sql }) => sql),
    'select servo_pin_settings();\n',
    record,
  ].join('\n');
}

export type ScriptExtras = { rls?: boolean; roles?: boolean; tenantRole?: string };

const instructions =
  '-- To be run with psql by the owner of the backfill tables, whose search_path begins with their schema.\n';

/** A psql script with the same effect as `migrate`, including the record of migrations. */
export async function printScript(
  names: readonly string[],
  extras: ScriptExtras = {},
): Promise<string> {
  const { rls = false, roles = false, tenantRole } = extras;
  if (names.length === 0 && !rls && !roles && tenantRole === undefined) return '';
  const files = await Promise.all(
    names.filter((name) => name !== functionsStep).map(readMigration),
  );
  const parts = files.map(({ name, sql, indexes }) => {
    const record = `insert into servo_migrations (name, run_on) values ('${name}', now());\n`;
    return indexes === null
      ? `-- ${name}\nbegin;\n${sql}${record}commit;\n`
      : `-- ${name}\n${sql}${record}`;
  });
  if (names.includes(functionsStep)) {
    parts.push(`-- ${functionsStep}\nbegin;\n${functionsScript()}commit;\n`);
  }
  const grants = [
    'select servo_ensure_app_role();\n',
    `select servo_ensure_reduced_roles(${roles});\n`,
    ...(rls ? ['select servo_isolate_tenants();\n'] : []),
    ...(tenantRole === undefined
      ? []
      : [`select servo_ensure_tenant_role(${pg.escapeLiteral(tenantRole)});\n`]),
  ].join('');
  return [instructions + recordTable, ...parts, grants].join('\n');
}
