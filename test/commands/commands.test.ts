import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonSchemas } from '../../source/commands/system/json-schemas.ts';
import { table } from '../../source/commands/table.ts';
import { documentOf, errorDocument, run, urlOf } from '../support/cli.ts';
import { Operator } from '../support/operator.ts';

let operator: Operator;
let variables: Record<string, string>;
let folder: string;

beforeAll(async () => {
  operator = await Operator.open();
  for (const asset of ['orders', 'clicks', 'weather']) await operator.asset(asset, 'day');
  variables = {
    DATABASE_URL: urlOf(operator.database.app),
    TENANT_ID: 'acme',
    SERVO_ACTOR: 'mara',
  };
  folder = mkdtempSync(join(tmpdir(), 'servo-commands-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await operator.close();
});

const servo = (line: string, input = '', more: Record<string, string> = {}) =>
  run(line.split(' ').filter(Boolean), { ...variables, ...more }, input);
const aRunning = async (key: string) =>
  operator.job({ asset: 'orders', partitions: [key] }, { state: 'running' });
const stateOf = (id: string) =>
  operator.value<string>('select state from backfill_jobs where id = $1', [id]);

describe('start', () => {
  test('creates the job, and prints it as JSON', async () => {
    const { code, stdout, stderr } = await servo(
      'start orders --start 2024-01-01 --end 2024-01-31 --parallel 4 --sla-deadline 2099-01-01 --json',
    );
    expect([code, stderr]).toEqual([0, '']);
    const { created, job, tenant_id } = documentOf('start', stdout);
    expect({ created, tenant_id }).toEqual({ created: true, tenant_id: 'acme' });
    expect(job).toMatchObject({
      state: 'pending',
      total_partitions: 31,
      created_by: 'mara',
      sla_deadline_at: '2099-01-01T00:00:00.000Z',
      execution_strategy: { type: 'parallel', max_parallel: 4 },
    });
  });

  test('echoes a deadline without a zone in UTC, for a person too', async () => {
    const { stdout } = await servo(
      'start clicks --partition 2024-01-01 --sla-deadline 2099-01-01T10:00',
    );
    expect(stdout).toContain('deadline 2099-01-01T10:00:00.000Z');
    expect(stdout).toMatch(/started clicks [0-9a-f-]{36}: 1 partition,/);
  });

  test('takes keys from several flags, from words, from a file and from stdin', async () => {
    const keysOf = async (line: string, input = '') => {
      const { stdout } = await servo(`start weather ${line} --json`, input);
      const { job } = documentOf('start', stdout);
      return job.total_partitions;
    };
    expect(await keysOf('--partition 2024-01-01 --partition 2024-01-02')).toBe(2);
    expect(await keysOf('--partition 2024-02-01 2024-02-02 2024-02-03')).toBe(3);
    const file = join(folder, 'keys.txt');
    writeFileSync(file, '2024-03-01\n2024-03-02\n');
    expect(await keysOf(`--partitions-file ${file}`)).toBe(2);
    expect(await keysOf('--partitions-file -', '2024-04-01\n')).toBe(1);
  });

  test('a dry run writes nothing, also in read-only mode', async () => {
    const before = await operator.value('select count(*)::int from backfill_jobs');
    const { code, stdout } = await servo(
      'start orders --start 2030 --end 2030 --dry-run --read-only --json',
    );
    expect(code).toBe(0);
    expect(documentOf('start', stdout)).toMatchObject({
      created: false,
      job: null,
      plan: { total_partitions: 365, first_key: '2030-01-01', last_key: '2030-12-31' },
    });
    expect((await servo('start orders --start 2030 --end 2030 --dry-run')).stdout).toContain(
      '365 partitions',
    );
    expect(await operator.value('select count(*)::int from backfill_jobs')).toBe(before);
  });

  test('a repeated idempotency key gives the same job', async () => {
    const line = 'start clicks --partition 2031-01-01 --idempotency-key again --json';
    const first = documentOf('start', (await servo(line)).stdout);
    const second = documentOf('start', (await servo(line)).stdout);
    expect([first.created, second.created]).toEqual([true, false]);
    expect(second.job.id).toBe(first.job.id);
  });

  test('the command lines of the runbook work as printed', async () => {
    const started = await servo(
      'backfill start clicks --partition 2032-01-01 --priority 10 --sla-deadline 2099-01-17T00:00:00Z --json',
    );
    const { job } = documentOf('start', started.stdout);
    expect((await servo(`backfill status ${job.id}`)).stdout).toContain('pending');
    expect((await servo('backfill list --status running')).code).toBe(0);
    expect((await servo('backfill list --state running')).code).toBe(0);
    await operator.sql(`update backfill_jobs set state = 'running' where id = $1`, [job.id]);
    expect((await servo(`backfill pause ${job.id}`)).code).toBe(0);
    expect((await servo(`backfill resume ${job.id}`)).code).toBe(0);
    const reason = ['cancel', job.id, '--reason', 'SLA at risk - recreating with higher priority'];
    expect((await run(['backfill', ...reason], variables)).code).toBe(0);
    expect(await stateOf(job.id)).toBe('cancelled');
  });
});

describe('list', () => {
  test('as JSON, alone and as a command', async () => {
    for (const [schema, line] of [
      ['console', '--json'],
      ['list', 'list --json'],
    ] as const) {
      const { code, stdout } = await servo(line);
      expect(code).toBe(0);
      const document = documentOf(schema, stdout);
      expect(document.tenant_id).toBe('acme');
      expect(document.jobs.length).toBeGreaterThan(1);
      expect(stdout.split('\n')).toHaveLength(2);
    }
  });

  test('without a terminal servo-tui is list', async () => {
    const [alone, list] = [await servo('--utc'), await servo('list --utc')];
    expect(alone.stdout.split('\n')[0]).toBe(list.stdout.split('\n')[0]);
    expect(alone.stdout).toMatch(/STATE +ASSET +PROGRESS/);
  });

  test('by state and asset', async () => {
    await aRunning('2040-01-01');
    const { stdout } = await servo('list --state running --asset or* --json');
    const { jobs } = documentOf('list', stdout);
    expect(jobs.length).toBeGreaterThan(0);
    for (const job of jobs) expect(job).toMatchObject({ state: 'running', asset_name: 'orders' });
    expect(documentOf('list', (await servo('list --limit 1 --json')).stdout)).toMatchObject({
      truncated: true,
    });
  });

  test('by the filter of the console, and in the order of any column', async () => {
    await aRunning('2040-01-02');
    const { stdout } = await servo('list state:running orders !clicks --sort=-priority --json');
    const { jobs } = documentOf('list', stdout);
    expect(jobs.length).toBeGreaterThan(0);
    for (const job of jobs) expect(job).toMatchObject({ state: 'running', asset_name: 'orders' });
    const priorities = jobs.map(({ priority }: { priority: number }) => priority);
    expect(priorities).toEqual(priorities.toSorted((a: number, b: number) => b - a));
    const wrong = await servo('list stat:running --sort prio');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('did you mean state:?');
    expect(wrong.stderr).toContain('did you mean priority?');
    const missing = await servo('list sla:later-than:ffffffff');
    expect(missing).toMatchObject({ code: 3, stdout: '' });
    expect(missing.stderr).toContain('job ffffffff not found');
  });

  test('in ASCII', async () => {
    expect((await servo('list --ascii')).stdout).toMatch(/^[\x20-\x7e\n]+$/);
    expect((await servo('list')).stdout).not.toMatch(/^[\x20-\x7e\n]+$/);
  });

  test('escape sequences from the database never reach the terminal', async () => {
    const id = await aRunning('2040-02-01');
    await operator.sql(
      'update backfill_jobs set error_message = $2, asset_name = $3 where id = $1',
      [id, 'a\x1b]0;owned\x07b\x1b[2J', 'evil\x1b[31m'],
    );
    for (const line of ['list', `status ${id}`])
      expect((await servo(line)).stdout).not.toMatch(/[\x1b\x07]/);
    const paused = await servo(`pause ${id}`);
    expect(paused.stdout + (await servo(`pause ${id}`)).stderr).not.toMatch(/[\x1b\x07]/);
    const refused = await servo(`retry ${id} --verbose`);
    expect(refused.stderr).toMatch(/^evil\S* [0-9a-f]{8} has no failed partitions/);
    expect(refused.stderr).not.toMatch(/[\x1b\x07]/);
  });
});

describe('status', () => {
  test('of one job, by id and by prefix', async () => {
    const id = await aRunning('2041-01-01');
    for (const reference of [id, id.slice(0, 8)]) {
      const { code, stdout } = await servo(`status ${reference} --json`);
      expect(code).toBe(0);
      expect(documentOf('status', stdout).job).toMatchObject({ id, state: 'running' });
    }
    const { stdout } = await servo(`status ${id}`);
    expect(stdout).toContain(id);
    expect(stdout).toContain('● running');
  });

  test('of a failed job is 0, and groups what failed', async () => {
    const id = await operator.job(
      { asset: 'orders', start: '2042-01-01', end: '2042-01-04' },
      { state: 'running' },
    );
    await operator.sql(
      `update backfill_partitions set state = 'failed', available_at = 'infinity', error_message = 'differs by ' || partition_key where backfill_job_id = $1`,
      [id],
    );
    await operator.sql(
      `update backfill_jobs set state = 'failed', failed_partitions = 4 where id = $1`,
      [id],
    );
    const { code, stdout, stderr } = await servo(`status ${id}`);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/4 × differs by …: 2042-01-01, 2042-01-02/);
    // Was: "eta  after 19s".
    expect(stdout).toMatch(/^ended {8}\S/m);
    expect(stdout).not.toMatch(/^eta/m);
  });

  test('--watch: a document a line for each change, until the job has ended', async () => {
    const id = await operator.job(
      { asset: 'orders', partitions: ['2043-01-01', '2043-01-02'] },
      { state: 'running' },
    );
    const watching = servo(`status ${id} --watch --interval 100ms --json`);
    const ended = operator.sql(
      `update backfill_jobs set completed_partitions = 2, state = 'completed' where id = $1`,
      [id],
    );
    const { code, stdout } = await watching;
    await ended;
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => documentOf('status --watch', line));
    expect(lines.at(-1)!.job).toMatchObject({ state: 'completed', completed_partitions: 2 });
  });

  test('C8: --watch takes several jobs, and exits by how they ended', async () => {
    const ended = (state: string, key: string) =>
      operator.job({ asset: 'orders', partitions: [key] }, { state });
    const [completed, cancelled, failed] = [
      await ended('completed', '2043-02-01'),
      await ended('cancelled', '2043-02-02'),
      await ended('failed', '2043-02-03'),
    ];
    const rows: [jobs: string[], code: number][] = [
      [[completed], 0],
      [[cancelled], 9],
      [[failed], 9],
      [[completed, failed], 9],
    ];
    for (const [jobs, code] of rows) {
      const ran = await servo(`status ${jobs.join(' ')} --watch`);
      // One that has ended is printed once.
      expect([ran.code, ran.stdout.trim().split('\n')]).toEqual([
        code,
        jobs.map((id) => expect.stringContaining(jobs.length > 1 ? id.slice(0, 8) : '')),
      ]);
    }
    // None of them ends it before all have.
    const running = await aRunning('2043-02-04');
    const watching = servo(`status ${failed} ${running} --watch --interval 100ms --json`);
    await operator.sql(`update backfill_jobs set state = 'completed' where id = $1`, [running]);
    const { code, stdout } = await watching;
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => documentOf('status --watch', line).job);
    expect(code).toBe(9);
    expect(lines.find(({ id }) => id === failed)).toMatchObject({ state: 'failed' });
    expect(lines.findLast(({ id }) => id === running)).toMatchObject({ state: 'completed' });
    expect((await servo(`status ${failed} ${completed}`)).code).toBe(2);
  });
});

