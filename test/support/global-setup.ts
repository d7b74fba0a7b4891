import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import {
  ensureEmbeddedServer,
  resetEmbeddedServer,
} from '../../source/database/embedded/server.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { buildBundle } from './bundle.ts';
import { isAlive } from './processes.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's connection to the database `postgres` of the tests' cluster. */
    superuser: ConnectionSettings;
    /** The password of servo_app there; the embedded server needs none. */
    appPassword: string | undefined;
  }
}

const prefix = 'servo-tui-test-';

/**
 * Builds the bundle and starts an embedded cluster for this run, unless TEST_DATABASE_URL names a
 * superuser's connection to another server.
 */
export default async function setup(project: TestProject) {
  buildBundle();
  const home = join(tmpdir(), `${prefix}${process.pid}`);
  // Programs under test must not find the user's own embedded database.
  Object.assign(process.env, { SERVO_EMBEDDED_HOME: home, SERVO_EMBEDDED_FSYNC: 'off' });
  const url = process.env.TEST_DATABASE_URL;
  if (url) {
    project.provide('superuser', settingsOf(url));
    project.provide('appPassword', 'servo_app');
    await admitApplication(settingsOf(url), 'servo_app');
  } else {
    await sweep();
    project.provide('superuser', (await ensureEmbeddedServer({ home })).superuser);
    project.provide('appPassword', undefined);
  }
  return () => remove(home);
}

function settingsOf(url: string): ConnectionSettings {
  const { host, port, database, user, password, ssl } = new Client(url);
  return {
    host,
    port,
    database: database!,
    user: user!,
    password: password ?? undefined,
    ssl: Boolean(ssl),
  };
}

async function admitApplication(superuser: ConnectionSettings, password: string): Promise<void> {
  const client = new Client(superuser);
  await client.connect();
  await client.query(`do $$ begin create role servo_app nosuperuser nobypassrls;
    exception when duplicate_object or unique_violation then null; end $$`);
  await client.query(`alter role servo_app login password '${password}'`);
  await client.end();
}

/** Removes the clusters of runs that were killed. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
    if (Number.isInteger(pid) && !isAlive(pid)) await remove(join(tmpdir(), name)).catch(() => {});
  }
}

async function remove(home: string): Promise<void> {
  if (!existsSync(home)) return;
  await resetEmbeddedServer({ home });
  rmSync(home, { recursive: true, force: true });
}
