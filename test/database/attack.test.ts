import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../source/database/database.ts';
import {
  type EmbeddedServer,
  ensureEmbeddedServer,
  resetEmbeddedServer,
} from '../../source/database/embedded/server.ts';
import { migrate } from '../../source/database/migrate.ts';
import { claimJob } from '../../source/database/queries/claim-job.ts';
import { declareDead } from '../../source/database/queries/executor-calls.ts';
import { policyRow } from '../../source/database/queries/report-and-claim.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { startExecutor } from '../../source/executor/executor.ts';
import { scaleTimings } from '../../source/executor/settings.ts';
import { silentLog } from '../../source/observability/log.ts';
import { startBackfill } from '../../source/operations/start/start-backfill.ts';
import { explainJob } from '../../source/operations/triage/explain-job.ts';
import { functionHandler } from '../support/backfill.ts';
import { documentOf, run as servoTui, urlOf } from '../support/cli.ts';
import { errorOf } from '../support/operator.ts';
import { run } from '../support/roles.ts';
import { waitFor } from '../support/wait-for.ts';

// Roles belong to the cluster: this one is of our own.
const home = join(tmpdir(), `servo-tui-attack-${process.pid}`);
let server: EmbeddedServer;
let owner: ConnectionSettings;
let application: Database;

/** Each may log in, and says what it is of. */
const logins = {
  app_login: 'servo_app',
  acme_login: 'servo_tenant_acme',
  eve: 'servo_operator',
  stranger: null,
} as const;
type Login = keyof typeof logins;

const as = (user: string, tenant?: string): ConnectionSettings =>
  ({
    ...owner,
    user,
    ...(tenant === undefined ? {} : { options: `-c app.current_tenant=${tenant}` }),
  }) as ConnectionSettings;

beforeAll(async () => {
  server = await ensureEmbeddedServer({ home });
  await run(server.superuser, 'create database attacked');
  owner = { ...server.superuser, database: 'attacked' };
  await migrate(owner, { roles: true, tenantRole: 'acme' });
  for (const [login, role] of Object.entries(logins))
    await run(owner, `create role ${login} login ${role === null ? '' : `in role ${role}`}`);
  await run(
    owner,
    `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'shared', 'table', null), (gen_random_uuid(), 'all', 'table', null)`,
  );
  for (const tenant of ['acme', 'globex']) await fill(tenant);
  application = openDatabase(as('servo_app'));
});
afterAll(async () => {
  await application?.close();
  await resetEmbeddedServer({ home });
  rmSync(home, { recursive: true, force: true });
});

/** A row of the tenant in every table. */
async function fill(tenant: string): Promise<void> {
  await run(
    owner,
    `insert into assets (id, name, asset_type, tenant_id) select gen_random_uuid(), n, 'table', '${tenant}' from unnest('{raw,orders}'::text[]) n;
     insert into asset_dependencies (upstream_asset_id, downstream_asset_id, dependency_type)
       select u.id, d.id, 'declared' from assets u, assets d where u.name in ('raw', 'all') and d.name = 'orders' and d.tenant_id = '${tenant}'
         and coalesce(u.tenant_id, '${tenant}') = '${tenant}';
     insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, total_partitions)
       select '${tenant}', id, name, name, 1 from assets where name in ('orders', 'shared') and coalesce(tenant_id, '${tenant}') = '${tenant}';
     insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, lease_token)
       select gen_random_uuid(), id, tenant_id, '2024-01-01', gen_random_uuid() from backfill_jobs where tenant_id = '${tenant}';
     insert into backfill_samples (job_id, at, tenant_id, completed, failed) select id, now(), tenant_id, 0, 0 from backfill_jobs where tenant_id = '${tenant}';
     insert into backfill_attempt_logs (job_id, partition_key, attempt, tenant_id, executor_id, output)
       select id, '2024-01-01', 1, tenant_id, 'e', 'output' from backfill_jobs where tenant_id = '${tenant}';
     insert into backfill_limits values ('${tenant}', 'tenant', '', 9);
     insert into backfill_locks values ('${tenant}', 'claim');
     insert into backfill_leaders values ('${tenant}', 'metrics', 'me', now() + interval '1 hour');
     insert into backfill_upstreams select id, gen_random_uuid(), tenant_id from backfill_jobs where tenant_id = '${tenant}';
     insert into backfill_dialogs (tenant_id, console_id, actor, host, action, job_ids, expires_at)
       select tenant_id, gen_random_uuid(), 'a', 'h', 'pause', array[id], now() + interval '1 hour' from backfill_jobs where tenant_id = '${tenant}';
     insert into backfill_forecasts (job_id, tenant_id, computed_at, bound_by) select id, tenant_id, now(), 'slots' from backfill_jobs where tenant_id = '${tenant}';
     insert into backfill_forecast_rounds values ('${tenant}', now(), 'me');
     insert into backfill_executors (tenant_id, id, host, pid, version, slots, handlers) values ('${tenant}', 'both', 'h', 1, '1', 4, '{orders}');
     insert into backfill_events (tenant_id, job_id, kind, actor, at) values ('${tenant}', gen_random_uuid(), 'state', 'x', now() - interval '1 year')`,
  );
}

