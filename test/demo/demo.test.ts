import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../source/database/database.ts';
import { ensureEmbeddedServer } from '../../source/database/embedded/server.ts';
import { demoDatabase, demoTenant } from '../../source/demo/jobs.ts';
import { isAlive, untilGone } from '../support/processes.ts';

const binary = join(import.meta.dirname, '..', '..', 'bin', 'servo-tui.js');
const running: ChildProcess[] = [];
let database: Database;

beforeAll(async () => {
  const server = await ensureEmbeddedServer();
  database = openDatabase({ ...server.app, database: demoDatabase }, { connections: 1 });
  return () => database.close();
});

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

type Demo = { child: ChildProcess; said: string[]; exit: Promise<number | string> };

function startDemo(env: Record<string, string> = {}): Demo {
  const child = spawn(process.execPath, [binary, 'demo'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const said: string[] = [];
  child.stdout.resume();
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const exit = once(child, 'close').then(([code, signal]) => code ?? signal);
  return { child, said, exit };
}

/** Waits until the demonstration has completed a partition; fails with its output if it ends. */
async function untilMoving({ said, exit }: Demo): Promise<void> {
  let ended = false;
  exit.then(() => (ended = true));
  while (!said.some((line) => /^births_daily +running/.test(line))) {
    if (ended) throw new Error(`the demonstration ended: ${said.join('\n')}`);
    await sleep(20);
  }
}

async function workers(): Promise<{ pid: number; stopped: boolean }[]> {
  return database.read(demoTenant, (query) =>
    query('select pid, stopped_at is not null as stopped from backfill_executors'),
  );
}

it('takes no notice of any other database that is configured, and one runs at a time', async () => {
  const first = startDemo({
    DATABASE_URL: 'postgres://outsider@nowhere.invalid/production',
    PGHOST: 'nowhere.invalid',
    PGOPTIONS: '-c nonsense=1',
    TENANT_ID: 'production',
    SERVO_CONTEXT: 'production',
    SERVO_TENANT: 'production',
  });
  await untilMoving(first);
  const second = startDemo();
  expect(await second.exit).toBe(4);
  expect(second.said.join('\n')).toContain('a demonstration is already running');
});

it('drains its executor when it is interrupted', async () => {
  const demo = startDemo();
  await untilMoving(demo);
  const [worker] = await workers();
  demo.child.kill('SIGINT');
  expect(await demo.exit).toBe(130);
  expect(isAlive(worker!.pid)).toBe(false);
  expect(await workers()).toEqual([{ pid: worker!.pid, stopped: true }]);
  const [open] = await database.read(demoTenant, (query) =>
    query(`select count(*)::int as running from backfill_partitions where state = 'running'`),
  );
  expect(open).toEqual({ running: 0 });
});

it('leaves no executor behind when it is killed, and can be started again', async () => {
  const killed = startDemo();
  await untilMoving(killed);
  const [worker] = await workers();
  killed.child.kill('SIGKILL');
  await killed.exit;
  await untilGone(worker!.pid);
  const next = startDemo();
  await untilMoving(next);
  expect((await workers()).map(({ pid }) => pid)).not.toContain(worker!.pid);
});

it('reports an executor that ends unexpectedly', async () => {
  const demo = startDemo();
  await untilMoving(demo);
  const [worker] = await workers();
  process.kill(worker!.pid, 'SIGKILL');
  expect(await demo.exit).toBe(1);
  expect(demo.said.join('\n')).toContain(`the demonstration's executor ended`);
});
