import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { Certificates, TlsServer } from '../support/tls-server.ts';

const password = 'hunter2 p/ss';
const written = [password, encodeURIComponent(password), Buffer.from(password).toString('base64')];
let folder: string;
let certificates: Certificates;
let database: TestDatabase;
let encrypted: TlsServer;
let plain: TlsServer;
let mute: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'servo-secrets-'));
  certificates = new Certificates();
  database = await createTestDatabase({ migrated: false });
  encrypted = await TlsServer.open(database.superuser, certificates);
  plain = await TlsServer.open(database.superuser, null);
  mute = createServer((socket) =>
    socket.on('error', () => {}).once('data', () => socket.destroy()),
  );
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  for (const name of ['handlers', 'servo-tui']) mkdirSync(join(folder, name));
});
afterAll(async () => {
  mute.close();
  encrypted.close();
  plain.close();
  await database.drop();
  certificates.remove();
  rmSync(folder, { recursive: true });
});

const portOf = (server: Server) => (server.address() as { port: number }).port;
const at = (place: string, more = '') =>
  `postgres://${database.superuser.user}:${encodeURIComponent(password)}@${place}${more}`;

/** Each way in which a connection comes to nothing, as a URL. */
const failures: Readonly<Record<string, () => string>> = {
  'nothing listens': () => at('127.0.0.1:1/servo'),
  'the host is not known': () => at('nowhere.invalid/servo'),
  'it hangs up': () => at(`127.0.0.1:${portOf(mute)}/servo`),
  'there is no such database': () => at(`127.0.0.1:${plain.port}/nowhere`),
  'there is no schema': () => at(`127.0.0.1:${plain.port}/${database.name}`),
  'it does not encrypt': () => at(`127.0.0.1:${plain.port}/servo`, '?sslmode=require'),
  'its certificate is not believed': () =>
    at(`localhost:${encrypted.port}/servo`, '?sslmode=verify-full'),
  'a certificate is not there': () => at('h/servo', '?sslmode=verify-full&sslrootcert=/nowhere'),
  'the mode is none': () => at('h/servo', '?sslmode=verify-fool'),
  'the port is none': () => at('h:port/servo'),
  'it is no URL': () => at('[/servo'),
  'several hosts are not there': () => at('127.0.0.1:1,127.0.0.1:2/servo'),
};

const lines = [
  'list --verbose',
  'doctor --json --verbose',
  '--worker --handlers handlers --verbose',
];

test.each(Object.entries(failures))('%s: the password is in no output', async (_, urlOf) => {
  const url = urlOf();
  const variables = { TENANT_ID: 'acme', XDG_CONFIG_HOME: folder };
  writeFileSync(
    join(folder, 'servo-tui', 'config.toml'),
    `[prod]\ndatabase_url = ${JSON.stringify(url)}\ntenant = "acme"\n`,
    { mode: 0o600 },
  );
  const ways: readonly [string, Record<string, string>][] = [
    ...lines.map((line): [string, Record<string, string>] => [
      line.replace(' handlers', ` ${join(folder, 'handlers')}`),
      { ...variables, DATABASE_URL: url },
    ]),
    ['list --verbose', { ...variables, DATABASE_URL: withoutPassword(url), PGPASSWORD: password }],
    ['list --verbose --context prod', { XDG_CONFIG_HOME: folder }],
  ];
  for (const [line, env] of ways) {
    const { code, stdout, stderr } = await run(line.split(' '), env);
    const output = `${stdout}${stderr}`;
    expect([line, output === '']).toEqual([line, false]);
    expect([line, written.filter((text) => output.includes(text))]).toEqual([line, []]);
    if (!line.startsWith('doctor'))
      expect([line, [2, 5, 6].includes(code!), output]).toEqual([line, true, output]);
  }
});

function withoutPassword(url: string): string {
  return url.replace(`:${encodeURIComponent(password)}@`, '@');
}

test('no flag takes a password, which the list of processes would show', async () => {
  for (const flag of ['--database-url', '--password', '--url']) {
    const { code, stderr } = await run(['list', flag, at('h/servo')], { TENANT_ID: 'acme' });
    expect(code).toBe(2);
    expect(stderr).toContain(`no flag ${flag}`);
    expect(written.filter((text) => stderr.includes(text))).toEqual([]);
  }
});