describe('pause, resume, cancel', () => {
  test('one job each', async () => {
    const id = await aRunning('2044-01-01');
    const pausing = await servo(`pause ${id} --json --reason maintenance`);
    expect(pausing.code).toBe(0);
    expect(documentOf('pause', pausing.stdout).results).toMatchObject([
      { id, result: 'applied', state: 'paused' },
    ]);
    const resuming = await servo(`resume ${id.slice(0, 8)} --json`);
    expect(documentOf('resume', resuming.stdout).results).toMatchObject([
      { id, state: 'resuming' },
    ]);
    const cancelling = await servo(`cancel ${id} --reason done --json`);
    expect(documentOf('cancel', cancelling.stdout).results).toMatchObject([
      { id, state: 'cancelled' },
    ]);
    const events = await operator.sql(
      `select to_state, actor, reason from backfill_events where job_id = $1 and actor = 'mara' and to_state <> 'pending' order by id`,
      [id],
    );
    expect(events).toEqual([
      { to_state: 'paused', actor: 'mara', reason: 'maintenance' },
      { to_state: 'resuming', actor: 'mara', reason: null },
      { to_state: 'cancelled', actor: 'mara', reason: 'done' },
    ]);
  });

  test('cancel skips the partitions if no executor is running', async () => {
    const id = await operator.job({ asset: 'orders', start: '2045-01-01', end: '2045-12-31' });
    await servo(`cancel ${id} --reason enough`);
    expect(
      await operator.value('select skipped_partitions from backfill_jobs where id = $1', [id]),
    ).toBe(365);
  });

  test('not allowed: 4, with the actor of the last change and what to do', async () => {
    const id = await aRunning('2046-01-01');
    await run(['pause', id, '--reason', 'db maintenance'], variables);
    const again = await servo(`pause ${id}`);
    expect([again.code, again.stdout]).toEqual([4, '']);
    const short = id.slice(0, 8);
    expect(again.stderr).toMatch(
      new RegExp(
        `^cannot pause ${short} \\(already paused \\d+s ago by mara: "db maintenance"\\) — resume it: servo-tui resume ${short}\\n$`,
      ),
    );
    const error = errorDocument(await servo(`pause ${id} --json`));
    expect(error).toMatchObject({
      code: 'not_allowed',
      hint: `resume it: servo-tui resume ${short}`,
    });
  });

  test('several need --yes; each has a result, and 7 means that not all were applied', async () => {
    const [a, b] = [await aRunning('2047-01-01'), await aRunning('2047-01-02')];
    await servo(`pause ${b}`);
    const asked = await servo(`pause ${a} ${b} --json`);
    expect(asked.code).toBe(2);
    expect(errorDocument(asked).hint).toBe('--yes');
    expect(await stateOf(a)).toBe('running');
    const { code, stdout } = await servo(`pause ${a} ${b} --yes --json`);
    expect(code).toBe(7);
    expect(documentOf('pause', stdout).results).toMatchObject([
      { id: a, result: 'applied', state: 'paused' },
      { id: b, result: 'skipped', state: 'paused' },
    ]);
    expect((await servo(`resume ${a} ${b} --yes`)).code).toBe(0);
  });

  test('if one of several is not found, none is changed', async () => {
    const id = await aRunning('2048-01-01');
    const { code } = await servo(`pause ${id} 00000000-0000-4000-8000-000000000000 --yes`);
    expect(code).toBe(3);
    expect(await stateOf(id)).toBe('running');
  });

  test('a cancel without a reason never prompts a script', async () => {
    const id = await aRunning('2049-01-01');
    for (const line of [`cancel ${id}`, `cancel ${id} --json`]) {
      const { code, stderr } = await servo(line, 'because\n');
      expect(code).toBe(2);
      expect(stderr).toContain('--reason');
    }
    expect(await stateOf(id)).toBe('running');
  });
});