/** Tables whose rows are of tenants. */
const tables = () =>
  run<{ name: string }>(
    owner,
    `select c.relname::text as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and starts_with(c.relname, 'servo_') is not true order by 1`,
  ).then((rows) => rows.map(({ name }) => name));

/** All that is globex's, and what all share, by table. */
async function footprint(): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  for (const table of [...(await tables()), 'asset_dependencies']) {
    const own =
      table === 'asset_dependencies'
        ? `exists (select from assets a where a.id = downstream_asset_id and a.tenant_id is distinct from 'acme')`
        : `t.tenant_id = 'globex'${table === 'assets' ? ' or t.tenant_id is null' : ''}`;
    const [row] = await run<{ rows: string }>(
      owner,
      `select coalesce(string_agg(t::text, E'\\n' order by t::text), '') as rows from ${table} t where ${own}`,
    );
    seen[table] = row!.rows;
  }
  return seen;
}

const lookOf = (text: string) => run(owner, text).then((rows) => rows as Record<string, unknown>[]);

describe('A6: what protects every table and function', () => {
  test('every table has row-level security, and every policy checks what is written', async () => {
    expect(
      await lookOf(
        `select relname::text as name, array(select distinct g.privilege_type from aclexplode(relacl) g where g.grantee <> relowner order by 1) as rights
         from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and not relrowsecurity order by 1`,
      ),
    ).toEqual([
      { name: 'servo_migrations', rights: ['SELECT'] },
      { name: 'servo_schema', rights: ['SELECT'] },
    ]);
    expect(
      await lookOf(
        `select relname::text as name from pg_class c where relkind = 'r' and relrowsecurity and relnamespace = 'public'::regnamespace
           and not exists (select from pg_policy where polrelid = c.oid and polpermissive)`,
      ),
    ).toEqual([{ name: 'servo_tenant_roles' }]);
    expect(
      await lookOf(
        `select polrelid::regclass::text as name, polname::text from pg_policy
         where polcmd in ('*', 'a', 'w') and polwithcheck is null or polcmd in ('*', 'r', 'w', 'd') and polqual is null`,
      ),
    ).toEqual([]);
  });

  test('security-definer functions are granted by name, have a search_path, and are listed here', async () => {
    const rows = await lookOf(
      `select proname::text as name, coalesce(proconfig::text ~ 'search_path=', false) as pinned, prorettype = 'trigger'::regtype as trigger,
         array(select case g.grantee when 0 then 'PUBLIC' else pg_get_userbyid(g.grantee)::text end
           from aclexplode(coalesce(proacl, acldefault('f', proowner))) g where g.grantee <> proowner order by 1) as callers
       from pg_proc where pronamespace = 'public'::regnamespace and starts_with(proname, 'servo_') and prosecdef order by 1`,
    );
    const both = ['servo_app', 'servo_tenant_acme'];
    expect(rows).toEqual([
      { name: 'servo_check_tenant_insert', pinned: true, trigger: true, callers: [] },
      { name: 'servo_check_tenant_update', pinned: true, trigger: true, callers: [] },
      { name: 'servo_elect_v1', pinned: true, trigger: false, callers: both },
      { name: 'servo_journal', pinned: true, trigger: true, callers: [] },
      { name: 'servo_journal_edit', pinned: true, trigger: true, callers: [] },
      { name: 'servo_purge_v1', pinned: true, trigger: false, callers: both },
    ]);
  });

  test('A7: every function that writes has a lock_timeout', async () => {
    const rows = await lookOf(
      `select proname::text as name from pg_proc where pronamespace = 'public'::regnamespace and starts_with(proname, 'servo_')
         and provolatile = 'v' and prosrc ~ '\\m(update|insert into|delete from)\\M' and proname <> all (servo_owner_functions())
         and coalesce(proconfig::text, '') || prosrc !~ 'lock_timeout' order by 1`,
    );
    // As long as its caller says.
    const callersDecide = [
      'adopt',
      'end_job',
      'fail_incomplete',
      'finish',
      'is_being_created',
      'lock',
      'make_partitions',
      'pick',
    ];
    expect(rows).toEqual(callersDecide.map((name) => ({ name: `servo_${name}_v1` })));
  });

  test('doctor lists each, and says what is open', async () => {
    const env = { DATABASE_URL: urlOf(as('servo_app')), TENANT_ID: 'acme' };
    const look = async () =>
      documentOf('doctor', (await servoTui(['doctor', '--json'], env)).stdout);
    const well = await look();
    type One = { kind: string; name: string; level: string; message: string };
    const protection: One[] = well.protection;
    expect(protection.filter(({ level }) => level !== 'ok')).toEqual([]);
    const names = protection.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        ...(await tables()),
        'asset_dependencies',
        'servo_elect_v1',
        'servo_report_and_claim_v1',
      ]),
    );
    await run(
      owner,
      'grant execute on function servo_elect_v1 to public; alter table backfill_limits disable row level security',
    );
    const { stdout } = await servoTui(['doctor'], env);
    await run(
      owner,
      'revoke execute on function servo_elect_v1 from public; alter table backfill_limits enable row level security',
    );
    expect(stdout).toMatch(/warning +protection +function servo_elect_v1: .*PUBLIC may call it/);
    expect(stdout).toMatch(/warning +table +backfill_limits +no row-level security/);
    expect(stdout).toMatch(/ok +table +backfill_jobs +row-level security, for its owner too/);
  });
});

