import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { readOldSnapshots } from '../../source/database/queries/read-diagnosis.ts';
import type { Diagnosis } from '../../source/domain/triage/diagnosis.ts';
import { diagnose } from '../../source/operations/system/diagnose.ts';
import { checksOf } from '../../source/presentation/triage/diagnosis-text.ts';
import { documentOf, run, urlOf } from '../support/cli.ts';
import { createTestDatabase } from '../support/database.ts';
import { Operator } from '../support/operator.ts';

let operator: Operator;
let variables: Record<string, string>;

beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders', 'day');
  variables = { DATABASE_URL: urlOf(operator.database.app), TENANT_ID: 'acme' };
});
afterAll(() => operator.close());

const doctor = (line = '', env = variables) =>
  run(['doctor', ...line.split(' ').filter(Boolean)], env);
const levelsOf = (stdout: string) => {
  const { checks } = documentOf('doctor', stdout);
  return Object.fromEntries(
    checks.map((one: { check: string; level: string }) => [one.check, one.level]),
  );
};

describe('doctor', () => {
  test('of a healthy database: the findings, and the source of each setting', async () => {
    await operator.sql(
      `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers, seen_at) values ('h:1:x', 'acme', 'h', 1, '0.1.0', 1, '{}', now() + interval '1 hour')`,
    );
    const { code, stdout } = await doctor('--json --exit-code --actor mara');
    expect(code).toBe(0);
    const document = documentOf('doctor', stdout);
    expect(levelsOf(stdout)).toMatchObject({
      connection: 'ok',
      schema: 'ok',
      role: 'ok',
      'row security': 'ok',
      clock: 'ok',
      pooler: 'ok',
      executors: 'ok',
    });
    expect(document.diagnosis).toMatchObject({ role: 'servo_app', executors: { alive: 1 } });
    expect(document.violations).toBeNull();
    expect(document.origins).toEqual({
      database: 'DATABASE_URL',
      tenant: 'TENANT_ID',
      actor: '--actor',
      read_only: 'default',
      context: null,
    });
    await operator.sql('delete from backfill_executors');
    const text = await doctor();
    expect(text.stdout).toMatch(/warning +executors +no executor is running — start one/);
    expect(text.stdout).toMatch(/tenant +acme \(TENANT_ID\)/);
    expect(text.code).toBe(0);
    expect((await doctor('--exit-code')).code).toBe(10);
  });

  test('needs no tenant, and reports that nothing is visible without one', async () => {
    const { code, stdout } = await doctor('', { DATABASE_URL: variables.DATABASE_URL! });
    expect(code).toBe(0);
    expect(stdout).toMatch(/note +tenant +no visibility/);
  });

  test('a superuser bypasses row-level security', async () => {
    const env = { ...variables, DATABASE_URL: urlOf(operator.database.superuser) };
    const { stdout } = await doctor('--json', env);
    expect(levelsOf(stdout).role).toBe('warning');
    expect((await doctor('', env)).stdout).toContain('RLS BYPASSED');
  });

  test('a base table without row-level security is named', async () => {
    await operator.sql('alter table backfill_partitions no force row level security');
    const { stdout } = await doctor();
    await operator.sql('alter table backfill_partitions force row level security');
    expect(stdout).toMatch(/warning +row security +.* on backfill_partitions — .*migrate --rls/);
  });

  test('C1: a fault is not a success: no schema, and a missing migration', async () => {
    const bare = await createTestDatabase({ migrated: false });
    const env = { DATABASE_URL: urlOf(bare.app), TENANT_ID: 'acme' };
    const { code, stdout } = await doctor('--json', env);
    // Without --exit-code too.
    expect(code).toBe(10);
    expect(levelsOf(stdout).schema).toBe('fault');
    expect((await doctor('--exit-code', env)).code).toBe(10);
    await bare.drop();
    await operator.sql(
      `create table kept as select * from servo_migrations; delete from servo_migrations where name like '0007%'`,
    );
    const lacking = await doctor();
    await operator.sql('insert into servo_migrations select * from kept where name like $1', [
      '0007%',
    ]);
    expect(lacking.stdout).toMatch(/1 migration missing, the first 0007/);
  });

  test('a database that cannot be reached: 5', async () => {
    const { code } = await doctor('', { DATABASE_URL: 'postgres://me@127.0.0.1:1/none' });
    expect(code).toBe(5);
  });

  test('a held snapshot', async () => {
    const db = openDatabase(operator.database.superuser, { connections: 1 });
    const client = new pg.Client({ ...operator.database.app, application_name: 'forgotten' });
    await client.connect();
    await client.query('begin isolation level repeatable read');
    await client.query('select 1');
    const held = await readOldSnapshots(db, 0);
    expect(held).toMatchObject([
      { user: 'servo_app', application: 'forgotten', state: 'idle in transaction' },
    ]);
    const seen: Diagnosis = { ...(await diagnose(db, 'acme')), old_snapshots: held };
    expect(checksOf(seen).find((one) => one.check === 'snapshots')).toMatchObject({
      level: 'warning',
      hint: expect.stringContaining('pg_terminate_backend'),
    });
    await client.end();
    await db.close();
  });

  test("a clock that is wrong, a pooler, a standby and a newer program's schema", async () => {
    const db = openDatabase(operator.database.app, { connections: 1 });
    const seen = await diagnose(db, 'acme');
    await db.close();
    const checks = checksOf({
      ...seen,
      clock_skew_ms: -3_600_000,
      pooled: true,
      in_recovery: true,
      schema: { ...seen.schema, too_new: true, lowest_program: '9.0.0' },
    });
    const of = (name: string) => checks.find((one) => one.check === name)!;
    expect(of('clock')).toMatchObject({
      level: 'note',
      message: expect.stringContaining('3600.0 s behind'),
    });
    expect(of('pooler').level).toBe('note');
    expect(of('connection').message).toContain('is a standby');
    expect(of('schema')).toMatchObject({
      level: 'fault',
      message: 'requires servo-tui 9.0.0 or newer',
    });
  });
});

describe('doctor --invariants', () => {
  test('prints each that is broken, with its rows', async () => {
    const id = await operator.job({ asset: 'orders', partitions: ['2024-01-01'] });
    const whole = await doctor('--invariants --json');
    expect(documentOf('doctor', whole.stdout).violations).toEqual([]);
    expect((await doctor('--invariants')).stdout).toContain('all hold');
    await operator.sql(
      `update backfill_jobs set claimed_version = version, completed_partitions = 1 where id = $1`,
      [id],
    );
    const broken = await doctor('--invariants --exit-code');
    expect(broken.code).toBe(10);
    expect(broken.stdout).toContain('broken: I2');
    expect(broken.stdout).toContain(`${id.slice(0, 8)}: completed 1`);
    const { violations } = documentOf('doctor', (await doctor('--invariants --json')).stdout);
    expect(violations).toMatchObject([{ id: 'I2', job_id: id }]);
  });

  test('invariants need a tenant', async () => {
    const { code, stderr } = await doctor('--invariants', {
      DATABASE_URL: variables.DATABASE_URL!,
    });
    expect([code, stderr]).toEqual([2, expect.stringContaining('--invariants needs a tenant')]);
  });
});
