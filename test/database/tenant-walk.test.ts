import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Io } from '../../source/cli/io.ts';
import { write } from '../../source/cli/writer.ts';
import { openDatabase } from '../../source/database/database.ts';
import { elect } from '../../source/database/queries/elect.ts';
import {
  declareDead,
  rescueJob,
  sampleJobs,
} from '../../source/database/queries/executor-calls.ts';
import {
  failUnstarted,
  readForExpansion,
  waitForUpstreams,
} from '../../source/database/queries/expand-job.ts';
import { readClock } from '../../source/database/queries/read-clock.ts';
import { readDurations } from '../../source/database/queries/read-durations.ts';
import { readFigures } from '../../source/database/queries/read-figures.ts';
import { readFinished } from '../../source/database/queries/read-finished.ts';
import { readRunTime } from '../../source/database/queries/read-run-time.ts';
import { tenantNames } from '../../source/database/queries/read-tenants.ts';
import { isAnythingVisible } from '../../source/database/queries/read-visibility.ts';
import { messageOf } from '../../source/errors.ts';
import { getPartition } from '../../source/operations/jobs/get-partition.ts';
import { holdDialog, leaveDialog } from '../../source/operations/jobs/hold-dialog.ts';
import { Backfills, functionHandler, keys } from '../support/backfill.ts';
import { environment, urlOf } from '../support/cli.ts';
import { runInProcess } from '../support/commands.ts';

const folder = resolve(import.meta.dirname, '../../source/database/queries');
/** In every text of acme's that can be read. */
const marked = 'secret';

type Statement = { text: string; values: unknown[]; files: Set<string> };

/** All that acme's commands and executor ask the database, once each. */
const asked = new Map<string, Statement>();
const refused: string[] = [];
let backfills: Backfills;
let handlers: string;
let superuser: pg.Client;
let application: pg.Client;

const { query } = pg.Client.prototype;
const { query: poolQuery } = pg.Pool.prototype;

function record(...args: unknown[]): void {
  const [first, second] = args as [string | { text?: string; values?: unknown[] }, unknown];
  const text = typeof first === 'string' ? first : first?.text;
  const given = Array.isArray(second) ? second : typeof first === 'object' ? first?.values : [];
  const files = [...(new Error().stack ?? '').matchAll(/database\/queries\/([\w/-]+\.ts)/g)];
  if (text === undefined || files.length === 0) return;
  const known = asked.get(text) ?? { text, values: given ?? [], files: new Set() };
  for (const [, file] of files) known.files.add(file!);
  asked.set(text, known);
}

beforeAll(async () => {
  Error.stackTraceLimit = 50;
  handlers = mkdtempSync(join(tmpdir(), 'servo-walk-'));
  writeFileSync(join(handlers, 'secret_late.sql'), 'select 1');
  backfills = await Backfills.open();
  superuser = new pg.Client(backfills.database.superuser);
  application = new pg.Client(backfills.database.app);
  await Promise.all([superuser.connect(), application.connect()]);
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    record(...args);
    return (query as (...all: unknown[]) => unknown).apply(this, args);
  } as typeof query;
  // Where it has to wait for a connection, who asks is seen here only.
  pg.Pool.prototype.query = function (this: pg.Pool, ...args: unknown[]) {
    record(...args);
    return (poolQuery as (...all: unknown[]) => unknown).apply(this, args);
  } as typeof poolQuery;
  await workAsAcme();
  restore();
});
afterAll(async () => {
  restore();
  await Promise.all([superuser.end(), application.end()]);
  await backfills.close();
  rmSync(handlers, { recursive: true });
});

function restore(): void {
  pg.Client.prototype.query = query;
  pg.Pool.prototype.query = poolQuery;
}

