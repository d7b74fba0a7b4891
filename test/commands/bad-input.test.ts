import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorDocument, run, urlOf } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { Operator } from '../support/operator.ts';

let operator: Operator;
let empty: TestDatabase;
let variables: Record<string, string>;
let folder: string;

beforeAll(async () => {
  operator = await Operator.open();
  empty = await createTestDatabase({ migrated: false });
  for (const asset of ['orders_daily', 'weather']) await operator.asset(asset, 'day');
  for (const [index, id] of ['abcd1111', 'abcd2222'].entries()) {
    await operator.sql(
      `insert into backfill_jobs (id, tenant_id, asset_id, asset_name, idempotency_key, state)
       select $1, 'acme', id, name, $2, 'running' from assets where name = 'weather'`,
      [`${id}-0000-4000-8000-000000000000`, String(index)],
    );
  }
  await operator.start({ asset: 'weather', partitions: ['2024-06-01', '2024-06-02'] });
  variables = { DATABASE_URL: urlOf(operator.database.app), TENANT_ID: 'acme' };
  folder = mkdtempSync(join(tmpdir(), 'servo-bad-input-'));
  writeFileSync(join(folder, 'twice.txt'), '2024-01-01\n2024-01-02\n2024-01-01\n');
  mkdirSync(join(folder, 'odd'));
  writeFileSync(join(folder, 'odd', 'orders.xlsx'), '');
  mkdirSync(join(folder, 'none'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all([operator.close(), empty.drop()]);
});

const counted = () =>
  operator.value<string>(
    `select (select count(*) from backfill_jobs) || ' ' || (select count(*) from backfill_partitions)`,
  );

type Bad = [
  name: string,
  line: string[],
  exit: number,
  code: string,
  message: RegExp,
  /** Null: the message says all. */
  hint: RegExp | null,
];

const bad: Bad[] = [
  [
    'unknown asset',
    ['start', 'order_daily', '--partition', 'k'],
    3,
    'not_found',
    /^unknown asset "order_daily"$/,
    /did you mean orders_daily\? known assets: orders_daily, weather/,
  ],
  [
    'a bad date',
    ['start', 'weather', '--start', '2024-02-30', '--end', '2024-03-01'],
    2,
    'usage',
    /^invalid --start "2024-02-30": not a date$/,
    /ISO 8601/,
  ],
  [
    'end before start',
    ['start', 'weather', '--start', '2024-03-02', '--end', '2024-03-01'],
    2,
    'usage',
    /ends \(2024-03-01\) before it starts/,
    /--start is the first partition, --end the last/,
  ],
  [
    'an empty key',
    ['start', 'weather', '--partition', ''],
    2,
    'usage',
    /^empty partition key$/,
    /one day/,
  ],
  [
    'an over-long key',
    ['start', 'weather', '--partition', 'x'.repeat(256)],
    2,
    'usage',
    /longer than 255/,
    /one day/,
  ],
  [
    'duplicate keys in a file',
    ['start', 'weather', '--partitions-file', 'twice.txt'],
    2,
    'usage',
    /"2024-01-01" .*lines 1 and 3/,
    /once/,
  ],
  [
    'a file that is not there',
    ['start', 'weather', '--partitions-file', 'nowhere.txt'],
    2,
    'usage',
    /cannot read nowhere\.txt/,
    /one partition key on each line/,
  ],
  [
    'a key that a live job still has to do',
    ['start', 'weather', '--partition', '2024-06-02'],
    4,
    'not_allowed',
    /^job [0-9a-f]{8} \(pending\) already has 2024-06-02$/,
    /servo-tui cancel/,
  ],
  [
    'priority out of range',
    ['start', 'weather', '--partition', '2024-01-01', '--priority', '11'],
    2,
    'usage',
    /^invalid --priority "11"$/,
    /^expected a whole number from -10 to 10$/,
  ],
  [
    'deadline in the past',
    ['start', 'weather', '--partition', '2024-01-01', '--sla-deadline', '2024-01-01'],
    2,
    'usage',
    /2024-01-01T00:00:00\.000Z is in the past/,
    /later/,
  ],
  [
    'job prefix unknown',
    ['status', 'ffff'],
    3,
    'not_found',
    /^job ffff not found$/,
    /servo-tui list/,
  ],
  [
    'job prefix ambiguous',
    ['pause', 'abcd'],
    2,
    'usage',
    /"abcd" is ambiguous: abcd1111 \(weather, running\), abcd2222 \(weather, running\)/,
    /^give more characters of the id$/,
  ],
  ['job prefix too short', ['pause', 'abc'], 2, 'usage', /too short/, /servo-tui list/],
  ['no job id', ['pause', 'weather'], 2, 'usage', /"weather" is not a job id/, /servo-tui list/],
  [
    'an unknown state',
    ['list', '--state', 'runnning'],
    2,
    'usage',
    /^unknown state "runnning"$/,
    /did you mean running/,
  ],
  [
    'a limit that is none',
    ['list', '--limit', 'all'],
    2,
    'usage',
    /^invalid --limit "all": expected a whole number from 1 to 10000$/,
    null,
  ],
  [
    'an interval that is none',
    ['status', 'abcd1', '--watch', '--interval', '1'],
    2,
    'usage',
    /^invalid --interval "1": expected 100ms to 1h, e\.g\. 2s$/,
    null,
  ],
  [
    'missing handler directory',
    ['--worker', '--handlers', 'nowhere'],
    2,
    'usage',
    /cannot read the handler directory nowhere/,
    /--handlers DIR/,
  ],
  [
    'a handler of an unknown kind',
    ['--worker', '--handlers', 'odd'],
    2,
    'usage',
    /odd\/orders\.xlsx is not a handler$/,
    /\.sql/,
  ],
  [
    'a handler directory without handlers',
    ['--worker', '--handlers', 'none'],
    2,
    'usage',
    /none has no handlers/,
    /one file per asset/,
  ],
  [
    'no slots',
    ['--worker', '--slots', '0'],
    2,
    'usage',
    /^invalid --slots "0": expected a whole number/,
    null,
  ],
  [
    'no time to finish',
    ['--worker', '--grace', '30'],
    2,
    'usage',
    /^invalid --grace "30": expected a duration up to 24h, e\.g\. 30s or 5m$/,
    null,
  ],
];

describe('prints one line with a hint, exits with its code, and writes nothing', () => {
  test.each(bad)('%s', async (_, words, exit, code, message, hint) => {
    const line = words.map((word) =>
      /\.txt$|^(nowhere|odd|none)$/.test(word) ? join(folder, word) : word,
    );
    const before = await counted();
    const cleaned = (text: string) => text.replaceAll(`${folder}/`, '');
    const json = await run([...line, '--json'], variables);
    expect(json.code).toBe(exit);
    const error = errorDocument({ ...json, stderr: cleaned(json.stderr) });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    if (hint === null) expect(error.hint).toBeNull();
    else expect(error.hint).toMatch(hint);
    const text = await run(line, variables);
    expect([text.code, text.stdout]).toEqual([exit, '']);
    const said = hint === null ? error.message : `${error.message} — ${error.hint}`;
    expect(cleaned(text.stderr).trim().split('\n')).toEqual([said]);
    expect(await counted()).toBe(before);
  });
});

describe('the database', () => {
  test('none configured', async () => {
    for (const line of [['list'], [], ['pause', 'abcd1'], ['--worker']]) {
      const { code, stdout, stderr } = await run(line, { TENANT_ID: 'acme' });
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toBe(
        'no database: set DATABASE_URL, --context or --embedded, or try: servo-tui demo\n',
      );
    }
  });

  test('no tenant is an error, never an empty list', async () => {
    const { code, stdout, stderr } = await run(['list'], { DATABASE_URL: variables.DATABASE_URL! });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe('no tenant — set TENANT_ID, or give --tenant\n');
  });

  test('nothing listens: 5, without the password', async () => {
    const url = 'postgres://app:s3cret@127.0.0.1:1/servo';
    const ran = await run(['list', '--json', '--verbose'], { DATABASE_URL: url, TENANT_ID: 't' });
    expect(ran.code).toBe(5);
    expect(ran.stderr).toContain('cannot reach app@127.0.0.1:1/servo');
    expect(ran.stderr).not.toContain('s3cret');
  });

  test('an unknown host: 5', async () => {
    const { code, stderr } = await run(['list'], {
      DATABASE_URL: 'postgres://a@nowhere.invalid/d',
      TENANT_ID: 't',
    });
    expect(code).toBe(5);
    expect(stderr).toMatch(/cannot reach .*nowhere\.invalid.* — .*host/);
  });

  test('wrong password: 5, with the reason and without any password', async () => {
    const server = await refusing('28P01', 'password authentication failed for user "app"');
    const { code, stderr } = await run(['list'], {
      DATABASE_URL: `postgres://app:s3cret@127.0.0.1:${server.port}/servo`,
      TENANT_ID: 't',
    });
    server.close();
    expect(code).toBe(5);
    expect(stderr).toMatch(
      /^cannot reach app@127\.0\.0\.1:\d+\/servo: password authentication failed for user "app" — check the password/,
    );
    expect(stderr).not.toContain('s3cret');
  });

  test('missing schema: 6, naming migrate; nothing is migrated unasked', async () => {
    const env = { DATABASE_URL: urlOf(empty.superuser), TENANT_ID: 'acme' };
    for (const line of [['list'], ['start', 'a', '--partition', 'k'], ['status', 'abcd']]) {
      const { code, stderr } = await run(line, env);
      expect(code).toBe(6);
      expect(stderr).toMatch(/servo-tui migrate\n$/);
    }
    const check = await run(['migrate', '--check'], env);
    expect(check.code).toBe(6);
    expect(check.stdout).toContain('0001_contract');
  });

  test('a schema that requires a newer program: 6', async () => {
    await operator.sql(`update servo_schema set lowest_program = '99.0.0'`);
    const { code, stderr } = await run(['list'], variables);
    await operator.sql(`update servo_schema set lowest_program = '0.1.0'`);
    expect(code).toBe(6);
    expect(stderr).toMatch(/requires servo-tui 99\.0\.0 or newer/);
  });

  test.each([
    ['list --state runing --limt 3', ['list has no flag --limt', 'unknown state "runing"']],
    [
      'prune --older-than long --bogus',
      [
        'prune has no flag --bogus',
        'invalid --older-than "long": expected at least 1d, e.g. 30d or 12w',
      ],
    ],
    [
      '--worker --slots x --grace never --bogus',
      [
        '--worker has no flag --bogus',
        'invalid --slots "x": expected a whole number from 1 to 1000',
        'invalid --grace "never": expected a duration up to 24h, e.g. 30s or 5m',
      ],
    ],
    ['triage stuk --bogus', ['triage has no flag --bogus', 'unknown check "stuk"']],
  ])('%s: invalid values are reported with the other mistakes', async (line, messages) => {
    const ran = await run([...line.split(' '), '--json']);
    const [first, ...values] = messages;
    const { message } = errorDocument(ran);
    expect([ran.code, ran.stdout]).toEqual([2, '']);
    expect(message.startsWith(`${first}; no database: set DATABASE_URL`)).toBe(true);
    expect(message.endsWith(['; no tenant', ...values].join('; '))).toBe(true);
  });

  test('an invalid URL and a missing tenant are reported together, without the URL', async () => {
    const { code, stderr } = await run(['list'], { DATABASE_URL: 'mysql://app:s3cret@host/servo' });
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(stderr).not.toContain('s3cret');
  });
});

test('mistakes of the line and of the configuration are reported together', async () => {
  const { code, stderr } = await run(['pause', '--foo']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/pause has no flag --foo/);
  expect(stderr).toMatch(/pause: missing argument JOB/);
  expect(stderr).toMatch(/no database/);
  expect(stderr).toMatch(/no tenant/);
});

/** A server that refuses every login: the embedded one asks for no password. */
async function refusing(code: string, message: string): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => {
      const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
      const head = Buffer.alloc(5);
      head.write('E');
      head.writeInt32BE(fields.length + 4, 1);
      socket.end(Buffer.concat([head, fields]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
