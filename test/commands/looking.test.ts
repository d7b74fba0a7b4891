import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { documentOf, errorDocument, run, urlOf } from '../support/cli.ts';
import { Operator } from '../support/operator.ts';
import { handlerDirectory } from '../support/worker.ts';

let operator: Operator;
let variables: Record<string, string>;
let made = 0;

beforeAll(async () => {
  operator = await Operator.open();
  for (const asset of ['orders', 'clicks']) await operator.asset(asset, 'day');
  variables = {
    DATABASE_URL: urlOf(operator.database.app),
    TENANT_ID: 'acme',
    SERVO_ACTOR: 'mara',
  };
});
afterAll(() => operator.close());

const servo = (line: string) => run(line.split(' ').filter(Boolean), variables);
const read = async (schema: string, line: string) =>
  documentOf(schema, (await servo(`${line} --json`)).stdout);
const aJob = (columns: Record<string, unknown> = {}) =>
  operator.job({ asset: 'orders', partitions: [`a${made}`, `b${made++}`] }, columns);
const anExecutor = async (id: string, set?: string) => {
  await operator.sql(
    `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers) values ($1, 'acme', 'h', 1, '0.1.0', 4, '{orders}')`,
    [id],
  );
  if (set !== undefined)
    await operator.sql(`update backfill_executors set ${set} where id = $1`, [id]);
};
const aLog = (job: string, key: string, attempt: number, output: string) =>
  operator.sql(
    `insert into backfill_attempt_logs (job_id, partition_key, attempt, tenant_id, executor_id, output) values ($1, $2, $3, 'acme', 'h:1:x', $4)
     on conflict (job_id, partition_key, attempt, tenant_id) do update set output = excluded.output, at = clock_timestamp()`,
    [job, key, attempt, output],
  );

describe('limits', () => {
  test('are set, listed with what runs, changed and taken away', async () => {
    await aJob({ state: 'running' });
    expect((await servo('limits')).stdout).toBe('tenant acme has no limits on running jobs\n');
    expect((await servo('limits set --asset-type table 5')).code).toBe(0);
    expect((await servo('limits set --tenant-wide 0')).code).toBe(0);
    const { limits } = await read('limits', 'limits set --asset orders 1');
    expect(limits).toEqual([
      { scope: 'tenant', name: '', max_running: 0, running: 1 },
      { scope: 'asset_type', name: 'table', max_running: 5, running: 1 },
      { scope: 'asset', name: 'orders', max_running: 1, running: 1 },
    ]);
    expect((await servo('limits')).stdout).toContain('1 now (reached)');
    await servo('limits set --tenant-wide --none');
    await servo('limits set --asset orders 3');
    expect((await read('limits', 'limits')).limits).toMatchObject([
      { scope: 'asset_type' },
      { scope: 'asset', max_running: 3 },
    ]);
    await operator.sql('delete from backfill_limits');
  });

  test('mistakes are told together, and change nothing', async () => {
    for (const [line, words] of [
      ['limits set --asset orders', 'missing argument N'],
      ['limits set 3', 'missing scope'],
      ['limits set --asset orders --asset-type table 3', 'one scope only'],
      ['limits set --asset orders many', 'invalid number of jobs "many"'],
      ['limits set --asset orders 3 --none', 'invalid number of jobs "3"'],
      ['limits sett --asset orders 3', 'does not take "sett"'],
      ['limits --asset orders', 'missing argument set'],
    ] as const) {
      const { code, stderr } = await servo(line);
      expect([code, stderr], line).toEqual([2, expect.stringContaining(words)]);
    }
    expect(await operator.value('select count(*)::int from backfill_limits')).toBe(0);
  });

  test('of what is not there: 3, with the nearest; read-only: 4', async () => {
    const asset = await servo('limits set --asset ordres 3');
    expect([asset.code, asset.stderr]).toEqual([3, expect.stringContaining('mean orders?')]);
    const type = await servo('limits set --asset-type tabel 3');
    expect([type.code, type.stderr]).toEqual([3, expect.stringContaining('mean table?')]);
    expect((await servo('limits set --tenant-wide 3 --read-only')).code).toBe(4);
    expect((await servo('limits --read-only')).code).toBe(0);
  });
});

