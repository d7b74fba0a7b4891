import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../source/database/migrate.ts';
import { ownSteps } from '../../source/database/schema-version.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ExternalWriter } from '../support/external-writer.ts';
import { errorOf } from '../support/operator.ts';
import { Roles, run } from '../support/roles.ts';

const baseTables = ['assets', 'backfill_jobs', 'backfill_partitions'] as const;
const grants = 'select, insert, update, delete';
const closing: (() => Promise<void>)[] = [];

/** A database that another implementation made: its tables belong to a role that is no superuser. */
class Adopted {
  database!: TestDatabase;
  owner!: ConnectionSettings;
  /** The role of external writers: it has rights on the base tables only. */
  executor!: ConnectionSettings;

  static async make(base: string, schema = 'public'): Promise<Adopted> {
    const adopted = new Adopted();
    const database = await createTestDatabase({ migrated: false });
    const roles = new Roles(database.superuser);
    closing.push(async () => {
      await database.drop();
      await roles.drop();
    });
    adopted.database = database;
    adopted.owner = await roles.create('owner');
    adopted.executor = await roles.create('base');
    const { owner, executor } = adopted;
    await run(
      database.superuser,
      `alter database ${database.name} owner to "${owner.user}"; alter schema public owner to "${owner.user}"`,
    );
    if (schema !== 'public') {
      await run(owner, `create schema ${schema}`);
      await run(
        owner,
        `alter database ${database.name} set search_path = ${schema}, public;
         grant usage on schema ${schema} to "${executor.user}"`,
      );
    }
    await run(owner, readFileSync(join(import.meta.dirname, 'bases', `${base}.sql`), 'utf8'));
    await run(owner, `grant ${grants} on ${baseTables.join(', ')} to "${executor.user}"`);
    return adopted;
  }

  get superuser(): ConnectionSettings {
    return this.database.superuser;
  }

  /** Every base row by the columns that it had, where it lies, and who wrote it. */
  async rows(columns?: Record<string, string[]>): Promise<Record<string, unknown[]>> {
    const result: Record<string, unknown[]> = {};
    for (const table of baseTables) {
      const names = columns?.[table] ?? (await this.columns(table));
      result[table] = await run(
        this.superuser,
        `select t.xmin, t.ctid, (select jsonb_object_agg(key, value) from jsonb_each(to_jsonb(t)) where key = any ($1)) as row
         from ${table} t order by id`,
        [names],
      );
    }
    return result;
  }

  async columns(table: string): Promise<string[]> {
    const rows = await run<{ name: string }>(
      this.superuser,
      'select attname::text as name from pg_attribute where attrelid = $1::regclass and attnum > 0 order by attnum',
      [table],
    );
    return rows.map((row) => row.name);
  }

  /** What there is of the base tables that a migration may not change: everything but new columns. */
  objects(): Promise<Record<string, unknown>[]> {
    return run(
      this.superuser,
      `select c.relname, pg_get_userbyid(relowner) as owner, relfilenode, relrowsecurity, relforcerowsecurity,
         (select jsonb_agg(jsonb_build_array(polname, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))) from pg_policy where polrelid = c.oid) as policies
       from pg_class c where c.oid = any ($1::regclass[]) order by 1`,
      [baseTables],
    );
  }

  async states(table: string): Promise<string[]> {
    const rows = await run<{ state: string }>(
      this.superuser,
      `select distinct m[1] as state from pg_constraint k join pg_attribute a on a.attrelid = conrelid and conkey = array[attnum],
         regexp_matches(pg_get_constraintdef(k.oid), '''([a-z_]+)''', 'g') m
       where conrelid = $1::regclass and contype = 'c' and attname = 'state' and convalidated order by 1`,
      [table],
    );
    return rows.map((row) => row.state);
  }
}

afterAll(() => Promise.all(closing.map((close) => close())));

const jobStates = [
  'cancelled',
  'completed',
  'failed',
  'paused',
  'pending',
  'resuming',
  'running',
  'waiting_upstream',
];
const partitionStates = ['completed', 'failed', 'pending', 'running', 'skipped'];

