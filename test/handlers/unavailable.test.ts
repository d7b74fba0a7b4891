import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { loadCatalogue } from '../../source/handlers/catalogue.ts';
import { explainJob } from '../../source/operations/triage/explain-job.ts';
import { explainReason } from '../../source/presentation/triage/explain-reason.ts';
import { Backfills, functionHandler, keys, tenant } from '../support/backfill.ts';
import { documentOf, run, urlOf } from '../support/cli.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

const counts = async (job: string) => {
  const rows = await backfills.partitions(job);
  return [...new Set(rows.map((row) => `${row.state} ${row.failure_count} ${row.crash_count}`))];
};

async function said(job: string): Promise<{ clause: string; why: string }> {
  const reader = openDatabase(backfills.database.app, { connections: 1 });
  try {
    const { clause, facts } = await explainJob(reader, tenant, job);
    return { clause, why: explainReason(clause, facts).why };
  } finally {
    await reader.close();
  }
}

const executorRow = () =>
  backfills.row<{ handlers: string[]; outages: { kind: string }[]; hold_reason: string | null }>(
    'select handlers, outages, hold_reason from backfill_executors order by started_at desc limit 1',
  );

it('A17: an endpoint that is unavailable for a while costs no partition and no attempt', async () => {
  let server: Server;
  let answered = 0;
  const listen = async (port: number) => {
    server = createServer((_request, response) => {
      answered += 1;
      response.end('ok\n');
    }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  const port = await listen(0);
  const directory = handlerDirectory({
    'orders.toml': `[http]\nurl = "http://127.0.0.1:${port}/run"\n`,
  });
  const job = await backfills.job({
    keys: keys(200),
    strategy: { type: 'parallel', max_parallel: 4 },
  });
  await backfills.execute([...(await loadCatalogue(directory)).values()], { speed: 20 });
  await waitFor('some answers', () => answered > 20);
  await stop();
  await waitFor('it to be on record', async () => (await executorRow()).outages.length > 0);
  const { clause, why } = await said(job);
  expect(clause).toBe('unavailable');
  expect(why).toMatch(
    /^its endpoint is unreachable on \S+ for \d+s: cannot reach http:\/\/127\.0\.0\.1:\d+\/run/,
  );
  await listen(port);
  await backfills.state(job, 'completed');
  expect(await counts(job)).toEqual(['completed 0 0']);
  // What was claimed ahead when it began is released; the probes leave no trace.
  const journal = await backfills.attemptsJournal(job);
  expect(journal.filter((line) => !line.startsWith('released'))).toEqual([
    'unavailable null',
    'available null',
  ]);
  await waitFor('it to be off the record', async () => (await executorRow()).outages.length === 0);
  await stop();
});

it('A17: a partition whose connection alone is closed by the endpoint fails, once others succeed', async () => {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (body.includes('k00002')) request.socket.destroy();
    else response.end('ok\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const directory = handlerDirectory({
    'orders.toml': `[http]\nurl = "http://127.0.0.1:${port}/run"\n`,
  });
  const job = await backfills.job({ keys: keys(40) });
  await backfills.execute([...(await loadCatalogue(directory)).values()], { speed: 100 });
  const row = await backfills.state(job, 'failed');
  expect(row).toMatchObject({ completed_partitions: 39, failed_partitions: 1 });
  server.close();
});

it('A17: a missing program is not offered, and is offered again when it is back', async () => {
  const directory = handlerDirectory({ orders: '#!/bin/sh\nsleep 0.01\n', other: '#!/bin/sh\n' });
  const job = await backfills.job({ keys: keys(100) });
  await backfills.execute([...(await loadCatalogue(directory)).values()], { speed: 20 });
  await waitFor('some to be done', async () => (await counts(job)).includes('completed 0 0'));
  renameSync(`${directory}/orders`, `${directory}/.orders`);
  await waitFor('it to be withdrawn', async () => {
    const { handlers } = await executorRow();
    return handlers.length === 1 && handlers[0] === 'other';
  });
  const { clause, why } = await said(job);
  expect(clause).toBe('unavailable');
  expect(why).toMatch(/^its program is missing on \S+ for \d+s: (cannot|not) run.*ENOENT/);
  renameSync(`${directory}/.orders`, `${directory}/orders`);
  await backfills.state(job, 'completed');
  // A shell that was begun just before does not find its script any more: an attempt that failed.
  for (const one of await counts(job)) expect(one).toMatch(/^completed [01] 0$/);
  expect((await executorRow()).handlers).toEqual(['orders', 'other']);
});

it('A9: a host without resources claims nothing, and shows the reason', async () => {
  let out = true;
  const job = await backfills.job({ keys: keys(20) });
  const handler = functionHandler('orders', () =>
    out ? { kind: 'unavailable', of: 'host', message: 'spawn EMFILE' } : undefined,
  );
  const other = functionHandler('other', () => undefined);
  await backfills.execute([handler, other], {
    speed: 20,
    timings: { outage_back_off: { base_ms: 60_000, cap_ms: 60_000 } },
  });
  await waitFor('claiming to be held', async () => (await executorRow()).hold_reason !== null);
  expect((await executorRow()).hold_reason).toBe('this host is out of resources: spawn EMFILE');
  const second = await backfills.job({ asset: 'other', keys: keys(1) });
  expect((await said(second)).clause).toBe('on_hold');
  out = false;
  expect(await counts(job)).toEqual(['pending 0 0']);
});

it.skipIf(process.platform !== 'linux')(
  'A9: a worker without descriptors fails no partition, and continues when it has some',
  async () => {
    const directory = handlerDirectory({ orders: '#!/bin/sh\nsleep 0.05\n' });
    const job = await backfills.job({
      keys: keys(150),
      strategy: { type: 'parallel', max_parallel: 4 },
    });
    const worker = await new Worker(
      backfills.database.app,
      tenant,
      ['--handlers', directory, '--slots', '4'],
      { SERVO_SPEED: '20' },
    ).started();
    await waitFor('some to be done', async () => (await counts(job)).includes('completed 0 0'));
    const { pid } = worker.process;
    const limit = (files: number) =>
      execFileSync('prlimit', ['--pid', String(pid), `--nofile=${files}:4096`]);
    // It has more than these open already.
    limit(10);
    await waitFor(
      'it to be held',
      () => /hold: not claiming: this host is out of/.test(worker.log),
      {
        seen: () => worker.log,
      },
    );
    limit(4096);
    await backfills.state(job, 'completed');
    expect(await counts(job)).toEqual(['completed 0 0']);
    await worker.kill('SIGTERM');
  },
);

it('A17: a directory that links to another release takes effect at a restart, for all kinds, and executors shows it', async () => {
  await backfills.rows('create table effects (note text); grant all on effects to servo_app');
  const home = handlerDirectory({});
  const release = (name: string) => {
    mkdirSync(`${home}/${name}`);
    const made = handlerDirectory({
      program: `#!/bin/sh\necho ${name}\n`,
      'statement.sql': `insert into effects values ('${name}')`,
    });
    rmSync(`${home}/${name}`, { recursive: true });
    renameSync(made, `${home}/${name}`);
  };
  release('one');
  release('two');
  symlinkSync(`${home}/one`, `${home}/current`);
  const start = () =>
    new Worker(backfills.database.app, tenant, ['--handlers', `${home}/current`], {
      SERVO_SPEED: '20',
    }).started();
  const first = await start();
  symlinkSync(`${home}/two`, `${home}/next`);
  renameSync(`${home}/next`, `${home}/current`);
  const ran = async () => {
    const jobs = await Promise.all(
      ['program', 'statement'].map((asset) => backfills.job({ asset, keys: keys(1) })),
    );
    for (const job of jobs) await backfills.state(job, 'completed');
    const { output } = await backfills.row<{ output: string }>(
      'select output from backfill_attempt_logs where job_id = $1',
      [jobs[0]],
    );
    const [{ note }] = (await backfills.rows<{ note: string }>(
      'delete from effects returning note',
    )) as [{ note: string }];
    return [output.trim(), note];
  };
  expect(await ran()).toEqual(['one', 'one']);
  await first.kill('SIGTERM');
  const second = await start();
  expect(await ran()).toEqual(['two', 'two']);
  const variables = { DATABASE_URL: urlOf(backfills.database.app), TENANT_ID: tenant };
  const { stdout } = await run(['executors', '--json'], variables);
  const { executors } = documentOf('executors', stdout) as { executors: { catalogue: string }[] };
  expect(new Set(executors.map(({ catalogue }) => catalogue)).size).toBe(2);
  expect(executors[0]!.catalogue).toMatch(/^[0-9a-f]{8}$/);
  await second.kill('SIGTERM');
});
