import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { run } from '../support/roles.ts';

/**
 * The base schema, the contract between Servo implementations. Our databases must satisfy the
 * others, so nothing here may change.
 */
const uuid = 'uuid';
const text = 'text';
const jsonb = 'jsonb';
const moment = 'timestamp with time zone';
const varchar = (length: number) => `character varying(${length})`;
const count = 'integer not null default 0';

const tables: Record<string, { columns: Record<string, string>; constraints: string[] }> = {
  assets: {
    columns: {
      id: `${uuid} not null`,
      name: varchar(255),
      description: text,
      asset_type: `${varchar(100)} not null`,
      owner: varchar(255),
      tags: `${jsonb} default '[]'::jsonb`,
      tenant_id: varchar(255),
      partition_config: jsonb,
      created_at: `${moment} default now()`,
      updated_at: `${moment} default now()`,
    },
    constraints: ['PRIMARY KEY (id)', 'UNIQUE (name, tenant_id)'],
  },
  asset_dependencies: {
    columns: {
      id: `${uuid} not null default gen_random_uuid()`,
      upstream_asset_id: uuid,
      downstream_asset_id: uuid,
      dependency_type: `${varchar(50)} not null`,
      created_at: `${moment} default now()`,
    },
    constraints: [
      'PRIMARY KEY (id)',
      'UNIQUE (upstream_asset_id, downstream_asset_id, dependency_type)',
      'FOREIGN KEY (upstream_asset_id) REFERENCES assets(id) ON DELETE CASCADE',
      'FOREIGN KEY (downstream_asset_id) REFERENCES assets(id) ON DELETE CASCADE',
    ],
  },
  backfill_jobs: {
    columns: {
      id: `${uuid} not null default gen_random_uuid()`,
      tenant_id: `${varchar(255)} not null`,
      asset_id: `${uuid} not null`,
      asset_name: `${varchar(255)} not null`,
      idempotency_key: `${varchar(255)} not null`,
      state: `${varchar(50)} not null default 'pending'::character varying`,
      execution_strategy: `${jsonb} not null default '{"type": "sequential"}'::jsonb`,
      partition_start: varchar(255),
      partition_end: varchar(255),
      partition_keys: `${jsonb} not null default '[]'::jsonb`,
      total_partitions: count,
      completed_partitions: count,
      failed_partitions: count,
      skipped_partitions: count,
      include_upstream: 'boolean not null default false',
      error_message: text,
      created_by: varchar(255),
      created_at: `${moment} not null default now()`,
      started_at: moment,
      completed_at: moment,
      heartbeat_at: moment,
      version: 'integer not null default 1',
      paused_at: moment,
      checkpoint_partition_key: varchar(255),
      estimated_completion_at: moment,
      avg_partition_duration_ms: 'bigint',
      parent_job_id: uuid,
      max_upstream_depth: count,
      upstream_job_count: count,
      completed_upstream_jobs: count,
      execution_order: count,
      sla_deadline_at: moment,
      priority: count,
    },
    constraints: [
      'PRIMARY KEY (id)',
      'UNIQUE (tenant_id, idempotency_key)',
      'FOREIGN KEY (asset_id) REFERENCES assets(id) ON DELETE CASCADE',
      'FOREIGN KEY (parent_job_id) REFERENCES backfill_jobs(id) ON DELETE CASCADE',
      'valid_backfill_state: cancelled completed failed paused pending resuming running waiting_upstream',
      'CHECK (((0 <= completed_upstream_jobs) AND (completed_upstream_jobs <= upstream_job_count)))',
    ],
  },
  backfill_partitions: {
    columns: {
      id: `${uuid} not null`,
      backfill_job_id: `${uuid} not null`,
      partition_key: `${varchar(255)} not null`,
      state: `${varchar(50)} not null default 'pending'::character varying`,
      attempt_count: count,
      execution_id: uuid,
      error_message: text,
      duration_ms: 'bigint',
      started_at: moment,
      completed_at: moment,
      tenant_id: `${varchar(255)} not null`,
    },
    constraints: [
      'PRIMARY KEY (id)',
      'UNIQUE (backfill_job_id, partition_key)',
      'FOREIGN KEY (backfill_job_id) REFERENCES backfill_jobs(id) ON DELETE CASCADE',
      'valid_partition_state: completed failed pending running skipped',
    ],
  },
};

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe.each(Object.entries(tables))('a fresh %s', (table, { columns, constraints }) => {
  type Column = { name: string; definition: string };
  const readColumns = () =>
    run<Column>(
      database.superuser,
      `select attname as name, format_type(atttypid, atttypmod) || case when attnotnull then ' not null' else '' end
         || coalesce(' default ' || pg_get_expr(adbin, adrelid), '') as definition
       from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
      [table],
    );

  test('has the columns of the contract', async () => {
    const found = (await readColumns()).filter((column) => column.name in columns);
    expect(Object.fromEntries(found.map((column) => [column.name, column.definition]))).toEqual(
      columns,
    );
  });

  test('demands no column of ours from a writer who does not know it', async () => {
    const ours = (await readColumns()).filter((column) => !(column.name in columns));
    const demanded = ours.filter(
      ({ definition }) => definition.includes('not null') && !definition.includes(' default '),
    );
    expect(demanded).toEqual([]);
  });

  test('has the keys, references and checks of the contract, and no others', async () => {
    const found = await run<{ name: string; definition: string; validated: boolean }>(
      database.superuser,
      `select conname as name, pg_get_constraintdef(oid) as definition, convalidated as validated
       from pg_constraint where conrelid = $1::regclass and contype <> 'n'`,
      [table],
    );
    expect(found.map((constraint) => constraint.validated)).not.toContain(false);
    const shown = found.map(({ name, definition }) =>
      name.startsWith('valid_') && name.endsWith('_state')
        ? `${name}: ${[...definition.matchAll(/'([a-z_]+)'/g)]
            .map((match) => match[1])
            .sort()
            .join(' ')}`
        : definition,
    );
    expect(shown.sort()).toEqual([...constraints].sort());
  });
});

test.each([
  ['backfill_partitions', '(backfill_job_id, state)'],
  ['backfill_partitions', '(tenant_id)'],
])('%s has the base index on %s', async (table, columns) => {
  const rows = await run(
    database.superuser,
    `select from pg_index where indrelid = $1::regclass and indisvalid and indpred is null
       and pg_get_indexdef(indexrelid) like '%USING btree ' || $2`,
    [table, columns],
  );
  expect(rows).toHaveLength(1);
});

test.each(['assets', 'backfill_jobs', 'backfill_partitions'])(
  '%s isolates tenants, its owner included',
  async (table) => {
    const rows = await run(
      database.superuser,
      `select relrowsecurity, relforcerowsecurity, polcmd, polpermissive, pg_get_expr(polwithcheck, polrelid) as writable, pg_get_expr(polqual, polrelid) as visible
       from pg_class c join pg_policy p on p.polrelid = c.oid where c.oid = $1::regclass and polpermissive`,
      [table],
    );
    const ofTenant =
      "((tenant_id IS NULL) OR ((tenant_id)::text = current_setting('app.current_tenant'::text, true)))";
    expect(rows).toEqual([
      {
        relrowsecurity: true,
        relforcerowsecurity: true,
        polcmd: '*',
        polpermissive: true,
        writable: ofTenant,
        visible: ofTenant,
      },
    ]);
  },
);

test.each(['backfill_events', 'backfill_executors', 'backfill_samples', 'backfill_attempt_logs'])(
  '%s isolates tenants, but not from its owner, as whom the journal writes',
  async (table) => {
    const [row] = await run(
      database.superuser,
      'select relrowsecurity, relforcerowsecurity from pg_class where oid = $1::regclass',
      [table],
    );
    expect(row).toEqual({ relrowsecurity: true, relforcerowsecurity: false });
  },
);

test('every index is valid, and there are no two of the same shape', async () => {
  const rows = await run<{ valid: boolean; shapes: number; indexes: number }>(
    database.superuser,
    `select bool_and(indisvalid) as valid, count(*)::int as indexes,
       count(distinct indrelid || regexp_replace(pg_get_indexdef(indexrelid), '^.*? USING ', ''))::int as shapes
     from pg_index join pg_class c on c.oid = indrelid where relnamespace = 'public'::regnamespace`,
  );
  expect(rows[0]!.valid).toBe(true);
  expect(rows[0]!.indexes).toBeGreaterThan(15);
  expect(rows[0]!.shapes).toBe(rows[0]!.indexes);
});
