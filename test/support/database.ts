import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { inject } from 'vitest';
import { migrate } from '../../source/database/migrate.ts';
import {
  functionsHash,
  migrationsFolder,
  ownMigrations,
} from '../../source/database/schema-version.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';

export type TestDatabase = {
  name: string;
  superuser: ConnectionSettings;
  app: ConnectionSettings;
  /** Ends the remaining connections and drops the database. */
  drop(): Promise<void>;
};

/** A new database with the schema: a copy of a template that is migrated once. */
export async function createTestDatabase(
  options: { migrated?: boolean } = {},
): Promise<TestDatabase> {
  const template = options.migrated === false ? 'template0' : await ensureTemplate();
  const name = `servo_test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  await asSuperuser((client) => client.query(`create database ${name} template ${template}`));
  const superuser = { ...inject('superuser'), database: name };
  const password = inject('appPassword');
  return {
    name,
    superuser,
    app: { ...superuser, user: 'servo_app', password },
    drop: () =>
      asSuperuser((client) => client.query(`drop database if exists ${name} with (force)`)),
  };
}

/** For statements about the cluster, such as CREATE DATABASE. */
async function asSuperuser(work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client(inject('superuser'));
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** Named by a hash of its content, so that an old cluster never serves an old schema. */
function templateName(): string {
  const hash = createHash('sha256');
  for (const name of ownMigrations())
    hash.update(readFileSync(join(migrationsFolder, `${name}.sql`)));
  hash.update(functionsHash());
  return `servo_template_${hash.digest('hex').slice(0, 16)}`;
}

let template: Promise<string> | undefined;

function ensureTemplate(): Promise<string> {
  template ??= makeTemplate();
  return template;
}

/** One process creates it under a temporary name, the others wait. */
async function makeTemplate(): Promise<string> {
  const name = templateName();
  await asSuperuser(async (client) => {
    await client.query('select pg_advisory_lock($1)', [0x7e577e57]);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount) return;
    await client.query(`drop database if exists ${name}_partial with (force)`);
    await client.query(`create database ${name}_partial`);
    await migrate({ ...inject('superuser'), database: `${name}_partial` });
    await client.query(`alter database ${name}_partial rename to ${name}`);
    await client.query(`alter database ${name} is_template true allow_connections false`);
  });
  return name;
}
