import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import {
  ensureEmbeddedServer,
  resetEmbeddedServer,
} from '../../source/database/embedded/server.ts';
import { migrate } from '../../source/database/migrate.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';

export type BenchDatabase = { superuser: ConnectionSettings; app: ConnectionSettings };

/** A server of its own with the settings that users get, gone afterwards. */
export async function withServer<T>(
  work: (database: BenchDatabase, version: string) => Promise<T>,
): Promise<T> {
  const home = join(tmpdir(), `servo-tui-bench-${process.pid}`);
  try {
    const server = await ensureEmbeddedServer({ home });
    const client = new Client(server.superuser);
    await client.connect();
    await client.query('create database bench');
    await client.end();
    const database = {
      superuser: { ...server.superuser, database: 'bench' },
      app: { ...server.app, database: 'bench' },
    };
    await migrate(database.superuser);
    return await work(database, server.version);
  } finally {
    await resetEmbeddedServer({ home });
    rmSync(home, { recursive: true, force: true });
  }
}

export async function withClient<T>(
  settings: ConnectionSettings,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client(settings);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
