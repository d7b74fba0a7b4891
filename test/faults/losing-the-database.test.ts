import dns from 'node:dns';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import type { Handler } from '../../source/handlers/handler.ts';
import { Backfills, functionHandler, Gate, keys } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';
import { FakeStandby } from './fake-standby.ts';
import { DatabaseProxy } from './proxy.ts';

let backfills: Backfills;
let proxy: DatabaseProxy;

beforeEach(async () => {
  backfills = await Backfills.open();
  proxy = await DatabaseProxy.open(backfills.database.app);
});

afterEach(async () => {
  vi.restoreAllMocks();
  proxy.weather = { kind: 'clear' };
  await backfills.close();
  await proxy.close();
});

/** Counts how often each key ran. */
function counting(after?: (key: string) => void): { handler: Handler; runs: Map<string, number> } {
  const runs = new Map<string, number>();
  const handler = functionHandler('orders', (key) => {
    runs.set(key, (runs.get(key) ?? 0) + 1);
    after?.(key);
    return undefined;
  });
  return { handler, runs };
}

const once = (count: number) => new Map(keys(count).map((key) => [key, 1]));

/** Real leases, so that nothing is done twice because it took too long; but the client notices silence at once. */
const impatient = { timeout: 400, poll: 200 };

async function sqlEffects(): Promise<Handler> {
  await backfills.rows(
    'create table effects (key text); grant insert, select on effects to servo_app',
  );
  return { asset: 'orders', kind: 'sql', sql: 'insert into effects (key) values ($1)' };
}

/** Through the proxy; what connects into the void knows it soon. */
const way = () => ({ ...proxy.settings, connectionTimeoutMillis: 500 });

const effectKeys = async () =>
  (await backfills.rows<{ key: string }>('select key from effects order by key')).map(
    ({ key }) => key,
  );

it('with half-open connections results wait in memory, and are reported once when the database is back', async () => {
  const { handler, runs } = counting((key) => {
    if (key === 'k00002') proxy.weather = { kind: 'frozen' };
  });
  const job = await backfills.job({
    keys: keys(5),
    columns: { avg_partition_duration_ms: 60_000 },
  });
  await backfills.execute([handler], {
    speed: 1,
    timings: impatient,
    settings: way(),
  });
  await waitFor('the database to be gone', () => proxy.weather.kind === 'frozen');
  const before = proxy.requests;
  await waitFor('the client to have given up and tried again', () => proxy.refused > 1);
  expect(proxy.requests).toBe(before);
  proxy.weather = { kind: 'clear' };
  expect(await backfills.state(job, 'completed')).toMatchObject({ completed_partitions: 5 });
  expect(runs).toEqual(once(5));
  expect((await backfills.partitions(job)).map((row) => row.attempt_count)).toEqual([
    1, 1, 1, 1, 1,
  ]);
});

for (const fate of ['lost', 'swallowed'] as const) {
  it(`a batch whose reply is ${fate} after the commit counts once, and its new partitions are run once`, async () => {
    const { handler, runs } = counting();
    await backfills.execute([handler], { speed: 1, timings: impatient, settings: way() });
    const reached = [1, 2, 3].map(() =>
      proxy.trap(/servo_report_and_claim_v/, { after: () => fate }),
    );
    const job = await backfills.job({
      keys: keys(8),
      strategy: { type: 'parallel', max_parallel: 2 },
    });
    await Promise.all(reached);
    expect(await backfills.state(job, 'completed')).toMatchObject({ completed_partitions: 8 });
    expect(runs).toEqual(once(8));
    expect(await backfills.attemptsJournal(job)).toEqual([]);
  });

  it(`a SQL handler whose reply is ${fate} after the commit has its effect once`, async () => {
    const handler = await sqlEffects();
    await backfills.execute([handler], { speed: 1, timings: impatient, settings: way() });
    const reached = proxy.trap(/servo_run_sql_v/, { after: () => fate });
    const job = await backfills.job({ keys: keys(4) });
    await reached;
    expect(await backfills.state(job, 'completed')).toMatchObject({ completed_partitions: 4 });
    expect(await effectKeys()).toEqual(keys(4));
  });

  it(`a SQL handler's call that is ${fate} before it arrives is repeated`, async () => {
    const handler = await sqlEffects();
    await backfills.execute([handler], { speed: 1, timings: impatient, settings: way() });
    const reached = proxy.trap(/servo_run_sql_v/, { before: () => fate });
    const job = await backfills.job({ keys: keys(4) });
    await reached;
    expect(await backfills.state(job, 'completed')).toMatchObject({ completed_partitions: 4 });
    expect(await effectKeys()).toEqual(keys(4));
  });
}