async function workAsAcme(): Promise<void> {
  const columns = { created_by: marked };
  const parallel = { strategy: { type: 'parallel', max_parallel: 3 }, columns };
  const executor = await backfills.execute([
    functionHandler('secret_orders', () => undefined),
    functionHandler('secret_broken', () => ({ kind: 'fatal', message: marked })),
  ]);
  const done = await backfills.job({ asset: 'secret_orders', keys: keys(5), ...parallel });
  const broken = await backfills.job({ asset: 'secret_broken', keys: keys(3), ...parallel });
  await Promise.all([
    backfills.state(done, 'completed'),
    backfills.state(broken, 'failed', 'completed'),
  ]);
  await executor.abort();
  const make = (state: string) =>
    backfills.job({
      asset: 'secret_orders',
      keys: [`${state}${Math.random()}`],
      columns: { ...columns, state },
    });
  const jobs = await Promise.all(
    ['running', 'paused', 'pending', 'running', 'running', 'running'].map(make),
  );
  const [running, paused, pending, other, third, fourth] = jobs;
  await backfills.rows(
    `update backfill_jobs set heartbeat_at = now() - interval '1 hour', sla_deadline_at = now() + interval '1 hour',
       started_at = now() - interval '2 hours', avg_partition_duration_ms = 1000 where state = 'running'`,
  );
  for (const line of [
    'list',
    'list asset:secret* !x --sort priority',
    `status ${running}`,
    `status ${running!.slice(0, 8)}`,
    `explain ${running}`,
    `explain ${pending}`,
    'triage',
    `triage --job ${running}`,
    'risk',
    `risk ${running}`,
    `advise ${running}`,
    'alerts',
    'executors',
    'events',
    `events ${running}`,
    `logs ${broken}`,
    'limits set --asset-type function 3',
    'limits set --asset secret_orders 3',
    'limits',
    'limits set --asset-type function --none',
    'assets',
    `assets sync --handlers ${handlers}`,
    'doctor --invariants',
    `export ${broken}`,
    'handoff',
    'review',
    'plan pause state:running',
    'start secret_orders --partition 2024-01-01 --include-upstream --idempotency-key secret',
    'start secret_orders --partition 2024-01-01 --include-upstream --idempotency-key secret',
    `pause ${running}`,
    `resume ${paused}`,
    `reclaim ${other}`,
    `set ${other} --priority 3 --deadline +3h`,
    `retry ${broken} --reason again`,
    `recreate ${third} --reason ${marked}`,
    `cancel ${fourth} --reason ${marked}`,
    'start secret_orders --partition 2024-02-01 --dry-run',
    'prune --older-than 1d --dry-run',
    'completion words',
  ])
    await servo(line).catch((error) => refused.push(`${line}: ${messageOf(error)}`));
  await askTheRest(broken, pending!);
}

/** What only a screen, the exporter or a duty of the executor asks. */
async function askTheRest(broken: string, pending: string): Promise<void> {
  const db = openDatabase(backfills.database.app);
  await getPartition(db, 'acme', broken, 'k00001');
  await readRunTime(db, 'acme', broken);
  // Duties that the executor above may not have come to in its short life.
  await rescueJob(db, { tenant: 'acme', job: broken, actor: marked, stale_ms: 120_000 });
  await sampleJobs(db, 'acme', [broken]);
  await declareDead(db, { tenant: 'acme', owner: marked, silence_ms: 60_000 });
  const dialog = { console_id: randomUUID(), actor: marked, host: marked, action: 'pause' };
  for (const renew of [false, true])
    await holdDialog(
      db,
      { tenant: 'acme', actor: marked },
      { ...dialog, job_ids: [broken] },
      renew,
    );
  await leaveDialog(db, { tenant: 'acme', actor: marked }, randomUUID());
  await elect(db, { tenants: ['acme'], duty: marked, holder: marked, lease_ms: 60_000 });
  await db.read('acme', async (ask) => {
    await readClock(ask);
    await readFinished(ask, 'acme', [broken]);
    await readDurations(ask, 'acme', [broken]);
    await isAnythingVisible(ask, 'acme');
    await tenantNames(ask, 500);
    await readFigures(ask, 'acme', ['pending', 'running'], 0);
  });
  await db.write({ tenant: 'acme', actor: marked }, async (ask) => {
    await readForExpansion(ask, 'acme', pending, 0);
    await waitForUpstreams(ask, 'acme', pending, 1);
    await failUnstarted(ask, 'acme', pending, marked);
  });
  await db.close();
}

/** Of an attempt that is known by its token alone; what runs is the handler's own SQL. */
const byToken = ['run-sql-handler.ts'];