/** Statements of acme's that aim at globex: about each table, its rows as they are and under acme's name. */
async function attacks(): Promise<string[]> {
  const list: string[] = [];
  for (const table of [...(await tables()), 'asset_dependencies']) {
    const [row] = await run<{ json: Record<string, unknown> }>(
      owner,
      table === 'asset_dependencies'
        ? `select to_jsonb(t) as json from asset_dependencies t join assets a on a.id = downstream_asset_id where a.tenant_id = 'globex' limit 1`
        : `select to_jsonb(t) as json from ${table} t where tenant_id = 'globex' limit 1`,
    );
    const { id, ...rest } = row!.json;
    const fresh = typeof id === 'string' && id.length === 36 ? { id: crypto.randomUUID() } : {};
    const names = Object.keys({ ...rest, ...fresh }).filter(
      (name) => name !== 'id' || 'id' in fresh,
    );
    const insert = (json: object) =>
      `insert into ${table} (${names}) select ${names} from jsonb_populate_record(null::${table}, '${JSON.stringify(json).replaceAll("'", "''")}')`;
    list.push(
      insert({
        ...rest,
        ...fresh,
        partition_key: 'forged',
        idempotency_key: 'forged',
        name: 'forged',
      }),
      insert({ ...rest, ...fresh, dependency_type: 'forged' }),
      ...(table === 'asset_dependencies'
        ? [`update ${table} set dependency_type = 'x'`]
        : [
            `update ${table} set tenant_id = 'globex'`,
            `update ${table} set tenant_id = 'acme' where tenant_id = 'globex'`,
            `select from ${table} where tenant_id = 'globex' for update`,
          ]),
      `delete from ${table}`,
    );
    // A partition of acme's in globex's job would take the place of its key.
    if (table === 'backfill_partitions')
      list.push(
        insert({ ...rest, ...fresh, tenant_id: 'acme', partition_key: '2024-01-02' }),
        `update ${table} set backfill_job_id = '${rest.backfill_job_id}' where tenant_id = 'acme'`,
      );
  }
  return list;
}

