import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../source/config/file.ts';
import { decide, type Needs, resolveSettings, type SettingFlags } from '../source/config.ts';
import { writeDuration } from '../source/domain/time/duration.ts';
import {
  thresholdDefaults,
  thresholdNames,
  thresholdUnit,
} from '../source/domain/triage/thresholds.ts';
import { UsageError } from '../source/errors.ts';

const needs: Needs = { database: true, tenants: 'one' };
const file = readConfig('/etc/config.toml', {
  prod: {
    database_url: 'postgres://app:s3cret@db.prod:6432/servo?sslmode=require',
    tenant: 'acme',
  },
  replica: {
    database_url: 'postgres://ro@replica/servo',
    write_url: 'postgres://rw@primary/servo',
    tenant: 'acme',
    read_only: true,
    accent: 'red',
  },
  here: { embedded: true },
  'no-tenant': { database_url: 'postgres://db/servo' },
});
const empty = readConfig('/etc/config.toml', {});
const environment = { DATABASE_URL: 'postgres://me:pw@env.host/envdb', TENANT_ID: 'env-tenant' };

function settingsOf(
  flags: SettingFlags,
  env: Record<string, string> = {},
  config = file,
  wants = needs,
) {
  return decide(flags, env, config, wants);
}

function problemsOf(...args: Parameters<typeof settingsOf>): UsageError {
  try {
    settingsOf(...args);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('which database', () => {
  test('a context is exclusive: the environment is ignored, and named as such', () => {
    const settings = settingsOf(
      { context: 'prod' },
      { ...environment, PGPASSWORD: 'x', PGHOST: 'y' },
    );
    expect(settings.database).toMatchObject({
      kind: 'server',
      read: { host: 'db.prod', port: 6432, user: 'app', password: 's3cret', database: 'servo' },
    });
    expect(settings.tenants).toEqual(['acme']);
    // C4: a password may still come from the environment.
    expect(settings.ignored).toEqual(['DATABASE_URL', 'PGHOST', 'TENANT_ID']);
    expect(settings.notices).toEqual([
      'context prod is used: ignoring DATABASE_URL, PGHOST, TENANT_ID',
    ]);
  });

  test('what a context leaves out does not come from PG* variables', () => {
    const settings = settingsOf(
      { context: 'no-tenant', tenant: 't' },
      { PGUSER: 'other', PGPORT: '1' },
    );
    expect(settings.database).toMatchObject({ read: { port: 5432 } });
    expect(settings.database).not.toMatchObject({ read: { user: 'other' } });
  });

  test('a context without a tenant does not take TENANT_ID', () => {
    const error = problemsOf({ context: 'no-tenant' }, environment);
    expect(error.exitCode).toBe(2);
    expect(error.message).toBe('no tenant');
    expect(error.hint).toContain('context "no-tenant"');
  });

  test('--tenant overrides a context, SERVO_TENANT does not', () => {
    expect(settingsOf({ context: 'prod', tenant: 'other' }).tenants).toEqual(['other']);
    expect(settingsOf({ context: 'prod' }, { SERVO_TENANT: 'other' }).tenants).toEqual(['acme']);
  });

  test('DATABASE_URL comes before PG*, the environment before the default context', () => {
    const config = { ...file, fallback: 'prod' };
    const url = settingsOf({}, { ...environment, PGHOST: 'pg.host' }, config);
    expect(url.database).toMatchObject({ from: 'DATABASE_URL', read: { host: 'env.host' } });
    const variables = settingsOf(
      {},
      { PGHOST: 'pg.host', PGDATABASE: 'd', TENANT_ID: 't' },
      config,
    );
    expect(variables.database).toMatchObject({
      read: { host: 'pg.host', database: 'd', port: 5432 },
    });
    const context = settingsOf({}, {}, config);
    expect(context).toMatchObject({ context: 'prod', tenants: ['acme'] });
  });

  test('a database from the environment never gets the tenant of a context', () => {
    const error = problemsOf(
      {},
      { DATABASE_URL: environment.DATABASE_URL },
      { ...file, fallback: 'prod' },
    );
    expect(error.message).toBe('no tenant');
  });

  test.each([
    ['--embedded', { embedded: true }, environment],
    ['SERVO_EMBEDDED', {}, { ...environment, SERVO_EMBEDDED: '1' }],
    ['context here', { context: 'here' }, {}],
  ])('the embedded one by %s', (from, flags, env) => {
    expect(settingsOf(flags, env as Record<string, string>).database).toEqual({
      kind: 'embedded',
      from,
    });
  });

  test('the embedded one is never a fallback', () => {
    const error = problemsOf({}, { TENANT_ID: 't' }, empty);
    expect(error.exitCode).toBe(2);
    expect(error.message).toBe(
      'no database: set DATABASE_URL, --context or --embedded, or try: servo-tui demo',
    );
  });

  test('SERVO_EMBEDDED=0 is no', () => {
    expect(problemsOf({}, { SERVO_EMBEDDED: '0' }, empty).message).toContain('no database');
  });

  test('C4: a connection service file is not read, and no other database is taken instead', () => {
    const service = { PGSERVICE: 'prod', TENANT_ID: 't' };
    for (const env of [service, { ...service, PGHOST: 'h', PGDATABASE: 'd' }])
      for (const where of [empty, { ...file, fallback: 'prod' }])
        expect(problemsOf({}, env, where).message).toBe(
          'PGSERVICE is set to "prod", but service files are not supported',
        );
    const url = { DATABASE_URL: 'postgres:///?service=prod', TENANT_ID: 't' };
    expect(problemsOf({}, url, empty).message).toBe(
      'DATABASE_URL names a service, but service files are not supported',
    );
  });

  test('no database and no tenant are reported together', () => {
    expect(problemsOf({}, {}, empty).problems.map((problem) => problem.message)).toEqual([
      expect.stringMatching(/^no database: /),
      'no tenant',
    ]);
  });

  test('an unknown context: the nearest one, and all', () => {
    const error = problemsOf({ context: 'prdo' });
    expect(error.message).toContain('unknown context "prdo"');
    expect(error.hint).toContain('did you mean prod? known contexts: prod, replica');
  });

  test('a context named like a property of every object is unknown too', () => {
    expect(problemsOf({ context: 'constructor' }).message).toContain('unknown context');
  });

  test('two sources at once are refused', () => {
    expect(problemsOf({ context: 'prod', embedded: true }).message).toContain(
      'are mutually exclusive',
    );
    const both = { SERVO_CONTEXT: 'prod', SERVO_EMBEDDED: '1' };
    expect(problemsOf({}, both).message).toContain('both set');
  });

  test('write_url is used for writing', () => {
    expect(settingsOf({ context: 'replica' })).toMatchObject({
      database: { read: { host: 'replica' }, write: { host: 'primary', user: 'rw' } },
      read_only: true,
      accent: 'red',
    });
  });

  test('an invalid accent crashed the console', () => {
    const document = { prod: { database_url: 'postgres://h/d', accent: 'pink' } };
    expect(() => readConfig('/etc/config.toml', document)).toThrow(
      'invalid accent "pink" of context "prod" in /etc/config.toml',
    );
  });

  test.each([
    'localhost/servo',
    'mysql://h/d',
    'postgres://u:s3cret@h:port/d',
    'postgres://s3cret@[/d',
  ])('an invalid URL is reported without repeating it: %s', (url) => {
    const error = problemsOf({ tenant: 't' }, { DATABASE_URL: url });
    expect(error.message).toContain('DATABASE_URL is not a valid postgres:// URL');
    expect(JSON.stringify([error.message, error.hint])).not.toMatch(
      /s3cret|localhost\/servo|mysql/,
    );
  });

  test.each([
    ['require', { rejectUnauthorized: false }],
    ['verify-full', {}],
    ['disable', false],
  ])('sslmode=%s means what it means to psql', (mode, ssl) => {
    const settings = settingsOf(
      { tenant: 't' },
      { DATABASE_URL: `postgres://h/d?sslmode=${mode}` },
    );
    expect(settings.database).toMatchObject({ read: { ssl } });
  });

  test('a socket folder is a host', () => {
    const env = { DATABASE_URL: 'postgres://servo_app@/servo?host=/run/pg', TENANT_ID: 't' };
    expect(settingsOf({}, env).database).toMatchObject({
      read: { host: '/run/pg', database: 'servo', user: 'servo_app' },
    });
  });
});

describe('which tenant', () => {
  test('the embedded database has one of its own', () => {
    expect(settingsOf({ embedded: true }).tenants).toEqual(['local']);
    expect(settingsOf({ embedded: true }, { TENANT_ID: 'x' }).tenants).toEqual(['x']);
  });

  test('several for a worker only', () => {
    const many: Needs = { database: true, tenants: 'many' };
    expect(settingsOf({ tenant: 'a, b,,a' }, environment, file, many).tenants).toEqual(['a', 'b']);
    expect(settingsOf({ tenant: 'a,b' }, environment).tenants).toEqual(['a,b']);
  });

  test('an empty --tenant is none', () => {
    expect(problemsOf({ tenant: '' }, environment).message).toBe('no tenant');
  });

  test('none for a command that needs none', () => {
    const migrate = settingsOf({}, { DATABASE_URL: 'postgres://h/d' }, empty, {
      database: true,
      tenants: 'none',
    });
    expect(migrate.tenants).toEqual([]);
  });
});

test.each([
  [{ actor: 'mara' }, { SERVO_ACTOR: 'x', SUDO_USER: 'y' }, 'mara'],
  [{}, { SERVO_ACTOR: 'x', SUDO_USER: 'y' }, 'x'],
  [{}, { SUDO_USER: 'y' }, 'y'],
])('the actor of %j and %j is %s', (flags, env, actor) => {
  expect(settingsOf({ embedded: true, ...flags }, env as Record<string, string>).actor).toBe(actor);
});

test('without any of them the actor is user@host', () => {
  expect(settingsOf({ embedded: true }).actor).toMatch(/^.+@.+$/);
});

describe('the file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'servo-config-'));
    await mkdir(join(folder, 'servo-tui'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const load = async (text: string) => {
    await writeFile(join(folder, 'servo-tui', 'config.toml'), text);
    return resolveSettings({}, { XDG_CONFIG_HOME: folder }, needs);
  };

  test('is TOML with a default', async () => {
    const settings = await load(
      'default = "prod"\n[prod]\ndatabase_url = "postgres://h/d"\ntenant = "a"\n',
    );
    expect(settings).toMatchObject({ context: 'prod', tenants: ['a'], notices: [] });
  });

  test('a table called default is the default', async () => {
    const settings = await load('[default]\nembedded = true\n');
    expect(settings.database).toEqual({ kind: 'embedded', from: 'context default' });
  });

  test('every mistake in it is reported, with the nearest setting', async () => {
    const text = 'x = 1\n[prod]\ndatabase_ulr = "postgres://u:s3cret@h/d"\nread_only = "yes"\n';
    const error = await load(text).catch((caught: UsageError) => caught);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).problems).toHaveLength(3);
    expect((error as UsageError).hint).toContain('did you mean database_url?');
    expect(JSON.stringify(error)).not.toContain('s3cret');
  });

  test('invalid TOML is reported by line and column, without quoting a line that may hold a password', async () => {
    const error = await load('[prod]\ndatabase_url = postgres://u:s3cret@h/d\n').catch((e) => e);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(/config\.toml is not valid TOML \(line 2, column \d+\)/);
    expect(`${error.message}${error.hint}`).not.toContain('s3cret');
  });

  test('is not read for a command without a database', async () => {
    await writeFile(join(folder, 'servo-tui', 'config.toml'), '[');
    const none: Needs = { database: false, tenants: 'none' };
    const settings = await resolveSettings({}, { XDG_CONFIG_HOME: folder }, none);
    expect(settings.database).toBeNull();
  });

  test('A13: with a password it is its owner’s alone, as ~/.pgpass is; the message has no password', async () => {
    const path = join(folder, 'servo-tui', 'config.toml');
    const told = async (url: string, mode: number) => {
      await writeFile(path, '');
      await chmod(path, mode);
      const loaded = load(`default = "prod"\n[prod]\ndatabase_url = "${url}"\ntenant = "a"\n`);
      return loaded.then(
        () => null,
        ({ message, hint }: UsageError) => `${message}; ${hint}`,
      );
    };
    const holds = `${path} holds a password (context "prod") and can be`;
    const password = 'postgres://u:s3cret@h/d';
    expect(await told(password, 0o600)).toBeNull();
    expect(await told(password, 0o666)).toBe(
      `${holds} changed by others (mode 0666); chmod 600 ${path}`,
    );
    expect(await told(password, 0o640)).toBe(
      `${holds} read by others (mode 0640); chmod 600 ${path}`,
    );
    expect(await told('postgres://u@h/d?password=s3cret', 0o604)).toContain('read by others');
    expect(await told('postgres://u@h:5432/d?sslmode=disable', 0o644)).toBeNull();
    await chmod(path, 0o600);
  });

  test('that is not there is an empty one', async () => {
    const missing = { XDG_CONFIG_HOME: join(folder, 'nowhere') };
    await expect(resolveSettings({}, missing, needs)).rejects.toThrow('no database');
  });
});

describe('thresholds', () => {
  const configured = readConfig('/etc/config.toml', {
    thresholds: { heartbeat_stale: '90s', failure_rate: '30%', queue_depth: 20 },
    prod: {
      database_url: 'postgres://db/servo',
      tenant: 'acme',
      thresholds: { queue_depth: 50, early_warning: '15m' },
    },
  });

  test('default to those of the runbooks', () => {
    expect(settingsOf({}, environment).thresholds).toEqual(thresholdDefaults);
    expect(thresholdDefaults).toMatchObject({
      heartbeat_stale: 120_000,
      heartbeat_alert: 300_000,
      heartbeat_bulk: 600_000,
      failure_rate: 0.2,
      failure_window: 600_000,
      failure_least: 5,
      long_running: 14_400_000,
      queue_depth: 10,
      early_warning: 0,
    });
  });

  test('stand in docs/configuration.md, each with its default', () => {
    const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'configuration.md'), 'utf8');
    const rows = [...page.matchAll(/^\| ([a-z_]+) \| (\S+) \|/gm)].map(([, name, value]) => [
      name,
      value,
    ]);
    const written = thresholdNames.map((name) => [
      name,
      thresholdUnit(name) === 'duration'
        ? writeDuration(thresholdDefaults[name])
        : String(thresholdDefaults[name]),
    ]);
    expect(rows.filter(([name]) => (thresholdNames as string[]).includes(name!))).toEqual(written);
  });

  test('the file’s, then the context’s, then the variables’', () => {
    expect(settingsOf({}, environment, configured).thresholds).toEqual({
      ...thresholdDefaults,
      heartbeat_stale: 90_000,
      failure_rate: 0.3,
      queue_depth: 20,
    });
    const env = { SERVO_HEARTBEAT_STALE: '2m30s', SERVO_FAILURE_RATE: '0.25' };
    expect(settingsOf({ context: 'prod' }, env, configured).thresholds).toMatchObject({
      heartbeat_stale: 150_000,
      failure_rate: 0.25,
      queue_depth: 50,
      early_warning: 900_000,
    });
  });

  test('mistakes are reported together, with what is expected', () => {
    const { problems } = problemsOf(
      {},
      {
        ...environment,
        SERVO_LONG_RUNNING: 'long',
        SERVO_FAILURE_RATE: '120%',
        SERVO_QUEUE_DEPTH: '-1',
      },
    );
    expect(problems).toEqual([
      { message: 'invalid SERVO_FAILURE_RATE "120%": expected a rate, e.g. 0.2 or 20%' },
      { message: 'invalid SERVO_LONG_RUNNING "long": expected a duration, e.g. 4h' },
      { message: 'invalid SERVO_QUEUE_DEPTH "-1": expected a whole number, e.g. 10' },
    ]);
    expect(() =>
      readConfig('/etc/config.toml', {
        thresholds: { heartbeat_stael: '1m', no_progress: 5 },
        prod: { thresholds: { queue_depth: 'ten' } },
      }),
    ).toThrow(
      new UsageError([
        {
          message: 'unknown threshold "heartbeat_stael" in [thresholds] in /etc/config.toml',
          hint: 'did you mean heartbeat_stale?',
        },
        {
          message:
            'invalid no_progress "5" in [thresholds] in /etc/config.toml: expected a duration, e.g. 5m',
        },
        {
          message:
            'invalid queue_depth "ten" in [prod.thresholds] in /etc/config.toml: expected a whole number, e.g. 10',
        },
      ]),
    );
  });
});
