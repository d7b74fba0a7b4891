import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { ConnectionSettings } from '../../source/database/settings.ts';

const password = 'for a test';

/** Roles for a test: they belong to the whole cluster, so each has a name of its own and goes with `drop`. */
export class Roles {
  readonly #superuser: ConnectionSettings;
  readonly #names: string[] = [];

  constructor(superuser: ConnectionSettings) {
    this.#superuser = superuser;
  }

  /** Returns how the role connects to the superuser's database. */
  async create(purpose: string, attributes = ''): Promise<ConnectionSettings> {
    const name = `servo_test_${purpose}_${randomUUID().slice(0, 8)}`;
    await run(this.#superuser, `create role "${name}" login password '${password}' ${attributes}`);
    this.#names.push(name);
    return { ...this.#superuser, user: name, password };
  }

  /** After the databases that the roles own something in. */
  async drop(): Promise<void> {
    for (const name of this.#names) {
      await run({ ...this.#superuser, database: 'postgres' }, `drop role "${name}"`);
    }
  }
}

/** One message, as one role: its rows by the last statement. */
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