/** Calls of every function that names a tenant, for globex. */
async function calls(definers: boolean): Promise<string[]> {
  const [target] = await run<{ job: string; id: string; token: string }>(
    owner,
    `select backfill_job_id as job, id, lease_token as token from backfill_partitions where tenant_id = 'globex' limit 1`,
  );
  const rows = await run<{ name: string; names: string[]; types: string[] }>(
    owner,
    `select proname::text as name, proargnames[1:pronargs] as names, array(select format_type(t, null) from unnest(proargtypes) t) as types
     from pg_proc where pronamespace = 'public'::regnamespace and starts_with(proname, 'servo_') and prorettype <> 'trigger'::regtype
       and proargnames[1:pronargs] && '{p_tenant,p_tenants}' and (prosecdef or not $1) order by 1`,
    [definers],
  );
  const value = (name: string, type: string): string => {
    if (name === 'p_tenant') return `'globex'`;
    if (name === 'p_tenants') return `'{globex}'`;
    if (name === 'p_sql') return `'select 1'`;
    if (name === 'p_role') return `'servo_app'`;
    if (/^p_jobs?$/.test(name))
      return type.endsWith('[]') ? `'{${target!.job}}'` : `'${target!.job}'`;
    if (/^p_ids?$/.test(name) && type.startsWith('uuid'))
      return type.endsWith('[]') ? `'{${target!.id}}'` : `'${target!.id}'`;
    if (/token/.test(name))
      return type.endsWith('[]') ? `'{${target!.token}}'` : `'${target!.token}'`;
    if (type === 'boolean') return 'false';
    if (type === 'bigint') return name === 'p_age_ms' ? '86400000' : '1000';
    if (type === 'integer') return '10';
    if (type === 'jsonb') return name === 'p_outages' ? `'[]'` : `'{}'`;
    if (type.startsWith('timestamp')) return 'now()';
    if (type === 'servo_policy_v1') return `'${policyRow()}'`;
    if (type === 'servo_report_v1[]')
      return `array[row('${target!.id}', 1, '${target!.token}', 'completed', 1, 0, null, null, null)::servo_report_v1]`;
    if (type.endsWith('[]')) return `'{}'`;
    return type === 'uuid' ? 'gen_random_uuid()' : `'metrics'`;
  };
  return rows.map(
    ({ name, names, types }) =>
      `select * from ${name}(${names.map((one, i) => `${one} => ${value(one, types[i]!)}`)})`,
  );
}

