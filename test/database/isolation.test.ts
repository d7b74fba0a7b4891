import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { tenantNames } from '../../source/database/queries/read-tenants.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { errorOf } from '../support/operator.ts';
import { run } from '../support/roles.ts';

const tenants = ['acme', 'globex'] as const;
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await run(
    database.superuser,
    `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'shared', 'table', null)`,
  );
  for (const tenant of tenants) {
    await run(
      database.superuser,
      `with asset as (insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'orders', 'table', '${tenant}') returning *),
         job as (insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key)
           select tenant_id, id, name, 'one' from asset returning *),
         part as (insert into backfill_partitions (id, tenant_id, backfill_job_id, partition_key)
           select gen_random_uuid(), tenant_id, id, '2024-01-01' from job)
       insert into backfill_samples (job_id, at, tenant_id, completed, failed) select id, now(), tenant_id, 0, 0 from job`,
    );
    await run(
      database.superuser,
      `insert into backfill_attempt_logs (job_id, partition_key, attempt, tenant_id, executor_id, output)
         select id, '2024-01-01', 1, tenant_id, 'e', 'output' from backfill_jobs where tenant_id = '${tenant}'`,
    );
    await run(
      database.app,
      `select servo_register_v1($1, array[$2], 'host', 1, '0.1.0', 4, '{}', false, false, false)`,
      [`executor of ${tenant}`, tenant],
    );
  }
  await run(
    database.app,
    `select servo_register_v1('an executor of both', '{acme,globex}', 'host', 2, '0.1.0', 4, '{}', false, false, false)`,
  );
});
afterAll(() => database.drop());

/** servo_app for one tenant, as psql connects with `servo-tui env`. */
const as = (tenant: string): ConnectionSettings =>
  ({ ...database.app, options: `-c app.current_tenant=${tenant}` }) as ConnectionSettings;

const tables = [
  'backfill_jobs',
  'backfill_partitions',
  'backfill_events',
  'backfill_samples',
  'backfill_attempt_logs',
];

describe.each(tenants)('%s', (tenant) => {
  test.each(tables)('sees its own rows of %s, and no others', async (table) => {
    expect(await run(as(tenant), `select tenant_id from ${table}`)).toEqual([
      { tenant_id: tenant },
    ]);
    expect(await run(database.superuser, `select distinct tenant_id from ${table}`)).toHaveLength(
      2,
    );
  });

  test('sees its own assets, and shared ones', async () => {
    expect(await run(as(tenant), 'select name, tenant_id from assets order by name')).toEqual([
      { name: 'orders', tenant_id: tenant },
      { name: 'shared', tenant_id: null },
    ]);
  });

  test('sees the executors that serve it', async () => {
    expect(await run(as(tenant), 'select id from backfill_executors order by id')).toEqual([
      { id: 'an executor of both' },
      { id: `executor of ${tenant}` },
    ]);
  });

  test('changes and removes nothing of the other', async () => {
    const other = tenants.find((each) => each !== tenant);
    for (const statement of [
      `update backfill_jobs set priority = 9 where tenant_id = '${other}'`,
      `update backfill_partitions set attempt_count = 9 where tenant_id = '${other}'`,
      `delete from backfill_jobs where tenant_id = '${other}'`,
      `delete from backfill_samples where tenant_id = '${other}'`,
      `delete from backfill_attempt_logs where tenant_id = '${other}'`,
      `delete from backfill_executors where id = 'executor of ${other}'`,
    ]) {
      expect(await run(as(tenant), `${statement} returning 1`)).toEqual([]);
    }
  });

  test('writes nothing in the name of the other', async () => {
    const other = tenants.find((each) => each !== tenant);
    for (const statement of [
      `update backfill_jobs set tenant_id = '${other}'`,
      `update backfill_partitions set tenant_id = '${other}'`,
      `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'x', 'table', '${other}')`,
      `insert into backfill_events (tenant_id, job_id, kind, actor) select '${other}', id, 'state', 'x' from backfill_jobs`,
      `insert into backfill_executors (tenant_id, id, host, pid, version, slots, handlers) values ('${other}', 'x', 'h', 1, '1', 1, '{}')`,
    ]) {
      expect((await errorOf(run(as(tenant), statement))).message).toMatch(
        /violates row-level security policy|is no job of tenant/,
      );
    }
  });

  test('the executor’s functions do nothing for the other’s job', async () => {
    const other = tenants.find((each) => each !== tenant);
    const [job] = await run<{ id: string }>(
      database.superuser,
      'select id from backfill_jobs where tenant_id = $1',
      [other],
    );
    const results = [
      `select * from servo_claim_v1('${tenant}', $1, 'e', 0, 30000)`,
      `select job_state from servo_report_and_claim_v1('${tenant}', $1, 'e', '{}', '{}', array[row(gen_random_uuid(), null)::servo_opening_v1], 1, 1000, '(3,300000,,3,5000,120000,250)') where job_state is not null`,
      `select servo_rescue_v1('${tenant}', $1, 'e', 0, 3) as n`,
      `select skipped, needs_finalizing from servo_finalize_v1('${tenant}', $1, 'e', 100)`,
      `select servo_sample_v1('${tenant}', array[$1::uuid]) as n`,
      `select servo_recount_v1('${tenant}', $1, 'e', 0) as decision`,
      `select servo_make_partitions_v1('${tenant}', $1) as n`,
    ].map((statement) => run(database.app, statement, [job!.id]));
    expect(await Promise.all(results)).toEqual([
      [],
      [],
      [],
      [{ skipped: 0, needs_finalizing: false }],
      [{ n: '' }],
      [{ decision: null }],
      [{ n: 0 }],
    ]);
    expect(
      await run(
        database.superuser,
        `select state, version, claimed_by, (select count(*)::int from backfill_samples where job_id = j.id) as samples
         from backfill_jobs j where id = $1`,
        [job!.id],
      ),
    ).toEqual([{ state: 'pending', version: 1, claimed_by: null, samples: 1 }]);
  });
});