/** A command in this process, so that its statements are seen here. */
async function servo(line: string): Promise<void> {
  const env = environment({
    DATABASE_URL: urlOf(backfills.database.app),
    TENANT_ID: 'acme',
    SERVO_ACTOR: marked,
    SERVO_COMPLETION_LINE: 'servo-tui status ',
  });
  const sink = () =>
    new Writable({ write: (_, __, done) => done() }) as unknown as NodeJS.WriteStream;
  const io: Io = { env, stdin: process.stdin, stdout: sink(), stderr: sink(), interactive: false };
  const { result } = await runInProcess([...line.split(' '), '--yes'], io);
  if ('json' in result || Symbol.asyncIterator in result)
    await write(result, io, { json: false, acted: true });
}

/** What another tenant learns and changes: rows, or the refusal. Nothing stays. */
async function tryOut(
  client: pg.Client,
  { text, values }: { text: string; values: unknown[] },
  session: string,
): Promise<string> {
  await client.query('begin');
  await client.query(`select set_config('app.current_tenant', $1, true)`, [session]);
  await client.query('savepoint attempt');
  let rows: unknown;
  try {
    rows = [await client.query(text, values)].flat().map((result) => result.rows ?? []);
  } catch (error) {
    rows = (error as Error).message;
    await client.query('rollback to attempt');
  }
  const shown = JSON.stringify(rows);
  if (client === superuser && (await digest()) !== unchanged) {
    await client.query('rollback');
    return `CHANGED ${shown}`;
  }
  await client.query('rollback');
  return shown;
}

let unchanged: string;
/** All of acme's rows as one number. */
async function digest(): Promise<string> {
  const tables = [
    'assets',
    'backfill_jobs',
    'backfill_partitions',
    'backfill_events',
    'backfill_samples',
    'backfill_attempt_logs',
    'backfill_limits',
    'backfill_upstreams',
    'backfill_dialogs',
    'backfill_forecasts',
    'backfill_forecast_rounds',
  ];
  const parts = tables.map(
    (table) =>
      `(select md5(string_agg(t::text, ',' order by t::text)) from ${table} t where tenant_id = 'acme')`,
  );
  const { rows } = await superuser.query(`select concat_ws(' ', ${parts.join(', ')}) as digest`);
  return rows[0].digest;
}

/** The same statement by globex, about acme's jobs: triage has its tenant in its text, to be pasted. */
const asOther = ({ text, values }: { text: string; values: unknown[] }) => ({
  text: text.replaceAll("'acme'", "'globex'"),
  values: values.map(replace),
});
const replace = (value: unknown): unknown =>
  value === 'acme' ? 'globex' : Array.isArray(value) ? value.map(replace) : value;

/** What is told, but for what was asked with. */
const leaks = (shown: string, values: unknown[]) =>
  shown.includes(marked) && !JSON.stringify(values).includes(marked);

test('the walk reaches every file of statements', () => {
  expect(refused).toEqual([]);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) =>
      name.endsWith('.ts') &&
      /\bquery(Alone|Handler)?\b.*\(|\.call</.test(readFileSync(join(folder, name), 'utf8')),
  );
  const reached = new Set([...asked.values()].flatMap((one) => [...one.files]));
  expect(asked.size).toBeGreaterThan(100);
  expect(files.filter((file) => !reached.has(file))).toEqual(byToken);
});

test('the statement’s own tenant isolates where row-level security does not', async () => {
  unchanged = await digest();
  const bad: string[] = [];
  for (const { text, values } of asked.values()) {
    const shown = await tryOut(superuser, asOther({ text, values }), 'globex');
    if (shown.startsWith('CHANGED') || leaks(shown, values))
      bad.push(`${text}\n${shown.slice(0, 300)}`);
  }
  expect(bad).toEqual([]);
});

test('row-level security isolates where a statement names the wrong tenant', async () => {
  const { rows } = await superuser.query<{ name: string }>(
    `select proname as name from pg_proc where prosrc like '%app.current_tenant%'`,
  );
  // They set the tenant that they are called with: a caller who names it acts as that tenant.
  const own = new RegExp(`\\b(${rows.map(({ name }) => name).join('|')})\\(`);
  const bad: string[] = [];
  let tried = 0;
  for (const { text, values } of asked.values()) {
    if (own.test(text)) continue;
    tried++;
    const shown = await tryOut(application, { text, values }, 'globex');
    if (leaks(shown, values)) bad.push(`${text}\n${shown.slice(0, 300)}`);
  }
  expect(tried).toBeGreaterThan(60);
  expect(bad).toEqual([]);
});