describe('read-only', () => {
  test('refuses what writes, and reads', async () => {
    const id = await aRunning('2050-01-01');
    const { code, stderr } = await servo(`pause ${id} --read-only`);
    expect(code).toBe(4);
    expect(stderr).toContain('read-only');
    expect((await servo(`pause ${id}`, '', { SERVO_READ_ONLY: '1' })).code).toBe(4);
    expect(await stateOf(id)).toBe('running');
    expect((await servo(`status ${id} --read-only`)).code).toBe(0);
  });
});

describe('migrate', () => {
  const superuser = () => ({ DATABASE_URL: urlOf(operator.database.superuser) });

  test('of a current database does nothing, and needs no tenant', async () => {
    const { code, stdout } = await run(['migrate', '--json'], superuser());
    expect(code).toBe(0);
    expect(documentOf('migrate', stdout)).toMatchObject({ pending: [], applied: [] });
    expect((await run(['migrate', '--check'], superuser())).code).toBe(0);
    expect((await run(['migrate', '--check', '--print'], superuser())).code).toBe(2);
    expect((await run(['migrate', '--read-only'], superuser())).code).toBe(4);
  });
});

describe('env', () => {
  test('is for a shell: the URL has the tenant and no password', async () => {
    const url = 'postgres://app:s3cr%20et@db.example:6432/servo';
    const plain = await run(['env'], { DATABASE_URL: url, TENANT_ID: "o'brien & sons" });
    expect(plain.code).toBe(0);
    expect(plain.stdout + plain.stderr).not.toMatch(/s3cr/);
    expect(plain.stderr).toContain('--password');
    expect(plain.stdout).toContain(`export TENANT_ID='o'\\''brien & sons'`);
    const full = await run(['env', '--password', '--json'], { DATABASE_URL: url, TENANT_ID: 't' });
    const { database_url } = documentOf('env', full.stdout);
    expect(database_url).toBe(
      'postgres://app:s3cr%20et@db.example:6432/servo?options=-c%20app.current_tenant%3Dt',
    );
  });

  test("the runbook's SQL sees the tenant's jobs through it, and so does servo-tui", async () => {
    await aRunning('2051-01-01');
    const { stdout } = await servo('env --password --json');
    const { database_url } = documentOf('env', stdout);
    const { default: pg } = await import('pg');
    const client = new pg.Client(database_url);
    await client.connect();
    const { rows } = await client.query(
      `select count(*)::int as count from backfill_jobs where state = 'running'`,
    );
    await client.end();
    expect(rows[0].count).toBeGreaterThan(0);
    expect((await run(['list'], { DATABASE_URL: database_url, TENANT_ID: 'acme' })).code).toBe(0);
  });
});

