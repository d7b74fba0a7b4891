import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { ConnectionSettings } from '../../source/database/settings.ts';

const password = 'for a test';

/** Roles for a test: they belong to the cluster, so each has a unique name; `drop` removes them. */
export class Roles {
  readonly #superuser: ConnectionSettings;
  readonly #names: string[] = [];

  constructor(superuser: ConnectionSettings) {
    this.#superuser = superuser;
  }

  /** Returns the role's connection settings for the superuser's database. */
  async create(purpose: string, attributes = ''): Promise<ConnectionSettings> {
    const name = `servo_test_${purpose}_${randomUUID().slice(0, 8)}`;
    await run(this.#superuser, `create role "${name}" login password '${password}' ${attributes}`);
    this.#names.push(name);
    return { ...this.#superuser, user: name, password };
  }

  /** Call it after dropping the databases in which the roles own objects. */
  async drop(): Promise<void> {
    for (const name of this.#names) {
      await run({ ...this.#superuser, database: 'postgres' }, `drop role "${name}"`);
    }
  }
}

/** One message as one role; returns the rows of the last statement. */
export async function run<Row = Record<string, unknown>>(
  settings: ConnectionSettings,
  text: string,
  values?: unknown[],
): Promise<Row[]> {
  const client = new Client(settings);
  await client.connect();
  try {
    const results = [await client.query(text, values)].flat();
    return results.at(-1)!.rows;
  } finally {
    await client.end();
  }
}
