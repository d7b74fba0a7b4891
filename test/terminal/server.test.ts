import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../source/database/migrate.ts';
import { OneServer } from '../faults/servers.ts';
import { Backfills, keys } from '../support/backfill.ts';
import { binary, urlOf } from '../support/cli.ts';
import { Emulator } from './emulator.ts';

// The program in a real terminal, and a server of its own whose processes are really killed and
// really stopped.

let server: OneServer;
let backfills: Backfills;
let id: string;
let consoles: Emulator[] = [];

beforeAll(async () => {
  server = await OneServer.open(join(tmpdir(), `servo-tui-killed-${process.pid}`));
  const client = new Client(server.superuser);
  await client.connect();
  await client.query('create database console');
  await client.end();
  const superuser = { ...server.superuser, database: 'console' };
  await migrate(superuser);
  const app = { ...server.app, database: 'console' };
  backfills = await Backfills.open({ name: 'console', superuser, app, drop: async () => {} });
  id = await backfills.job({ asset: 'orders', keys: keys(20), columns: { priority: 11 } });
  await backfills.job({ asset: 'clicks', keys: keys(20) });
});
afterEach(() => {
  server.signal('SIGCONT');
  for (const emulator of consoles) emulator.kill();
  consoles = [];
});
afterAll(async () => {
  await backfills?.close();
  await server?.close();
});

function openConsole(): Promise<Emulator> {
  const size = { columns: 120, rows: 24 };
  const emulator = new Emulator(process.execPath, [binary], size, {
    DATABASE_URL: urlOf(backfills.database.app),
    TENANT_ID: 'acme',
    SERVO_ACTOR: 'mara',
  });
  consoles.push(emulator);
  return emulator.until(/▐ . \w+ +orders .* 11 /);
}

/** The row of the job that is not under the cursor, cell by cell: whether it is dimmed. */
function looksOld(console: Emulator): boolean {
  const row = console.lines.findIndex((line) => /^ .*clicks/.test(line));
  const cells = console.cells(row).filter(({ text }) => text.trim() !== '');
  return cells.length > 0 && cells.every(({ dim, color }) => dim && color === null);
}

/** While the database is away keys work, and no action is possible, with the reason shown. */
async function isHeldBack(console: Emulator): Promise<void> {
  await console.until(() => looksOld(console));
  expect(console.screen).toMatch(/orders .* 11 /);
  console.type('X');
  await console.until('no answer from the database: the data shown is old');
  expect(console.screen).not.toContain('Cancel orders');
  console.type('?');
  await console.until('Search:');
  console.type('\x1b');
  await console.until(() => !console.shows('Search:'));
}

async function isWellAgain(console: Emulator, priority: number): Promise<void> {
  // It reconnects on its own; a key skips the wait between two attempts.
  await console.until(() => {
    if (console.shows(new RegExp(`orders .* ${priority} `))) return true;
    console.type('\x12');
    return false;
  }, 300);
  expect(console.screen).not.toMatch(/data is .* old/);
  expect(looksOld(console)).toBe(false);
  console.type('X');
  await console.until('Cancel orders');
}

const setPriority = (priority: number) =>
  backfills.rows('update backfill_jobs set priority = $2 where id = $1', [id, priority]);

test('the server is killed under it and started again: the age of the data, nothing to be done, and then all of it', async () => {
  const console = await openConsole();
  server.signal('SIGKILL');
  await console.until(/data is .* old · cannot reach it: connect ECONNREFU/);
  await isHeldBack(console);
  await server.start();
  await setPriority(12);
  await isWellAgain(console, 12);
  expect(console.exitCode).toBeNull();
  await setPriority(11);
});

test('every process of the server is stopped, and goes on: the same, and one who quits meanwhile need not wait for it', async () => {
  const console = await openConsole();
  const leaving = await openConsole();
  server.signal('SIGSTOP');
  await console.until(/data is .* old · no answer from the database for/);
  await isHeldBack(console);
  await leaving.until(/no answer from the database for/);
  leaving.type('q');
  await leaving.until(() => leaving.exitCode !== null);
  expect(leaving.exitCode).toBe(0);
  expect(leaving.inAlternateScreen).toBe(false);
  server.signal('SIGCONT');
  await setPriority(13);
  await isWellAgain(console, 13);
  await setPriority(11);
});

test('killed under an open card: it is disarmed, and what was typed into it is still there when the server is back', async () => {
  const console = await openConsole();
  console.type('X');
  await console.until('Cancel orders');
  await console.until(() => {
    if (/▐Reason/.test(console.screen)) return true;
    console.type('\t');
    return false;
  }, 400);
  console.type('wrong range\torders\t');
  await console.until('Type orders: orders');
  await console.until('y cancel');
  server.signal('SIGKILL');
  await console.until('no answer from the database');
  console.type('y');
  await console.until(/\[ Cancel the job \] +no answer from the database/);
  await server.start();
  // A dialog takes no other keys: it reconnects on its own.
  await console.until('y cancel');
  expect(console.screen).toContain('Reason (required): wrong range');
  expect(await backfills.rows('select state from backfill_jobs where id = $1', [id])).toEqual([
    { state: 'pending' },
  ]);
});
