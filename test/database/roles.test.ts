import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../source/database/database.ts';
import {
  type EmbeddedServer,
  ensureEmbeddedServer,
  resetEmbeddedServer,
} from '../../source/database/embedded/server.ts';
import { migrate } from '../../source/database/migrate.ts';
import { ownSteps } from '../../source/database/schema-version.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { startBackfill } from '../../source/operations/start/start-backfill.ts';
import { documentOf, run as servoTui, urlOf } from '../support/cli.ts';
import { commands } from '../support/commands.ts';
import { author, errorOf } from '../support/operator.ts';
import { run } from '../support/roles.ts';

// Roles belong to the cluster, so this test has its own.
const home = join(tmpdir(), `servo-tui-less-${process.pid}`);
const roles = ['servo_reader', 'servo_operator'] as const;
let server: EmbeddedServer;
let one: ConnectionSettings;
let two: ConnectionSettings;
let application: Database;

beforeAll(async () => {
  server = await ensureEmbeddedServer({ home });
  [one, two] = (await Promise.all(['less_one', 'less_two'].map(create))) as [
    typeof one,
    typeof two,
  ];
  application = openDatabase({ ...one, user: 'servo_app' });
});
afterAll(async () => {
  await application?.close();
  await resetEmbeddedServer({ home });
  rmSync(home, { recursive: true, force: true });
});

async function create(name: string): Promise<ConnectionSettings> {
  await run(server.superuser, `create database ${name}`);
  return { ...server.superuser, database: name };
}

const rolesThere = () =>
  run<{ name: string }>(
    server.superuser,
    `select rolname as name from pg_roles where rolname in ('servo_reader', 'servo_operator')
       and rolcanlogin and not (rolsuper or rolbypassrls or rolcreatedb or rolcreaterole) order by rolname desc`,
  );

test('without --roles there are none; two databases of a cluster make them simultaneously; twice does nothing', async () => {
  await Promise.all([migrate(one), migrate(two)]);
  expect(await rolesThere()).toEqual([]);
  expect(await Promise.all([one, two].map((db) => migrate(db, { roles: true })))).toEqual([[], []]);
  expect(await rolesThere()).toEqual(roles.map((name) => ({ name })));
  const privileges = `select relname, relacl::text from pg_class where relacl is not null and relname ~ '^(assets|backfill|servo)' order by 1`;
  const before = await run(one, privileges);
  expect(await run(two, privileges)).toEqual(before);
  expect(await migrate(one, { roles: true })).toEqual([]);
  expect(await run(one, privileges)).toEqual(before);
});

test('later migrations grant missing rights to roles that have rights, and to no others', async () => {
  const three = await create('less_three');
  expect(await migrate(three)).toEqual(ownSteps());
  const sees = (db: ConnectionSettings) =>
    run(db, `select has_table_privilege('servo_reader', 'backfill_jobs', 'select') as sees`);
  expect(await sees(three)).toEqual([{ sees: false }]);
  await run(two, 'revoke select on backfill_jobs from servo_reader');
  await migrate(two);
  expect(await sees(two)).toEqual([{ sees: true }]);
});

test('C12: a role that may not create roles gets an error; the printed SQL has the grants', async () => {
  const four = await create('less_four');
  await run(
    server.superuser,
    'create role plain_owner login; alter database less_four owner to plain_owner',
  );
  await run(server.superuser, 'alter role servo_operator rename to set_aside');
  const reported: string[] = [];
  const owner = { ...four, user: 'plain_owner' };
  try {
    const error = await errorOf(
      migrate(owner, { roles: true, report: (line) => reported.push(line) }),
    );
    expect(error).toMatchObject({
      exitCode: 4,
      message: 'migrated, but could not create servo_operator: plain_owner may not create roles',
    });
    const ran = await servoTui(['migrate', '--roles', '--json'], { DATABASE_URL: urlOf(owner) });
    expect(ran.code).toBe(4);
    // The schema was migrated nevertheless.
    expect(await migrate(owner)).toEqual([]);
  } finally {
    await run(server.superuser, 'alter role set_aside rename to servo_operator');
  }
  expect(reported).toEqual([
    'there is no role servo_operator, and plain_owner may not create it: have a superuser run "create role servo_operator login", then run migrate --roles again',
  ]);
  const may = (role: string) =>
    run(four, `select has_table_privilege('${role}', 'backfill_limits', 'insert,update') as may`);
  await run(four, 'revoke all on backfill_limits from servo_operator');
  const printed = async (...flags: string[]) => {
    const ran = await servoTui(['migrate', '--print', ...flags], { DATABASE_URL: urlOf(four) });
    expect(ran.code).toBe(0);
    return ran.stdout;
  };
  expect(await printed()).toBe('');
  expect(await may('servo_operator')).toEqual([{ may: false }]);
  await run(four, await printed('--roles', '--tenant-role', "o'acme"));
  expect(await may('servo_operator')).toEqual([{ may: true }]);
  expect(await may("servo_tenant_o''acme")).toEqual([{ may: true }]);
});