describe('A6: nothing of another tenant changes', () => {
  /** Each by a session whose tenant is acme; a bound role by one that says globex as well. */
  const sessions: [Login, string, boolean][] = [
    ['stranger', 'acme', true],
    ['eve', 'acme', true],
    ['app_login', 'acme', true],
    ['acme_login', 'acme', false],
    ['acme_login', 'globex', false],
  ];

  test.each(sessions)('by %s with app.current_tenant = %s', async (login, tenant, definers) => {
    const before = await footprint();
    const list = [...(await attacks()), ...(await calls(definers))];
    expect(list.length).toBeGreaterThan(60);
    const client = new Client(as(login, tenant));
    await client.connect();
    const changed: string[] = [];
    let let_through = 0;
    const codes = new Set<string>();
    for (const statement of list) {
      await client.query('begin');
      const refused = await client.query(statement).then(
        () => false,
        (error: { code: string }) => {
          codes.add(error.code);
          return true;
        },
      );
      // What went through is there to be seen, and does not stay.
      if (!refused) let_through++;
      await client.query(refused ? 'rollback' : 'commit');
      if (refused) continue;
      const after = await footprint();
      if (JSON.stringify(after) !== JSON.stringify(before)) changed.push(statement);
    }
    await client.end();
    expect(changed).toEqual([]);
    // No right, or no such row for it; a key that is taken; a duration out of bounds; a lease that is not held.
    for (const code of codes) expect(['42501', '23505', '23514', '22023', 'SV410']).toContain(code);
    if (login === 'stranger') expect(let_through).toBe(0);
    // What was deleted of acme's own.
    await run(
      owner,
      `delete from backfill_jobs where tenant_id = 'acme'; delete from assets where tenant_id = 'acme';
       delete from backfill_limits where tenant_id = 'acme'; delete from backfill_locks where tenant_id = 'acme';
       delete from backfill_leaders where tenant_id = 'acme'; delete from backfill_dialogs where tenant_id = 'acme';
       delete from backfill_forecast_rounds where tenant_id = 'acme';
       delete from backfill_executors where tenant_id = 'acme'`,
    );
    await fill('acme');
  });

  test('a lease is not taken for another tenant, nor for a century; the journal is not purged for another', async () => {
    const answers: string[] = [];
    for (const [login, statement] of [
      ['app_login', `select servo_elect_v1('globex', 'metrics', 'x', 1000)`],
      ['app_login', `select servo_elect_v1('acme', 'other', 'x', 3153600000000)`],
      ['app_login', `select servo_purge_v1('globex', 86400000, 0, 10, false)`],
      ['app_login', `select servo_purge_v1('acme', 1, 0, 10, false)`],
      ['stranger', `select servo_elect_v1('acme', 'metrics', 'x', 1000)`],
      ['eve', `select servo_purge_v1('acme', 86400000, 0, 10, false)`],
    ] as const)
      answers.push((await errorOf(run(as(login, 'acme'), statement))).message);
    expect(answers).toEqual([
      'the tenant of this session is not globex',
      'a lease lasts for ten minutes at most',
      'the tenant of this session is not globex',
      'p_age_ms must be at least 86400000: the journal is kept for at least a day',
      'permission denied for function servo_elect_v1',
      'permission denied for function servo_purge_v1',
    ]);
    // Not even a session that says it is globex, if its login is bound.
    expect(
      (
        await errorOf(
          run(as('acme_login', 'globex'), `select servo_elect_v1('globex', 'metrics', 'x', 1000)`),
        )
      ).message,
    ).toBe('acme_login is bound to another tenant than globex');
  });

  test('a login without any right calls nothing, also where no roles were asked for', async () => {
    await run(server.superuser, 'create database plain');
    const plain = { ...owner, database: 'plain' } as ConnectionSettings;
    await migrate(plain);
    const open = await run<{ name: string }>(
      plain,
      `select proname::text as name from pg_proc where pronamespace = 'public'::regnamespace and starts_with(proname, 'servo_')
         and prosecdef and prorettype <> 'trigger'::regtype and has_function_privilege('stranger', oid, 'execute')`,
    );
    expect(open).toEqual([]);
    const stranger = { ...plain, user: 'stranger', options: '-c app.current_tenant=globex' };
    for (const statement of [
      `select servo_elect_v1('globex', 'metrics', 'x', 1000)`,
      `select servo_purge_v1('globex', 86400000, 0, 10, false)`,
    ])
      expect((await errorOf(run(stranger as ConnectionSettings, statement))).message).toMatch(
        /^permission denied/,
      );
  });

  // A row that a superuser, or another program without row-level security, put there all the same.
  test('partitions of another tenant in a job are not counted', async () => {
    const [job] = await run<{ id: string }>(
      owner,
      `select id from backfill_jobs where tenant_id = 'globex' and asset_name = 'orders'`,
    );
    await run(
      owner,
      `alter table backfill_partitions disable trigger servo_check_tenant_insert;
       insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key) values (gen_random_uuid(), '${job!.id}', 'acme', '2024-01-09');
       alter table backfill_partitions enable trigger servo_check_tenant_insert`,
    );
    const seen = await run(
      as('app_login', 'globex'),
      `select from backfill_partitions where backfill_job_id = '${job!.id}'`,
    );
    await run(owner, `delete from backfill_partitions where partition_key = '2024-01-09'`);
    expect(seen).toHaveLength(1);
  });
});