it('a heartbeat without a reply is sent again on another connection before leases expire', async () => {
  const gate = new Gate();
  const job = await backfills.job({ keys: keys(1) });
  await backfills.execute([functionHandler('orders', async () => void (await gate.opened))], {
    speed: 50,
    settings: way(),
  });
  await proxy.trap(/servo_heartbeat_v/, { before: () => 'swallowed' });
  // The next one reaches the server: a swallowed connection passes nothing.
  await proxy.trap(/servo_heartbeat_v/, { after: () => 'passed' });
  gate.open();
  await backfills.state(job, 'completed');
  expect((await backfills.partitions(job))[0]).toMatchObject({ attempt_count: 1, crash_count: 0 });
});

it('a listener without a reply is replaced, and new work is still noticed', async () => {
  const { handler } = counting();
  await backfills.execute([handler], {
    speed: 1,
    timings: { ...impatient, poll: 3_600_000 },
    settings: way(),
  });
  await waitFor('it to listen', () => proxy.requestTexts.has('listen servo'));
  proxy.cut();
  await waitFor('it to listen again', () => (proxy.requestTexts.get('listen servo') ?? 0) > 1);
  const job = await backfills.job({ keys: keys(2) });
  await backfills.state(job, 'completed');
});

it('an executor that is told to stop with half-open connections ends', async () => {
  const { handler } = counting();
  const executor = await backfills.execute([handler], {
    speed: 1,
    timings: impatient,
    grace: 100,
    settings: way(),
  });
  const job = await backfills.job({ keys: keys(2) });
  await backfills.state(job, 'completed');
  proxy.weather = { kind: 'frozen' };
  await executor.drain();
  await executor.finished;
});

it('of several hosts, the first that takes writes is used, also after a failover', async () => {
  const standby = await FakeStandby.open();
  const primary = await DatabaseProxy.open(backfills.database.app, { tcp: true });
  const closed = await DatabaseProxy.open(backfills.database.app, { tcp: true });
  const gone = { host: closed.settings.host, port: closed.settings.port };
  await closed.close();
  const place = { host: primary.settings.host, port: primary.settings.port };
  const hosts = [gone, standby.place, place];
  const database = openDatabase({ ...primary.settings, ...gone, hosts });
  try {
    expect(await database.call('select 1 as one')).toEqual([{ one: 1 }]);
    primary.cut();
    expect(standby.asked).toBeGreaterThan(0);
    expect(
      await database.call('select 2 as two').catch(() => database.call('select 2 as two')),
    ).toEqual([{ two: 2 }]);
    const writable = openDatabase({
      ...primary.settings,
      ...gone,
      hosts: [gone, standby.place],
      target: 'writable',
    });
    await expect(writable.call('select 1')).rejects.toMatchObject({
      code: 'database_unreachable',
      message: expect.stringContaining('takes writes'),
    });
  } finally {
    await database.close();
    await primary.close();
    await standby.close();
  }
});

it('every connection resolves its host again: a changed DNS reply is followed', async () => {
  const primary = await DatabaseProxy.open(backfills.database.app, { tcp: true });
  const lookup = dns.lookup;
  let answer: string | null = null;
  vi.spyOn(dns, 'lookup').mockImplementation(((name: string, ...rest: unknown[]) => {
    const callback = rest.at(-1) as (error: Error | null) => void;
    if (name !== 'db.example') return (lookup as (...all: unknown[]) => void)(name, ...rest);
    if (answer === null)
      return callback(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }));
    return (lookup as (...all: unknown[]) => void)(answer, ...rest);
  }) as typeof dns.lookup);
  const database = openDatabase({ ...primary.settings, host: 'db.example' });
  try {
    await expect(database.call('select 1')).rejects.toMatchObject({ code: 'database_unreachable' });
    answer = '127.0.0.1';
    expect(await database.call('select 1 as one')).toEqual([{ one: 1 }]);
  } finally {
    await database.close();
    await primary.close();
  }
});

// Seed 9904: a backend terminated while a worker with two hosts connected ended the worker.
it('one of several hosts that ends a session as it begins does not end the process', async () => {
  const standby = await FakeStandby.open({ endsFrom: 2 });
  const closed = await FakeStandby.open();
  await closed.close();
  const hosts = [standby.place, closed.place];
  const database = openDatabase({ ...backfills.database.app, ...standby.place, hosts });
  try {
    await expect(database.call('select 1 as one')).rejects.toMatchObject({
      code: 'database_unreachable',
    });
    expect(standby.asked).toBe(1);
  } finally {
    await database.close();
    await standby.close();
  }
});