test('every table that knows tenants isolates them', async () => {
  const rows = await run<{ name: string; isolated: boolean }>(
    database.superuser,
    `select relname as name, relrowsecurity and exists (select from pg_policy where polrelid = c.oid
         and pg_get_expr(polqual, polrelid) like '%current_setting(''app.current_tenant''::text, true)%') as isolated
     from pg_class c where relkind = 'r' and relnamespace = 'public'::regnamespace
       and exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id')
       and relname <> 'servo_tenant_roles'`,
  );
  expect(rows.length).toBeGreaterThan(6);
  expect(rows.filter((row) => !row.isolated)).toEqual([]);
});

test('the tenants to choose from: all where row-level security is bypassed, else the own one', async () => {
  const named = async (settings: ConnectionSettings, tenant: string, most = 500) => {
    const db = openDatabase(settings, { connections: 1 });
    try {
      return await db.read(tenant, (query) => tenantNames(query, most));
    } finally {
      await db.close();
    }
  };
  expect(await named(database.superuser, 'acme')).toEqual([...tenants]);
  expect(await named(database.superuser, 'acme', 1)).toEqual(['acme']);
  for (const tenant of tenants) expect(await named(database.app, tenant)).toEqual([tenant]);
  expect(await named(database.app, 'initech')).toEqual([]);
});

describe('without a tenant', () => {
  test.each([...tables, 'backfill_executors'])('servo_app sees nothing of %s', async (table) => {
    expect(await run(database.app, `select 1 from ${table}`)).toEqual([]);
    expect(await run(as('nobody'), `select 1 from ${table}`)).toEqual([]);
  });

  test('servo_app does not keep the tenant of its last transaction', async () => {
    const db = openDatabase(database.app, { connections: 1 });
    try {
      const seen = await db.read('acme', (query) => query('select tenant_id from backfill_jobs'));
      expect(seen).toEqual([{ tenant_id: 'acme' }]);
      expect(await db.call('select tenant_id from backfill_jobs')).toEqual([]);
      await db.call(`select * from servo_heartbeat_v1('acme', '{}', '{}', '{}', 1000, 5000)`);
      expect(await db.call('select tenant_id from backfill_jobs')).toEqual([]);
    } finally {
      await db.close();
    }
  });
});
