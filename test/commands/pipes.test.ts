import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { binary, environment, run, urlOf } from '../support/cli.ts';
import { Operator } from '../support/operator.ts';
import { waitFor } from '../support/wait-for.ts';

let operator: Operator;
let variables: Record<string, string>;
beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders');
  await operator.sql(
    `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state)
     select 'acme', id, name, i::text, 'completed' from assets, generate_series(1, 5000) i`,
  );
  variables = { DATABASE_URL: urlOf(operator.database.app), TENANT_ID: 'acme' };
});
afterAll(() => operator.close());

const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, [binary, ...args], { env: environment(variables) });
const endOf = async (child: ChildProcess) => {
  let stderr = '';
  child.stderr!.on('data', (chunk) => (stderr += chunk));
  const [code, signal] = await once(child, 'close');
  return { code, signal, stderr };
};

test('a reader that closes the pipe, as head -1 does, ends it without an error', async () => {
  for (const args of [
    ['list', '--limit', '5000'],
    ['list', '--limit', '5000', '--json'],
  ]) {
    const child = start(...args);
    child.stdout!.once('data', () => child.stdout!.destroy());
    expect(await endOf(child)).toEqual({ code: 0, signal: null, stderr: '' });
  }
});

test('a reader that never reads ends it without an error too', async () => {
  const child = start('list', '--limit', '5000', '--json');
  child.stdout!.destroy();
  expect(await endOf(child)).toEqual({ code: 0, signal: null, stderr: '' });
});

test('a watch ends when its reader has gone', async () => {
  const id = await operator.job({ asset: 'orders', partitions: ['watched'] }, { state: 'running' });
  const child = start('status', id, '--watch', '--interval', '100ms', '--json');
  const ended = endOf(child);
  await once(child.stdout!, 'data');
  child.stdout!.destroy();
  // It notices at its next line.
  await waitFor('the end of the watch', async () => {
    if (child.exitCode !== null) return true;
    await operator.sql(
      'update backfill_jobs set completed_partitions = completed_partitions + 1 where id = $1',
      [id],
    );
    return false;
  });
  expect(await ended).toEqual({ code: 0, signal: null, stderr: '' });
});

test('all of a long document comes through a pipe', async () => {
  const { stdout } = await run(['list', '--limit', '5000', '--json'], variables);
  expect(JSON.parse(stdout).jobs).toHaveLength(5000);
});

test('C6: a failed print is neither a failed action nor an internal error', async () => {
  const onFullDisk = async (...args: string[]) => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [binary, ...args], {
      env: environment(variables),
      stdio: ['ignore', full, 'pipe'],
    });
    const ended = await endOf(child);
    closeSync(full);
    expect(ended.stderr).toMatch(/ENOSPC/);
    expect(ended.stderr).not.toMatch(/internal|fault|report/);
    return ended;
  };
  for (const looking of ['list', 'status --help', '--version', 'schema'])
    expect(await onFullDisk(...looking.split(' '))).toMatchObject({
      code: 11,
      stderr: expect.stringMatching(/^cannot write to stdout/),
    });
  const started = await onFullDisk('start', 'orders', '--partition', 'full', '--any-key');
  expect(started.code).toBe(11);
  // Without its id the job could not be found.
  expect(started.stderr).toMatch(/started orders [0-9a-f-]{36}/);
  for (const json of [[], ['--json']]) {
    const [id, unread] = [
      await operator.job({ asset: 'orders', partitions: ['disk'] }, { state: 'running' }),
      await operator.job({ asset: 'orders', partitions: ['pipe'] }, { state: 'running' }),
    ];
    const { code, stderr } = await onFullDisk('cancel', id, '--reason', 'r', ...json);
    expect([code, stderr]).toEqual([
      11,
      expect.stringMatching(/done, but the result cannot be written/),
    ]);
    expect(stderr).toMatch(/cancelled/);
    const child = start('cancel', unread, id, '--yes', '--reason', 'r', ...json);
    child.stdout!.destroy();
    // One of two was cancelled already.
    expect(await endOf(child)).toEqual({ code: 7, signal: null, stderr: '' });
    const states = await operator.sql<{ state: string }>(
      'select state from backfill_jobs where id = any($1)',
      [[id, unread]],
    );
    expect(states).toEqual([{ state: 'cancelled' }, { state: 'cancelled' }]);
  }
});

test('Ctrl-C ends a watch as an interrupt', async () => {
  const id = await operator.job(
    { asset: 'orders', partitions: ['interrupted'] },
    { state: 'running' },
  );
  const child = start('status', id, '--watch');
  const ended = endOf(child);
  await once(child.stdout!, 'data');
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ signal: 'SIGINT' });
});

test('a watch waits for a database that becomes unreachable, and continues when it is back', async () => {
  const id = await operator.job({ asset: 'orders', partitions: ['away'] }, { state: 'running' });
  const child = start('status', id, '--watch', '--interval', '100ms', '--json');
  let seen = '';
  child.stdout!.on('data', (chunk) => (seen += chunk));
  const ended = endOf(child);
  await waitFor('the first line', () => seen.includes('\n'));
  await operator.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'servo-tui'`,
  );
  await operator.sql(`update backfill_jobs set state = 'completed' where id = $1`, [id]);
  expect(await ended).toEqual({ code: 0, signal: null, stderr: '' });
  expect(JSON.parse(seen.trim().split('\n').at(-1)!).job.state).toBe('completed');
});

// Was: what was wrong with the values was looked for first, and stdin was read to its end.
test.each([
  ['start', 'orders', '--partitions-file', '-'],
  ['apply', '-'],
])('a missing database is reported before stdin ends: %s %s %s %s', async (...args) => {
  const child = spawn(process.execPath, [binary, ...args], { env: environment() });
  try {
    const { code, stderr } = await endOf(child);
    expect([code, stderr]).toEqual([2, expect.stringContaining('no database')]);
  } finally {
    child.kill();
  }
});
