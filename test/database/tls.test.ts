import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../source/config/file.ts';
import { decide } from '../../source/config.ts';
import { openDatabase } from '../../source/database/database.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { UsageError } from '../../source/errors.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { errorOf } from '../support/operator.ts';
import { Certificates, TlsServer } from '../support/tls-server.ts';

const password = 'hunter2-of-tls';
let certificates: Certificates;
let database: TestDatabase;
let server: TlsServer;
let plain: TlsServer;

beforeAll(async () => {
  certificates = new Certificates();
  database = await createTestDatabase();
  server = await TlsServer.open(database.superuser, certificates);
  plain = await TlsServer.open(database.superuser, null);
});
afterAll(async () => {
  server.close();
  plain.close();
  await database.drop();
  certificates.remove();
});
beforeEach(() => {
  for (const one of [server, plain]) one.heard.length = 0;
});

function settingsFrom(env: Record<string, string>): ConnectionSettings {
  const file = readConfig('/nowhere', {});
  const settings = decide({ tenant: 't' }, env, file, { database: true, tenants: 'one' });
  if (settings.database?.kind !== 'server') throw new Error('no server');
  return settings.database.read;
}

async function connect(env: Record<string, string>): Promise<string> {
  const db = openDatabase(settingsFrom(env), { connections: 1 });
  try {
    const [row] = await db.call<{ name: string }>('select current_database() as name');
    return row!.name;
  } finally {
    await db.close();
  }
}

type Tls = { sslmode?: string; sslrootcert?: string };

/** The same in three ways: in the URL, TLS by variables, and without a URL. */
const ways: Readonly<
  Record<string, (host: string, port: number, tls: Tls) => Record<string, string>>
> = {
  'a URL': (host, port, tls) => ({
    DATABASE_URL: `${urlOf(host, port)}?${new URLSearchParams(tls as Record<string, string>)}`,
  }),
  'a URL and PGSSL*': (host, port, tls) => ({ DATABASE_URL: urlOf(host, port), ...named(tls) }),
  'PG* alone': (host, port, tls) => ({
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: database.superuser.user,
    PGDATABASE: database.name,
    ...named(tls),
  }),
};

function urlOf(host: string, port: number): string {
  return `postgres://${database.superuser.user}:${password}@${host}:${port}/${database.name}`;
}

function named(tls: Tls): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tls).map(([name, value]) => [`PG${name.toUpperCase()}`, value]),
  );
}

describe.each(Object.entries(ways))('by %s', (_, envOf) => {
  const authority = () => ({ sslrootcert: certificates.authority });

  test.each([
    ['disable', 'localhost', () => ({}), 'plain'],
    ['allow', 'localhost', () => ({}), 'plain'],
    ['prefer', 'localhost', () => ({}), 'encrypted'],
    ['require', '127.0.0.1', () => ({}), 'encrypted'],
    ['require', '127.0.0.1', authority, 'encrypted'],
    ['verify-ca', '127.0.0.1', authority, 'encrypted'],
    ['verify-full', 'localhost', authority, 'encrypted'],
  ] as const)('%s at %s connects', async (sslmode, host, more, heard) => {
    expect(await connect(envOf(host, server.port, { sslmode, ...more() }))).toBe(database.name);
    expect(server.heard).toEqual([heard]);
  });

  test.each([
    ['verify-full', '127.0.0.1', authority, /certificate is for another name/],
    ['verify-full', 'localhost', () => ({}), /sslrootcert=FILE/],
    ['verify-ca', 'localhost', () => ({ sslrootcert: certificates.stranger }), /sslrootcert=FILE/],
    ['require', 'localhost', () => ({ sslrootcert: certificates.stranger }), /sslrootcert=FILE/],
  ] as const)('%s at %s is refused, with what to do', async (sslmode, host, more, hint) => {
    const error = await errorOf(connect(envOf(host, server.port, { sslmode, ...more() })));
    expect(error).toMatchObject({ code: 'database_unreachable' });
    expect(error.hint).toMatch(hint);
    expect(inspect(error, { depth: 10 })).not.toContain(password);
  });

  // The first packet of an unencrypted connection names user and database, and the password may
  // follow.
  test.each(['prefer', 'require'])('%s never continues without encryption', async (sslmode) => {
    const error = await errorOf(connect(envOf('localhost', plain.port, { sslmode })));
    expect(error).toMatchObject({ code: 'database_unreachable' });
    expect(error.hint).toMatch(/sslmode=disable/);
    expect(plain.heard).toEqual(['refused']);
  });

  test.each([
    [{ sslmode: 'verify-ca' }, /verify-ca requires sslrootcert/],
    [{ sslmode: 'verify-fool' }, /invalid sslmode "verify-fool": expected disable, .*verify-full/],
    [{ sslmode: 'verify-full', sslrootcert: '/nowhere/ca.pem' }, /\/nowhere\/ca\.pem/],
  ])('%j is a mistake', (tls, message) => {
    let error: unknown;
    try {
      settingsFrom(envOf('localhost', server.port, tls));
    } catch (cause) {
      error = cause;
    }
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(message);
    expect(inspect(error, { depth: 10 })).not.toContain(password);
  });
});

test('what the URL says comes before the variables, and a socket is never encrypted', () => {
  const url = urlOf('localhost', 5432);
  const env = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: certificates.authority };
  expect(settingsFrom({ ...env, DATABASE_URL: `${url}?sslmode=disable` }).ssl).toBe(false);
  expect(settingsFrom({ ...env, DATABASE_URL: `${url}?sslmode=require` }).ssl).not.toHaveProperty(
    'rejectUnauthorized',
  );
  expect(settingsFrom({ ...env, PGHOST: '/run/postgresql' }).ssl).toBeUndefined();
});
