import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServoError } from '../errors.ts';
import { packageRoot, version } from '../package.ts';
import type { Database } from './database.ts';

export const migrationsFolder = join(packageRoot, 'migrations');

/** This program's migrations in order: `0001_contract`. */
export function ownMigrations(): string[] {
  return readdirSync(migrationsFolder)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();
}

/** Functions and triggers, as `create or replace`: one step, repeated when their text changes. */
export const functionsStep = 'functions';

export function ownSteps(): string[] {
  return [...ownMigrations(), functionsStep];
}

type FunctionFile = { name: string; sql: string };

export function ownFunctions(): FunctionFile[] {
  const folder = join(migrationsFolder, 'functions');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((name) => ({ name, sql: readFileSync(join(folder, name), 'utf8') }));
}

/** Of the whole text of the functions, to compare with the database's. */
export function functionsHash(): string {
  const hash = createHash('sha256');
  for (const { name, sql } of ownFunctions()) hash.update(`${name}\0${sql}\0`);
  return hash.digest('hex').slice(0, 32);
}

export type FunctionsRecord = { functions_hash: string | null; functions_program: string | null };

/**
 * Whether the database's functions have to be replaced by this program's. Never those of a newer
 * program, which keep every version that older programs call.
 */
export function lacksFunctions({ functions_hash, functions_program }: FunctionsRecord): boolean {
  if (functions_hash === null || functions_program === null) return true;
  if (compareVersions(functions_program, version) > 0) return false;
  return functions_hash !== functionsHash();
}

/** Throws `schema` (exit 6) unless this program can use the database's schema. */
export async function requireSchema(database: Database): Promise<void> {
  const [row] = await database.ask<{ lowest_program: string; applied: string[] } & FunctionsRecord>(
    `select lowest_program, functions_hash, functions_program,
       (select array_agg(name::text) from servo_migrations) as applied from servo_schema`,
  );
  refuseNewer(row?.lowest_program ?? null);
  const missing = ownMigrations().filter((name) => !row?.applied?.includes(name));
  if (row === undefined || lacksFunctions(row)) missing.push(functionsStep);
  if (missing.length > 0) {
    throw new ServoError(
      'schema',
      `the schema is too old for servo-tui ${version}: it lacks ${firstNames(missing)}`,
      {
        hint: 'run: servo-tui migrate',
      },
    );
  }
}

export function firstNames(names: readonly string[]): string {
  const rest = names.length - 3;
  return names.slice(0, 3).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** Throws `schema` if the database requires a newer program. */
export function refuseNewer(lowestProgram: string | null): void {
  if (lowestProgram !== null && compareVersions(version, lowestProgram) < 0) {
    throw new ServoError(
      'schema',
      `the schema requires servo-tui ${lowestProgram} or newer; this is ${version}`,
      {
        hint: 'update servo-tui on this host',
      },
    );
  }
}

/** `1.10.0` is newer than `1.9.2`; a pre-release counts as its release. */
export function compareVersions(one: string, other: string): number {
  const numbers = (text: string) => text.split(/[-+]/, 1)[0]!.split('.').map(Number);
  const [left, right] = [numbers(one), numbers(other)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