describe('walking the commands', () => {
  const as = (role: string, line: string, input = '') =>
    servoTui(
      line.split(' '),
      { DATABASE_URL: urlOf({ ...one, user: role }), TENANT_ID: 'acme', SERVO_ACTOR: 'mara' },
      input,
    );
  let day = 0;

  /** A job in this state, with one failed and one pending partition. */
  async function aJob(state: string): Promise<string> {
    const year = 2000 + ++day;
    const { job } = await startBackfill(application, author, {
      asset: 'orders',
      partitions: [`${year}-01-01`, `${year}-01-02`],
    });
    await run(one, 'update backfill_jobs set state = $2, failed_partitions = 1 where id = $1', [
      job!.id,
      state,
    ]);
    await run(
      one,
      `update backfill_partitions set state = 'failed', completed_at = now() where backfill_job_id = $1 and partition_key like '%-01'`,
      [job!.id],
    );
    return job!.id;
  }

  beforeAll(async () => {
    await run(
      one,
      `insert into assets (id, name, asset_type, tenant_id, partition_config)
       values (gen_random_uuid(), 'orders', 'table', 'acme', '{"partition_type": {"Time": {"granularity": "day"}}}')`,
    );
  });

  const looks = [
    'list',
    'status JOB',
    'explain JOB',
    'triage --exit-code --job JOB',
    'triage',
    'risk',
    'risk JOB',
    'advise JOB',
    'alerts',
    'executors',
    'events',
    'events JOB',
    'logs JOB',
    'limits',
    'assets',
    'doctor',
    'doctor --invariants',
    'export JOB',
    'handoff',
    'review',
    'plan pause state:running',
    'start orders --partition 2099-01-01 --dry-run',
    'env',
    'migrate --check',
  ];

  /** Each with the state its job has before. */
  const acts: readonly [line: string, state: string][] = [
    ['pause JOB', 'running'],
    ['resume JOB', 'paused'],
    ['cancel JOB --reason why', 'running'],
    ['reclaim JOB', 'running'],
    ['retry JOB', 'running'],
    ['retry JOB --reason again', 'failed'],
    ['recreate JOB --reason why', 'running'],
    ['set JOB --priority 9 --deadline +2h --parallel 3', 'running'],
    ['start orders --partition 2098-01-01', 'running'],
    ['limits set --asset orders 2', 'running'],
    ['limits set --asset orders --none', 'running'],
    ['apply - --yes', 'running'],
  ];

  /** For the operator of the hosts, or without any question about jobs. */
  const others = ['prune', 'exporter', 'demo', 'embedded', 'schema', 'completion', 'help'];

  test('every command is one of them', () => {
    const walked = [...looks, ...acts.map(([line]) => line)].map((line) => line.split(' ')[0]);
    const names = commands.map(({ name }) => name);
    expect(names.filter((name) => !walked.includes(name) && !others.includes(name))).toEqual([]);
  });

  test.each(roles)('%s sees everything', async (role) => {
    const job = await aJob('running');
    const refused: string[] = [];
    for (const line of looks) {
      const { code, stderr } = await as(role, line.replace('JOB', job));
      const well = code === 0 || (code === 10 && line.includes('--exit-code'));
      if (!well || /denied/.test(stderr)) refused.push(`${line}: ${code} ${stderr}`);
    }
    expect(refused).toEqual([]);
    const { stdout } = await as(role, `status ${job} --json`);
    expect(JSON.parse(stdout).job).toMatchObject({ id: job, state: 'running' });
  });

  const planFor = async (line: string, job: string) =>
    line.startsWith('apply') ? (await as('servo_app', `plan pause ${job}`)).stdout : '';
  const everything = `select jsonb_build_array((select jsonb_agg(j order by id) from backfill_jobs j), (select count(*) from backfill_partitions),
    (select count(*) from backfill_events), (select jsonb_agg(l) from backfill_limits l)) as rows`;

  test('servo_reader changes nothing', async () => {
    for (const [line, state] of acts) {
      const job = await aJob(state);
      const plan = await planFor(line, job);
      const before = await run(one, everything);
      const { code, stdout, stderr } = await as('servo_reader', line.replace('JOB', job), plan);
      const denied = /permission denied/.test(`${stdout}${stderr}`);
      expect([line, code === 0, denied]).toEqual([line, false, true]);
      expect(await run(one, everything)).toEqual(before);
    }
  });

  test('servo_operator acts', async () => {
    for (const [line, state] of acts) {
      const job = await aJob(state);
      const plan = await planFor(line, job);
      const before = await run(one, everything);
      const { code, stderr } = await as('servo_operator', line.replace('JOB', job), plan);
      expect([line, stderr, code]).toEqual([line, '', 0]);
      expect(await run(one, everything)).not.toEqual(before);
    }
  });

  test('does not run partitions, delete, or change the past', async () => {
    const job = await aJob('pending');
    const refused = [
      `select servo_claim_v1('acme', '${job}', 'me', 0, 30000)`,
      `select servo_register_v1('me', '{acme}', 'host', 1, '0.1.0', 1, '{}', false, false, false)`,
      `select servo_elect_v1('acme', 'metrics', 'me', 1000)`,
      `select servo_purge_v1('acme', 86400000, 0, 10, false)`,
      `update backfill_partitions set lease_owner = 'me'`,
      `update backfill_jobs set tenant_id = 'globex'`,
      `update backfill_events set actor = 'somebody else'`,
      `delete from backfill_jobs`,
      `delete from backfill_partitions`,
      `delete from backfill_events`,
      `delete from backfill_samples`,
      `insert into assets (id, name, asset_type) values (gen_random_uuid(), 'x', 'table')`,
    ];
    const allowed: string[] = [];
    for (const role of roles) {
      const settings = { ...one, user: role, options: '-c app.current_tenant=acme' };
      for (const statement of refused) {
        const { message } = await errorOf(run(settings, statement)).catch(() => ({
          message: 'no error',
        }));
        if (!message.startsWith('permission denied'))
          allowed.push(`${role}: ${statement}: ${message}`);
      }
    }
    expect(allowed).toEqual([]);
    for (const role of roles) {
      const { code, stderr } = await as(role, 'prune --older-than 1d --yes');
      expect([code, stderr]).toEqual([4, expect.stringContaining('permission denied')]);
    }
  });

  // Was reported as an unreachable database (exit 5), so that a waiting script would wait for ever.
  test('a missing right is reported with the way to grant it', async () => {
    await run(one, 'create role "Mara Q" login');
    const refused = async (role: string, line: string) => {
      const { code, stderr } = await as(role, `${line} --json`);
      return { exit: code, ...JSON.parse(stderr).error };
    };
    try {
      for (const line of ['list', 'doctor', 'status 00000000', 'prune --dry-run']) {
        expect(await refused('Mara%20Q', line)).toMatchObject({
          exit: 4,
          code: 'permission_denied',
          message: expect.stringContaining('permission denied for table'),
          hint: expect.stringContaining('grant servo_operator to "Mara Q" ('),
        });
      }
      await run(one, 'grant servo_operator to "Mara Q"');
      expect((await as('Mara%20Q', 'list')).code).toBe(0);
      expect(await refused('Mara%20Q', 'prune --older-than 1d --yes')).toMatchObject({
        exit: 4,
        hint: expect.stringContaining('grant servo_app to "Mara Q" ('),
      });
      await run(one, 'revoke servo_operator from "Mara Q"');
      expect(await refused('Mara%20Q', 'migrate')).toMatchObject({
        exit: 6,
        hint: 'run migrate as the owner of the backfill tables, or as a superuser',
      });
    } finally {
      await run(one, 'drop role "Mara Q"');
    }
  });

  test('an operator announces a dialog, and a reader sees it', async () => {
    const job = await aJob('running');
    const options = '-c app.current_tenant=acme';
    const tell = (role: string) =>
      run(
        { ...one, user: role, options } as ConnectionSettings,
        `insert into backfill_dialogs (tenant_id, console_id, actor, host, action, job_ids, expires_at)
           values ('acme', gen_random_uuid(), 'mara', 'db-7', 'cancel', array['${job}']::uuid[], now() + interval '1 minute')`,
      );
    await tell('servo_operator');
    expect((await errorOf(tell('servo_reader'))).message).toMatch(/^permission denied/);
    for (const role of roles) {
      const { stdout } = await as(role, `status ${job}`);
      expect(stdout).toContain('mara@db-7 has Cancel open on this job for');
      const { dialogs } = documentOf('status', (await as(role, `status ${job} --json`)).stdout);
      expect(dialogs).toMatchObject([{ actor: 'mara', action: 'cancel', jobs: 1 }]);
    }
    await run(
      { ...one, user: 'servo_operator', options } as ConnectionSettings,
      'delete from backfill_dialogs',
    );
  });

  test('they see one tenant, as servo_app does, and nothing without one', async () => {
    await aJob('running');
    for (const role of roles) {
      const seen = (options: object) =>
        run(
          { ...one, user: role, ...options } as ConnectionSettings,
          'select distinct tenant_id from backfill_jobs',
        );
      expect(await seen({})).toEqual([]);
      expect(await seen({ options: '-c app.current_tenant=globex' })).toEqual([]);
      expect(await seen({ options: '-c app.current_tenant=acme' })).toEqual([
        { tenant_id: 'acme' },
      ]);
    }
  });

  test('servo_app still has its rights', async () => {
    const job = await aJob('pending');
    expect(
      await run(
        { ...one, user: 'servo_app', options: '-c app.current_tenant=acme' } as ConnectionSettings,
        `select servo_elect_v1('acme', 'metrics', 'me', 1000) as leads`,
      ),
    ).toEqual([{ leads: true }]);
    expect((await as('servo_app', `cancel ${job} --reason why`)).code).toBe(0);
    expect((await as('servo_app', 'prune --older-than 1d --yes')).code).toBe(0);
  });
});