describe('A7: a lock held by a role that may only connect', () => {
  const hold = async (login: Login, statement: string) => {
    const client = new Client({ ...as(login), application_name: 'forgotten' });
    await client.connect();
    await client.query(statement);
    return client;
  };
  const anOrder = () =>
    run<{ id: string }>(
      owner,
      `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'locked', 'table', 'globex') on conflict do nothing;
       insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, partition_keys, total_partitions)
         select tenant_id, id, name, gen_random_uuid()::text, '["a"]', 1 from assets where name = 'locked' returning id`,
    ).then(([row]) => row!.id);
  const claim = (job: string) =>
    claimJob(application, {
      tenant: 'globex',
      job,
      owner: 'me',
      stale_ms: 120_000,
      grace_ms: 0,
    });

  test('blocks no claim and no start, and keeps no dead executor alive', async () => {
    const job = await anOrder();
    const [asset] = await run<{ id: string }>(owner, `select id from assets where name = 'locked'`);
    const names = [
      'servo claim globex',
      `servo start globex ${asset!.id}`,
      'servo executor h:1:dead',
    ];
    const client = await hold(
      'stranger',
      `select pg_advisory_lock(hashtextextended(n, 0)) from unnest(array['${names.join("','")}']) n`,
    );
    expect(await claim(job)).toMatchObject({ state: 'running' });
    const author = { tenant: 'globex', actor: 'mara' };
    await startBackfill(application, author, { asset: 'locked', partitions: ['b'] });
    await run(
      owner,
      `insert into backfill_executors (tenant_id, id, host, pid, version, slots, handlers, locked, backend_pid, seen_at)
       values ('globex', 'h:1:dead', 'h', 1, '1', 1, '{}', true, 1, now() - interval '1 minute')`,
    );
    const declarer = { tenant: 'globex', owner: 'me', silence_ms: 10_000 };
    expect(await declareDead(application, declarer)).toEqual(['h:1:dead']);
    // It may not lock the rows either.
    await expect(client.query('select from backfill_locks for update')).rejects.toThrow(
      'permission denied',
    );
    await client.end();
  });

  test('the session that blocks a claim is named', async () => {
    const job = await anOrder();
    await run(
      owner,
      `update backfill_executors set seen_at = now() + interval '1 hour', handlers = '{locked}' where tenant_id = 'globex' and id = 'both'`,
    );
    const client = await hold(
      'app_login',
      `begin; select set_config('app.current_tenant', 'globex', true); select servo_lock_v1('globex', 'claim')`,
    );
    const seen = await waitFor('explain to name the holder', async () => {
      const { clause, facts } = await explainJob(application, 'globex', job);
      return clause === 'locked' ? facts.blockers : null;
    });
    expect(seen).toMatchObject([{ login: 'app_login', application: 'forgotten' }]);
    const env = { DATABASE_URL: urlOf(as('servo_app')), TENANT_ID: 'globex' };
    expect((await servoTui(['doctor'], env)).stdout).toMatch(
      /warning +locks +pid \d+ \(app_login, forgotten.*\) holds a lock/,
    );
    expect((await servoTui(['explain', job], env)).stdout).toMatch(
      /held by pid \d+ \(app_login, forgotten/,
    );
    const { code } = (await errorOf(claim(job))) as { code?: string };
    expect(code).toBe('55P03');
    await client.end();
    await waitFor('the claim to go on', async () => (await claim(job)) !== null);
  });

  test('an action of an operator does not wait forever either', async () => {
    const author = { tenant: 'globex', actor: 'mara' };
    const [row] = await application.write(author, (query) =>
      query<{ value: string }>(`select current_setting('lock_timeout') as value`),
    );
    expect(row).toEqual({ value: '10s' });
    await expect(
      application.write(author, async (query) => {
        await query(`select set_config('lock_timeout', '1ms', true)`);
        const client = await hold(
          'app_login',
          `begin; set local app.current_tenant = 'globex'; select from backfill_locks for update`,
        );
        await query(`select servo_lock_v1('globex', 'claim')`).finally(() => client.end());
      }),
    ).rejects.toMatchObject({ code: 'not_allowed' });
  });

  test('the lock of migrations is named too', async () => {
    const client = await hold('stranger', 'select pg_advisory_lock(7310046112)');
    await expect(migrate(owner, {}, 0)).rejects.toThrow(
      /the migration lock is held by pid \d+ \(stranger, forgotten\)/,
    );
    await client.end();
  });
});

describe('C15: who did it', () => {
  test('every event has the login, whatever the actor', async () => {
    const [job] = await run<{ id: string }>(
      owner,
      `select id from backfill_jobs where tenant_id = 'acme' and asset_name = 'orders'`,
    );
    const eve = as('eve', 'acme');
    const line = (columns: string, values: string) =>
      run(
        eve,
        `insert into backfill_events (tenant_id, job_id, kind, actor${columns}) values ('acme', '${job!.id}', 'set', 'mara@oncall'${values})`,
      );
    await line('', '');
    for (const [column, given] of [
      ['login', `'mara'`],
      ['at', `'2020-01-01'`],
    ])
      expect((await errorOf(line(`, ${column}`, `, ${given}`))).message).toMatch(
        /^permission denied/,
      );
    await run(owner, `update backfill_jobs set state = 'running' where id = '${job!.id}'`);
    const env = { DATABASE_URL: urlOf(as('eve')), TENANT_ID: 'acme', SERVO_ACTOR: 'mara@oncall' };
    expect((await servoTui(['pause', job!.id, '--reason', 'calm', '--yes'], env)).code).toBe(0);
    const { events } = documentOf(
      'events',
      (await servoTui(['events', job!.id, '--json'], env)).stdout,
    );
    expect(events.slice(-2)).toMatchObject([
      { to_state: 'running', login: owner.user },
      { to_state: 'paused', actor: 'mara@oncall', login: 'eve' },
    ]);
    for (const words of [['events', job!.id], ['export', job!.id], ['handoff']])
      expect((await servoTui(words, env)).stdout, words[0]).toContain('mara@oncall (login eve)');
  });

  test('an operator cannot complete a partition, and its changes by hand are journalled', async () => {
    const [row] = await run<{ id: string; job: string }>(
      owner,
      `select p.id, backfill_job_id as job from backfill_partitions p where tenant_id = 'acme' limit 1`,
    );
    const set = (state: string) =>
      run(
        as('eve', 'acme'),
        `update backfill_partitions set state = '${state}' where id = '${row!.id}'`,
      );
    for (const state of ['completed', 'running'])
      expect((await errorOf(set(state))).message).toMatch(/violates row-level security policy/);
    expect(
      (
        await errorOf(
          run(
            as('eve', 'acme'),
            `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, state)
         values (gen_random_uuid(), '${row!.job}', 'acme', 'new', 'completed')`,
          ),
        )
      ).message,
    ).toMatch(/violates row-level security policy/);
    await set('skipped');
    await set('pending');
    expect(
      await lookOf(
        `select kind, login, reason from backfill_events where job_id = '${row!.job}' and kind = 'edited' order by id`,
      ),
    ).toEqual([
      { kind: 'edited', login: 'eve', reason: 'pending → skipped by hand' },
      { kind: 'edited', login: 'eve', reason: 'skipped → pending by hand' },
    ]);
  });
});

describe('C16: a role that is bound to a tenant', () => {
  test('sees nothing of another tenant, whatever it sets or whichever role it takes', async () => {
    for (const tenant of ['globex', '']) {
      for (const table of await tables()) {
        if (table === 'backfill_leaders') continue;
        const seen = await run(
          as('acme_login', tenant),
          `select from ${table} where tenant_id is not null`,
        );
        expect([table, seen]).toEqual([table, []]);
      }
    }
    for (const role of ['servo_app', 'servo_operator'])
      expect((await errorOf(run(as('acme_login', 'acme'), `set role ${role}`))).message).toMatch(
        /^permission denied/,
      );
  });

  test('is told of its tenant, not of a grant that would unbind it', async () => {
    const { code, stderr } = await servoTui(['limits', 'set', '--tenant-wide', '2'], {
      DATABASE_URL: urlOf(as('acme_login')),
      TENANT_ID: 'globex',
    });
    expect(code).toBe(4);
    expect(stderr).toContain('the role is bound to another tenant');
    expect(stderr).not.toContain('grant servo');
  });

  test('runs the partitions of its tenant', async () => {
    const settings = as('acme_login');
    const db = openDatabase(settings);
    await run(
      owner,
      `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'bound', 'table', 'acme')`,
    );
    const { job } = await startBackfill(
      db,
      { tenant: 'acme', actor: 'mara' },
      { asset: 'bound', partitions: ['a', 'b'] },
    );
    const executor = await startExecutor({
      settings,
      tenants: ['acme'],
      catalogue: new Map([['bound', functionHandler('bound', () => undefined)]]),
      slots: 2,
      grace: 1000,
      timings: scaleTimings(50),
      log: () => silentLog,
    });
    await waitFor('the job to be completed', async () => {
      const [row] = await run(owner, `select state from backfill_jobs where id = '${job!.id}'`);
      return row!.state === 'completed';
    });
    await executor.drain();
    await db.close();
  });

  test('A6 who owns the tables and may create no role binds the one that a superuser made', async () => {
    await run(server.superuser, 'create role plain_owner login');
    await run(server.superuser, 'create database owned owner plain_owner');
    const plain = { ...owner, database: 'owned', user: 'plain_owner' } as ConnectionSettings;
    await expect(migrate(plain, { tenantRole: 'umbrella' })).rejects.toMatchObject({
      hint: 'have a superuser run "create role servo_tenant_umbrella login", then run migrate again',
    });
    await run(server.superuser, 'create role servo_tenant_umbrella login');
    expect(await migrate(plain, { tenantRole: 'umbrella' })).toEqual([]);
    expect(await run(plain, 'select role, tenant_id from servo_tenant_roles')).toEqual([
      { role: 'servo_tenant_umbrella', tenant_id: 'umbrella' },
    ]);
  });

  test('a later migration keeps it bound, and a name that does not fit is refused', async () => {
    await run(owner, 'drop policy servo_tenant_acme on backfill_jobs');
    expect(await migrate(owner)).toEqual([]);
    expect(await run(as('acme_login', 'globex'), 'select from backfill_jobs')).toEqual([]);
    await expect(migrate(owner, { tenantRole: 'x'.repeat(60) })).rejects.toThrow(
      'cannot create a role for this tenant',
    );
  });
});
