import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { migrate } from '../../source/database/migrate.ts';
import { ownSteps } from '../../source/database/schema-version.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { startExecutor } from '../../source/executor/executor.ts';
import { scaleTimings } from '../../source/executor/settings.ts';
import { silentLog } from '../../source/observability/log.ts';
import { startBackfill } from '../../source/operations/start/start-backfill.ts';
import { functionHandler } from '../support/backfill.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { author } from '../support/operator.ts';
import { Roles, run } from '../support/roles.ts';
import { waitFor } from '../support/wait-for.ts';

let database: TestDatabase;
let roles: Roles;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  roles = new Roles(database.superuser);
});
afterAll(async () => {
  await database.drop();
  await roles.drop();
});

/** An owner and an application role, which find the schema by their search_path. */
async function rolesOf(
  schema: string,
): Promise<{ owner: ConnectionSettings; app: ConnectionSettings }> {
  const [owner, app] = [await roles.create('owner'), await roles.create('app')];
  await run(
    database.superuser,
    `create schema ${schema} authorization "${owner.user}"; grant servo_app to "${app.user}";
     alter role "${owner.user}" set search_path = ${schema}; alter role "${app.user}" set search_path = ${schema}`,
  );
  return { owner, app };
}

// For databases sharded by schema (docs/deployment.md): nothing of ours reaches beyond its own
// schema.
test('two schemas of one database are as two databases, each with its executor', async () => {
  const places = { one: await rolesOf('one'), other: await rolesOf('other') };
  for (const [schema, { owner, app }] of Object.entries(places)) {
    expect(await migrate(owner)).toEqual(ownSteps());
    const db = openDatabase(app);
    await db.write(author, (query) =>
      query(
        `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'orders', 'table', 'acme')`,
      ),
    );
    await startBackfill(db, author, { asset: 'orders', partitions: [`of ${schema}`] });
    await db.close();
  }
  const ran: Record<string, string[]> = { one: [], other: [] };
  const executors = await Promise.all(
    Object.entries(places).map(([schema, { app }]) =>
      startExecutor({
        settings: app,
        tenants: ['acme'],
        catalogue: new Map([
          [
            'orders',
            functionHandler('orders', (key) => {
              ran[schema]!.push(key);
              return undefined;
            }),
          ],
        ]),
        slots: 1,
        grace: 1_000,
        timings: scaleTimings(20),
        log: () => silentLog,
      }),
    ),
  );
  for (const schema of Object.keys(places))
    await waitFor('its job to be done', async () => {
      const [job] = await run<{ state: string }>(
        database.superuser,
        `select state from ${schema}.backfill_jobs`,
      );
      return job!.state === 'completed';
    });
  await Promise.all(executors.map((executor) => executor.drain()));
  expect(ran).toEqual({ one: ['of one'], other: ['of other'] });
  const [left] = await run<{ tables: number }>(
    database.superuser,
    `select count(*)::int as tables from pg_tables where schemaname = 'public'`,
  );
  expect(left!.tables).toBe(0);
});