describe('explain', () => {
  test('for a person and for a script', async () => {
    const id = await aJob();
    const { code, stdout } = await servo(`explain ${id}`);
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe(
      `orders ${id.slice(0, 8)} (pending): no executor is running for this tenant — start one: servo-tui --worker`,
    );
    expect(await read('explain', `explain ${id.slice(0, 8)}`)).toMatchObject({
      clause: 'no_executor',
      facts: { id, executors: 0 },
    });
    expect((await servo('explain 00000000-0000-4000-8000-000000000000')).code).toBe(3);
  });
});

describe('executors', () => {
  test('none', async () => {
    expect((await servo('executors')).stdout).toContain('no executor is running for tenant acme');
  });

  test('in every state, with what each runs', async () => {
    await anExecutor('alive:1:x');
    await anExecutor('on_hold:1:x', `hold_reason = 'replication lags 90 s behind'`);
    await anExecutor('draining:1:x', 'draining_at = now()');
    await anExecutor('lost:1:x', 'lost_at = now()');
    await anExecutor('stopped:1:x', 'stopped_at = now()');
    await anExecutor('silent:1:x', `seen_at = now() - interval '1 minute'`);
    await anExecutor('gone:1:x', `seen_at = now() - interval '2 hours'`);
    const id = await aJob({ state: 'running' });
    await operator.sql(
      `update backfill_partitions set state = 'running', lease_owner = 'alive:1:x', lease_token = gen_random_uuid(), started_at = now(), attempt_count = 2
       where backfill_job_id = $1 and partition_key like 'a%'`,
      [id],
    );
    const { executors } = await read('executors', 'executors');
    const states = executors.map((one: { id: string; state: string }) => [
      one.id.split(':')[0],
      one.state,
    ]);
    for (const [name, state] of states) expect(name).toBe(state);
    expect(states).toHaveLength(6);
    const alive = executors.find((one: { state: string }) => one.state === 'alive');
    expect(alive).toMatchObject({ slots: 4, slots_busy: 1, handlers: ['orders'] });
    expect(alive.running).toMatchObject([{ job_id: id, asset_name: 'orders', attempt: 2 }]);
    const { stdout } = await servo('executors');
    expect(stdout).toContain(`runs orders ${id.slice(0, 8)}`);
    expect(stdout).toContain('on hold: replication lags 90 s behind');
    expect(stdout).toContain('1/4');
    await operator.sql('delete from backfill_executors');
  });
});

describe('events', () => {
  test('of one job and of all, the newest last', async () => {
    const [one, other] = [await aJob(), await aJob()];
    await operator.sql(`update backfill_jobs set state = 'running' where id = $1`, [one]);
    const { events } = await read('events', `events ${one}`);
    expect(events).toMatchObject([{ to_state: 'pending' }, { to_state: 'running' }]);
    const all = await read('events', 'events --limit 2');
    expect(all.events.map((event: { job_id: string }) => event.job_id)).toEqual([other, one]);
    expect((await servo('events')).stdout).toMatch(
      new RegExp(`\\d\\d:\\d\\d:\\d\\d {2}${one.slice(0, 8)} {2}pending → running {2}postgres`),
    );
    expect((await servo('events --limit 0')).code).toBe(2);
  });

  test('--follow: each once, a line each, until the job has ended', async () => {
    const id = await aJob();
    const following = servo(`events ${id} --follow --interval 100ms --json`);
    for (const state of ['running', 'paused', 'cancelled'])
      await operator.sql('update backfill_jobs set state = $2 where id = $1', [id, state]);
    const { code, stdout } = await following;
    expect(code).toBe(0);
    const states = stdout
      .trim()
      .split('\n')
      .map((line) => documentOf('events --follow', line).event.to_state);
    expect(states).toEqual(['pending', 'running', 'paused', 'cancelled']);
  });
});

