import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentOf, run, urlOf } from '../support/cli.ts';
import { Operator } from '../support/operator.ts';

let operator: Operator;
let folder: string;

beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders');
  folder = mkdtempSync(join(tmpdir(), 'servo-settings-'));
  mkdirSync(join(folder, 'servo-tui'));
  const url = urlOf(operator.database.app);
  writeFileSync(
    join(folder, 'servo-tui', 'config.toml'),
    `[here]\ndatabase_url = "${url}"\ntenant = "acme"\n[look]\ndatabase_url = "${url}"\ntenant = "acme"\nread_only = true\n`,
    // The URL may hold a password, which others may not read.
    { mode: 0o600 },
  );
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await operator.close();
});

/** Nothing listens there: a command that uses it has ignored its settings. */
const elsewhere = {
  DATABASE_URL: 'postgres://u:s3cret@127.0.0.1:1/other',
  PGPASSWORD: 'x',
  TENANT_ID: 'other',
};

test('a context is exclusive, and stderr names ignored variables', async () => {
  const { code, stdout, stderr } = await run(['list', '--context', 'here', '--json'], {
    ...elsewhere,
    XDG_CONFIG_HOME: folder,
  });
  expect(code).toBe(0);
  expect(documentOf('list', stdout).tenant_id).toBe('acme');
  expect(stderr).toBe('context here is used: ignoring DATABASE_URL, TENANT_ID\n');
});

test('only --tenant overrides a context', async () => {
  const { stdout } = await run(['list', '--context', 'here', '--tenant', 'globex', '--json'], {
    SERVO_TENANT: 'other',
    XDG_CONFIG_HOME: folder,
  });
  expect(documentOf('list', stdout).tenant_id).toBe('globex');
});

test('a read-only context refuses what writes', async () => {
  const env = { XDG_CONFIG_HOME: folder, SERVO_CONTEXT: 'look' };
  const id = await operator.job({ asset: 'orders', partitions: ['k'] }, { state: 'running' });
  expect((await run(['pause', id], env)).code).toBe(4);
  expect((await run(['status', id], env)).code).toBe(0);
});

test('an unknown context gets the nearest', async () => {
  const { code, stderr } = await run(['list', '--context', 'heer'], { XDG_CONFIG_HOME: folder });
  expect(code).toBe(2);
  expect(stderr).toMatch(/unknown context "heer" .* did you mean here\?/);
});

test('--embedded starts and migrates its own database, and ignores the environment', async () => {
  const { code, stdout, stderr } = await run(['list', '--embedded', '--json'], {
    ...elsewhere,
    TENANT_ID: '',
  });
  expect(code).toBe(0);
  expect(documentOf('list', stdout)).toMatchObject({ tenant_id: 'local', jobs: [] });
  expect(stderr).toBe('--embedded is used: ignoring DATABASE_URL, PGPASSWORD\n');
  expect((await run(['list'], { SERVO_EMBEDDED: '1' })).stdout).toBe(
    'no jobs found for tenant "local": check the name. This is not an all-clear\n',
  );
});

test('the journal records the name of --actor', async () => {
  const env = { DATABASE_URL: urlOf(operator.database.app), TENANT_ID: 'acme' };
  const actorOf = async (more: Record<string, string>, ...args: string[]) => {
    const id = await operator.job(
      { asset: 'orders', partitions: [`a${args.length}${Object.keys(more)}`] },
      { state: 'running' },
    );
    await run(['pause', id, ...args], { ...env, ...more });
    return operator.value(
      'select actor from backfill_events where job_id = $1 order by id desc limit 1',
      [id],
    );
  };
  expect(await actorOf({ SERVO_ACTOR: 'ann', SUDO_USER: 'sue' }, '--actor', 'mara')).toBe('mara');
  expect(await actorOf({ SERVO_ACTOR: 'ann', SUDO_USER: 'sue' })).toBe('ann');
  expect(await actorOf({ SUDO_USER: 'sue' })).toBe('sue');
  expect(await actorOf({})).toMatch(/^.+@.+$/);
});
