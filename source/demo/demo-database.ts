import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '../database/client.ts';
import type { Database } from '../database/database.ts';
import type { EmbeddedServer } from '../database/embedded/server.ts';
import { migrate } from '../database/migrate.ts';
import type { ConnectionSettings } from '../database/settings.ts';
import { demoDatabase, demoJobs, demoTenant } from './jobs.ts';
import { dataFolder, files, readSeries } from './series.ts';

export function demoSettings(server: EmbeddedServer): ConnectionSettings {
  return { ...server.app, database: demoDatabase, application_name: 'servo-tui demo' };
}

/**
 * Recreates the demonstration's database: schema, sources, empty results. Only this part runs as
 * superuser.
 * @param pace seconds added to each partition
 * @param onStep called after each of three steps: database, schema, data
 */
export async function makeDemoDatabase(
  server: EmbeddedServer,
  pace: number,
  onStep: () => void = () => {},
): Promise<void> {
  await asSuperuser(server.superuser, async (run) => {
    await run(`drop database if exists ${demoDatabase} with (force)`);
    await run(`create database ${demoDatabase}`);
    // A setting of the database, read by demo_pace() in data/tables.sql.
    if (pace > 0) await run(`alter database ${demoDatabase} set demo.pace_seconds = '${pace}'`);
  });
  const owner = { ...server.superuser, database: demoDatabase };
  onStep();
  await migrate(owner);
  onStep();
  await loadSources(owner);
  onStep();
}

export async function loadSources(owner: ConnectionSettings): Promise<void> {
  const tables = await readFile(join(dataFolder, 'tables.sql'), 'utf8');
  await asSuperuser(owner, async (run) => {
    await run(tables);
    for (const [table, file] of Object.entries(files)) {
      const { days, births } = await readSeries(file);
      await run(
        `insert into ${table} (day, births) select * from unnest($1::date[], $2::integer[])`,
        [days, births],
      );
    }
    await run('analyze');
  });
}

/** Registers the assets with granularity, owner and lineage, which SQL handlers do not declare. */
export async function registerDemoAssets(database: Database, actor: string): Promise<void> {
  await database.write({ tenant: demoTenant, actor }, async (query) => {
    for (const job of demoJobs) {
      await query(
        `insert into assets (id, name, description, asset_type, owner, tags, tenant_id, partition_config)
         values (gen_random_uuid(), $1, $2, 'sql', 'servo-tui demo', '["demo"]', $3, $4)`,
        [
          job.asset,
          job.description,
          demoTenant,
          { partition_type: { Time: { granularity: job.every } } },
        ],
      );
    }
    for (const { asset, after } of demoJobs) {
      if (after === null) continue;
      await query(
        `insert into asset_dependencies (upstream_asset_id, downstream_asset_id, dependency_type)
         select u.id, d.id, 'data' from assets u, assets d
         where u.name = $1 and d.name = $2 and u.tenant_id = $3 and d.tenant_id = $3`,
        [after, asset, demoTenant],
      );
    }
  });
}

/** Creating and loading a database, on a slow disk. In milliseconds. */
const timeoutMs = 120_000;

type Run = (sql: string, values?: unknown[]) => Promise<unknown>;

async function asSuperuser(
  settings: ConnectionSettings,
  work: (run: Run) => Promise<void>,
): Promise<void> {
  const client = createClient(settings, timeoutMs);
  try {
    await client.connect();
    await work((sql, values) => client.query(sql, values));
  } finally {
    await client.end().catch(() => {});
  }
}
