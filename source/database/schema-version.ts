import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ServoError } from '../errors.ts';
import { packageRoot, version } from '../package.ts';
import type { Database } from './database.ts';

export const migrationsFolder = join(packageRoot, 'migrations');

/** Names of the migrations this program has, in order: `0001_base-tables`. */
export function ownMigrations(): string[] {
  return readdirSync(migrationsFolder)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();
}

/** Throws `schema` (exit 6) unless this program may use the database's schema as it is. */
export async function requireSchema(database: Database): Promise<void> {
  const [row] = await database.call<{ lowest_program: string; applied: string[] }>(
    'select lowest_program, (select array_agg(name::text) from servo_migrations) as applied from servo_schema',
  );
  refuseNewer(row?.lowest_program ?? null);
  const missing = ownMigrations().filter((name) => !row?.applied?.includes(name));
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

/** Three names, and how many more there are. */
export function firstNames(names: readonly string[]): string {
  const rest = names.length - 3;
  return names.slice(0, 3).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** Throws `schema` where the database says that this program is too old for it. */
export function refuseNewer(lowestProgram: string | null): void {
  if (lowestProgram !== null && compareVersions(version, lowestProgram) < 0) {
    throw new ServoError(
      'schema',
      `the schema wants servo-tui ${lowestProgram} or newer; this is ${version}`,
      {
        hint: 'update servo-tui on this host',
      },
    );
  }
}

/** Negative, zero or positive, as `1.10.0` is newer than `1.9.2`; a pre-release counts as its release. */
export function compareVersions(one: string, other: string): number {
  const numbers = (text: string) => text.split(/[-+]/, 1)[0]!.split('.').map(Number);
  const [left, right] = [numbers(one), numbers(other)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