describe('logs', () => {
  test('the newest attempt of each partition, or of one', async () => {
    const id = await aJob();
    const [a, b] = [`a${made - 1}`, `b${made - 1}`];
    expect((await servo(`logs ${id}`)).stdout).toBe('no output is stored of its attempts\n');
    await aLog(id, a, 1, 'first try');
    await aLog(id, a, 2, 'second try\n\x1b[31mred\x1b[0m\n');
    await aLog(id, b, 1, 'other');
    const { logs } = await read('logs', `logs ${id}`);
    expect(logs).toMatchObject([
      { partition_key: a, attempt: 2, executor_id: 'h:1:x' },
      { partition_key: b, attempt: 1, output: 'other' },
    ]);
    const { stdout } = await servo(`logs ${id} ${a} --utc`);
    expect(stdout).toMatch(/^== a\d+ {2}attempt 2 {2}\d{4}-\d\d-\d\d .*h:1:x\nsecond try\nred\n$/);
    const missing = await servo(`logs ${id} nowhere --json`);
    expect(missing.code).toBe(3);
    expect(errorDocument(missing).message).toContain('no partition nowhere');
  });

  test('--follow: what comes, until the job has ended; what has grown, not again', async () => {
    const id = await aJob({ state: 'running' });
    const key = `a${made - 1}`;
    await aLog(id, key, 1, 'one\n');
    const following = servo(`logs ${id} --follow --interval 100ms --json`);
    await aLog(id, key, 1, 'one\ntwo\n');
    await aLog(id, key, 2, 'again\n');
    await operator.sql(`update backfill_jobs set state = 'completed' where id = $1`, [id]);
    const { code, stdout } = await following;
    expect(code).toBe(0);
    const outputs = stdout
      .trim()
      .split('\n')
      .map((line) => documentOf('logs --follow', line).log.output);
    expect(outputs.at(-1)).toBe('again\n');
    expect(outputs.filter((text) => text.includes('one')).length).toBeLessThanOrEqual(1);
  });
});

describe('assets', () => {
  test('are listed, and synced from a handler directory without a worker', async () => {
    const directory = handlerDirectory({
      'weather.sql': 'select $1',
      'weather.toml': 'every = "day"\nparallel = 4\nupstreams = ["orders"]\n',
      'clicks.sql': 'select $1',
    });
    const synced = await read('assets sync', `assets sync --handlers ${directory}`);
    expect(synced).toMatchObject({ assets: ['clicks', 'weather'], added: ['weather'] });
    expect((await servo(`assets sync --handlers ${directory}`)).stdout).toBe(
      '2 assets known, 0 of them new\n',
    );
    const { assets } = await read('assets', 'assets');
    expect(assets.map((asset: { name: string }) => asset.name)).toEqual([
      'clicks',
      'orders',
      'weather',
    ]);
    expect(assets[2]).toMatchObject({
      asset_type: 'sql',
      granularity: 'day',
      defaults: { max_parallel: 4 },
      upstreams: ['orders'],
      shared: false,
    });
    expect((await servo('assets')).stdout).toMatch(/weather +sql +day +0 +0 +parallel 4 +orders/);
  });

  test('mistakes', async () => {
    const typo = await servo('assets snyc');
    expect([typo.code, typo.stderr]).toEqual([2, expect.stringContaining('did you mean sync?')]);
    expect((await servo('assets sync --handlers /nowhere')).code).toBe(2);
    expect((await servo('assets sync --handlers . --read-only')).code).toBe(4);
    expect((await servo('assets --handlers .')).code).toBe(2);
  });
});

test.each(['explain', 'executors', 'events', 'logs', 'limits', 'assets'])(
  '%s --help',
  async (name) => {
    const { code, stdout } = await run([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples\n[\s\S]* {2}servo-tui \w/);
  },
);

test('--ascii leaves nothing else', async () => {
  const id = await aJob({ state: 'running' });
  await anExecutor('ascii:1:x');
  for (const line of [
    `explain ${id}`,
    `set ${id} --priority 3`,
    'executors',
    'assets',
    'limits',
    'doctor',
    'events',
    `status ${id}`,
  ]) {
    const { code, stdout } = await servo(`${line} --ascii`);
    expect([code, stdout], line).toEqual([0, expect.stringMatching(/^[\x20-\x7e\n]+$/)]);
  }
  await operator.sql('delete from backfill_executors');
});