describe('embedded', () => {
  test('status, as JSON and for a person', async () => {
    const { code, stdout } = await run(['embedded', 'status', '--json']);
    expect(code).toBe(0);
    expect(documentOf('embedded', stdout).state).toMatch(/running|stopped|absent/);
    expect((await run(['embedded', 'status'])).stdout).toContain('state');
  });

  test('reset asks for confirmation; an unknown word gets the nearest', async () => {
    const home = { SERVO_EMBEDDED_HOME: join(folder, 'none') };
    expect((await run(['embedded', 'reset'], home)).code).toBe(2);
    const { code, stderr } = await run(['embedded', 'statsu'], home);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean status?');
  });
});

describe('schema', () => {
  test('each is checked against the program’s output by some test', async () => {
    const tests = join(import.meta.dirname, '..');
    const files = readdirSync(tests, { recursive: true, encoding: 'utf8' });
    const text = files
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(tests, name), 'utf8'))
      .join('\n');
    // `servo-tui --json` and `list --json` stand in a table.
    const held = [
      ...text.matchAll(/(?:documentOf|read)\(\s*'([^']+)'|^ +\['(console)', '--json'\]/gm),
    ];
    const names = new Set(held.flatMap(([, ...found]) => found));
    expect(Object.keys(await jsonSchemas(table)).filter((name) => !names.has(name))).toEqual([]);
  });

  test('publishes one for every command', async () => {
    const { stdout } = await run(['schema']);
    const names = Object.keys(JSON.parse(stdout));
    const published = join(import.meta.dirname, '../../dist/json-schema.json');
    expect(readFileSync(published, 'utf8')).toBe(stdout);
    const all = table.named.map(({ spec }) => spec.name).filter((name) => name !== 'schema');
    for (const name of [...all, 'error']) expect(names).toContain(name);
    expect((await run(['schema', 'lits'])).stderr).toContain('did you mean list?');
  });
});