describe.each([
  { base: 'full', by: 'owner', extra: ['archived'], rls: true },
  { base: 'full', by: 'superuser', extra: ['archived'], rls: true },
  { base: 'first', by: 'owner', extra: [], rls: false },
  { base: 'first', by: 'superuser', extra: [], rls: false },
] as const)('a $base base that its $by migrates', ({ base, by, extra, rls }) => {
  let adopted: Adopted;
  let columns: Record<string, string[]>;
  let before: { rows: unknown; objects: unknown };

  beforeAll(async () => {
    adopted = await Adopted.make(base);
    columns = Object.fromEntries(
      await Promise.all(
        baseTables.map(async (table) => [table, await adopted.columns(table)] as const),
      ),
    );
    before = { rows: await adopted.rows(), objects: await adopted.objects() };
    expect(await migrate(adopted[by])).toEqual(ownSteps());
  });

  test('keeps every row, its place, its owner and its rights', async () => {
    const after = { rows: await adopted.rows(columns), objects: await adopted.objects() };
    expect((after.rows.backfill_jobs ?? []).length).toBeGreaterThan(4);
    expect(after).toEqual(before);
  });

  test('is migrated once', async () => {
    expect(await migrate(adopted[by])).toEqual([]);
  });

  test('knows the states of the contract, and those of its own', async () => {
    expect(await adopted.states('backfill_jobs')).toEqual([...jobStates, ...extra].sort());
    expect(await adopted.states('backfill_partitions')).toEqual(partitionStates);
    expect(
      await run(
        adopted.superuser,
        `select from pg_constraint where conrelid = any ($1::regclass[]) and not convalidated`,
        [baseTables],
      ),
    ).toEqual([]);
  });

  test('has no two indexes of one shape, and those that our statements need', async () => {
    const indexes = await run<{ table: string; valid: boolean; shape: string }>(
      adopted.superuser,
      `select indrelid::regclass::text as table, indisvalid as valid,
         regexp_replace(pg_get_indexdef(indexrelid), '^.*? USING ', '') as shape
       from pg_index where indrelid = any ($1::regclass[])`,
      [baseTables],
    );
    const shapes = indexes.map((index) => `${index.table} ${index.shape}`);
    expect(new Set(shapes).size).toBe(shapes.length);
    expect(indexes.every((index) => index.valid)).toBe(true);
    expect(shapes).toEqual(
      expect.arrayContaining([
        'backfill_partitions btree (backfill_job_id, state)',
        'backfill_partitions btree (tenant_id)',
        'backfill_partitions btree (backfill_job_id, partition_key)',
        'backfill_jobs btree (tenant_id, state, created_at DESC)',
        'backfill_jobs btree (parent_job_id) WHERE (parent_job_id IS NOT NULL)',
      ]),
    );
    expect(shapes.filter((shape) => shape.includes('(tenant_id, priority DESC'))).toHaveLength(
      base === 'full' ? 2 : 1,
    );
  });

  test('does not finalize jobs cancelled long ago, and writes no events of the past', async () => {
    expect(
      await run(adopted.superuser, 'select state from backfill_jobs where needs_finalizing'),
    ).toEqual([]);
    expect(await run(adopted.superuser, 'select id from backfill_events')).toEqual([]);
    expect(
      await run(
        adopted.superuser,
        `select p.state from backfill_partitions p join backfill_jobs j on j.id = backfill_job_id
         where j.state = 'cancelled' and p.state in ('pending', 'running') order by 1`,
      ),
    ).toEqual([{ state: 'pending' }, { state: 'running' }]);
  });

  test('serves an external writer that knows only base columns and has rights on nothing else', async () => {
    await run(
      adopted.superuser,
      `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'invoices', 'table', 'other')`,
    );
    const writer = await ExternalWriter.open(adopted.executor, 'other');
    try {
      const job = await writer.insert('other', 'invoices', ['2024-01-02', '2024-01-01']);
      expect(await writer.claim('other')).toBe(job);
      expect(await writer.runNext(job)).toBe('2024-01-01');
      await writer.rows(
        `update backfill_jobs set state = 'cancelled', completed_at = now() where id = $1 and state = 'paused'`,
        [job],
      );
      expect(await writer.runNext(job)).toBe('2024-01-02');
      expect(await writer.runNext(job)).toBeNull();
      await writer.complete(job);
      expect(
        await run(
          adopted.superuser,
          `select state, version, completed_partitions, checkpoint_partition_key, needs_finalizing, leases_revoked_at,
             (select array_agg(from_state || '>' || to_state order by e.id) from backfill_events e where job_id = j.id and from_state is not null) as journal
           from backfill_jobs j where id = $1`,
          [job],
        ),
      ).toEqual([
        {
          state: 'completed',
          version: 3,
          completed_partitions: 2,
          checkpoint_partition_key: '2024-01-02',
          needs_finalizing: false,
          leases_revoked_at: null,
          journal: ['pending>running', 'running>completed'],
        },
      ]);
    } finally {
      await writer.close();
    }
  });

  test('servo_app runs its jobs', async () => {
    const [asset] = await run<{ id: string }>(
      adopted.superuser,
      `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'ours', 'table', 'ours') returning id`,
    );
    const [job] = await run<{ id: string }>(
      adopted.superuser,
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, partition_keys, total_partitions)
       values ('ours', $1, 'ours', 'one', '["b", "a"]', 2) returning id`,
      [asset!.id],
    );
    const { app } = adopted.database;
    expect(
      await run(app, `select job_state from servo_claim_v1('ours', $1, 'e1', 120000, 0)`, [
        job!.id,
      ]),
    ).toEqual([{ job_state: 'running' }]);
    const token = '20000000-0000-4000-8000-000000000000';
    const opened = await run<{ id: string; key: string }>(
      app,
      `select c.id, c.partition_key as key
       from servo_report_and_claim_v1('ours', $1, 'e1', '{}', '{}', array[row($2, null)::servo_opening_v1], 2, 60000,
         '(3,300000,,3,5000,120000,250)') r, unnest(r.claimed) c`,
      [job!.id, token],
    );
    expect(opened.map(({ key }) => key)).toEqual(['a', 'b']);
    const [ended] = await run<{ job_state: string }>(
      app,
      `select job_state from servo_report_and_claim_v1('ours', $1, 'e1',
         (select array_agg(row(id, 1, $2, 'completed', 5, 0, null, null, null)::servo_report_v1) from unnest($3::uuid[]) id),
         array[$2::uuid], '{}', 0, 60000, '(3,300000,,3,5000,120000,250)')`,
      [job!.id, token, opened.map(({ id }) => id)],
    );
    expect(ended!.job_state).toBe('completed');
  });

  test(`${rls ? 'keeps its own policies' : 'gets row-level security'} when asked to isolate tenants`, async () => {
    await migrate(adopted[by], { rls: true });
    const objects = await adopted.objects();
    const forced = objects.map((table) => [table.relrowsecurity, table.relforcerowsecurity]);
    expect(forced).toEqual(baseTables.map(() => [true, true]));
    const policies = objects.flatMap((table) => table.policies as [string, string, string][]);
    // Restrictive ones, for what all tenants share, are not added to a base that has policies of its own.
    const names = policies.map(([name]) => name);
    expect(names.includes('servo_shared_delete')).toBe(!rls);
    expect(names.filter((name) => name !== 'servo_shared_delete')).toEqual(
      baseTables.map(() => (rls ? 'tenant_scope' : 'tenant_isolation')),
    );
    const tenants = (tenant: string) =>
      run<{ tenant_id: string }>(
        { ...adopted.database.app, options: `-c app.current_tenant=${tenant}` } as never,
        'select distinct tenant_id from backfill_jobs',
      );
    expect(await tenants('ours')).toEqual([{ tenant_id: 'ours' }]);
    expect(await tenants('nobody')).toEqual([]);
    const again = await adopted.objects();
    await migrate(adopted[by], { rls: true });
    expect(await adopted.objects()).toEqual(again);
  });
});

describe('other base schemas', () => {
  test('in its own schema, which gets all our objects', async () => {
    const adopted = await Adopted.make('full', 'backfills');
    expect(await migrate(adopted.owner)).toEqual(ownSteps());
    expect(
      await run(
        adopted.superuser,
        `select distinct relnamespace::regnamespace::text as schema from pg_class
         where relname in ('backfill_jobs', 'backfill_events', 'servo_migrations', 'backfill_partitions_fresh')`,
      ),
    ).toEqual([{ schema: 'backfills' }]);
    expect(
      await run(
        adopted.superuser,
        `select relname from pg_class where relnamespace = 'public'::regnamespace`,
      ),
    ).toEqual([]);
    expect(
      await run(
        adopted.database.app,
        `select has_table_privilege('backfill_jobs', 'update') as may`,
      ),
    ).toEqual([{ may: true }]);
  });

  test('only assets, of a program that knows no backfills and no row-level security', async () => {
    const database = await createTestDatabase({ migrated: false });
    closing.push(() => database.drop());
    await run(
      database.superuser,
      `create table assets (id uuid primary key, name varchar(255), asset_type varchar(100) not null, tenant_id varchar(255), unique (name, tenant_id))`,
    );
    await migrate(database.superuser);
    expect(
      await run(
        database.superuser,
        `select relname, relrowsecurity from pg_class where oid = any ($1::regclass[]) order by 1`,
        [baseTables],
      ),
    ).toEqual([
      { relname: 'assets', relrowsecurity: false },
      { relname: 'backfill_jobs', relrowsecurity: true },
      { relname: 'backfill_partitions', relrowsecurity: true },
    ]);
  });

  test('duplicates that the contract forbids are reported, and harm nothing', async () => {
    const adopted = await Adopted.make('first');
    await run(
      adopted.owner,
      `alter table backfill_partitions drop constraint backfill_partitions_backfill_job_id_partition_key_key;
       insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key)
         select gen_random_uuid(), backfill_job_id, tenant_id, partition_key from backfill_partitions limit 1`,
    );
    const error = await errorOf(migrate(adopted.owner));
    expect(error).toMatchObject({
      code: 'schema',
      exitCode: 6,
      hint: expect.stringContaining('remove the duplicates'),
    });
    expect(error.message).toContain('could not create unique index "backfill_partitions_key"');
    await run(
      adopted.owner,
      `delete from backfill_partitions a using backfill_partitions b
       where a.ctid > b.ctid and a.backfill_job_id = b.backfill_job_id and a.partition_key = b.partition_key`,
    );
    expect((await migrate(adopted.owner))[0]).toBe('0010_index-contract');
  });

  test('a check of the states that was never valid stays so, and still binds new rows', async () => {
    const adopted = await Adopted.make('first');
    await run(
      adopted.owner,
      `alter table backfill_jobs drop constraint valid_backfill_state;
       update backfill_jobs set state = 'lost' where state = 'failed';
       alter table backfill_jobs add constraint valid_backfill_state check (state in ('pending', 'running', 'completed', 'failed', 'cancelled')) not valid`,
    );
    await migrate(adopted.owner);
    expect(
      await run(
        adopted.superuser,
        `select convalidated as valid, pg_get_constraintdef(oid) like '%waiting_upstream%' as widened
         from pg_constraint where conname = 'valid_backfill_state'`,
      ),
    ).toEqual([{ valid: false, widened: true }]);
  });

  test('a check of the states that is written as one literal keeps what it allows', async () => {
    const adopted = await Adopted.make('first');
    await run(
      adopted.owner,
      `alter table backfill_jobs drop constraint valid_backfill_state;
       alter table backfill_jobs add constraint valid_backfill_state
         check (state = any ('{pending,running,completed,failed,cancelled,"on hold"}'::text[]))`,
    );
    await migrate(adopted.owner);
    await run(
      adopted.superuser,
      `update backfill_jobs set state = 'on hold' where state = 'pending'`,
    );
    expect(await adopted.states('backfill_jobs')).toEqual(jobStates);
    expect(
      await errorOf(
        run(adopted.superuser, `update backfill_jobs set state = 'gone' where state = 'on hold'`),
      ),
    ).toMatchObject({ code: '23514' });
  });

  test('no check of the states at all: none is put on its writers', async () => {
    const adopted = await Adopted.make('first');
    await run(adopted.owner, 'alter table backfill_jobs drop constraint valid_backfill_state');
    await migrate(adopted.owner);
    await run(
      adopted.superuser,
      `update backfill_jobs set state = 'archived' where state = 'completed'`,
    );
    expect(await adopted.states('backfill_jobs')).toEqual([]);
  });

  test('weekly partitions of a job without rows are made by the week, not by the day their keys look like', async () => {
    const adopted = await Adopted.make('full');
    await migrate(adopted.owner);
    const [job] = await run<{ id: string }>(
      adopted.superuser,
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, partition_start, partition_end, total_partitions)
       values ('acme', '00000000-0000-4000-8000-00000000000b', 'weekly', 'weekly', '2024-01-01', '2024-01-22', 4) returning id`,
    );
    await run(adopted.database.app, `select * from servo_claim_v1('acme', $1, 'e1', 120000, 0)`, [
      job!.id,
    ]);
    expect(
      await run(
        adopted.superuser,
        `select state, array(select partition_key::text from backfill_partitions where backfill_job_id = j.id order by 1) as keys
         from backfill_jobs j where id = $1`,
        [job!.id],
      ),
    ).toEqual([
      { state: 'running', keys: ['2024-01-01', '2024-01-08', '2024-01-15', '2024-01-22'] },
    ]);
  });

  test('jobs whose partition_keys are not a list are claimed', async () => {
    const adopted = await Adopted.make('full');
    await migrate(adopted.owner);
    const [job] = await run<{ id: string }>(
      adopted.superuser,
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, partition_keys, partition_start, partition_end)
       values ('acme', '00000000-0000-4000-8000-00000000000a', 'orders', 'null', 'null', '2024-02-28', '2024-03-01') returning id`,
    );
    expect(
      await run(
        adopted.database.app,
        `select job_state from servo_claim_v1('acme', $1, 'e1', 120000, 0)`,
        [job!.id],
      ),
    ).toEqual([{ job_state: 'running' }]);
    expect(
      await run(
        adopted.superuser,
        'select total_partitions as total from backfill_jobs where id = $1',
        [job!.id],
      ),
    ).toEqual([{ total: 3 }]);
  });
});
