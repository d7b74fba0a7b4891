import { afterAll, beforeAll, expect, test } from 'vitest';
import { Backfills, keys } from '../support/backfill.ts';
import { binary, urlOf } from '../support/cli.ts';
import { waitFor } from '../support/wait-for.ts';
import { Emulator } from './emulator.ts';

// Two operators on one database, each in a terminal.

let backfills: Backfills;
const consoles: Emulator[] = [];

beforeAll(async () => {
  backfills = await Backfills.open();
  await backfills.job({ asset: 'orders', keys: keys(3) });
});
afterAll(async () => {
  for (const console of consoles) console.kill();
  await backfills.close();
});

async function open(actor: string, ...args: string[]): Promise<Emulator> {
  const console = new Emulator(
    process.execPath,
    [binary, '--interval', '200ms', ...args],
    { columns: 100, rows: 24 },
    { DATABASE_URL: urlOf(backfills.database.app), TENANT_ID: 'acme', SERVO_ACTOR: actor },
  );
  consoles.push(console);
  return console.until(/▐ . orders/);
}

const dialogs = () =>
  backfills.rows<{ actor: string; action: string }>('select actor, action from backfill_dialogs');

test('each sees the other’s dialog at the row and in the dialog; a killed console’s expires', async () => {
  const mara = await open('mara');
  const jo = await open('jo');
  const reader = await open('ann', '--read-only');
  mara.type('X');
  await mara.until('Cancel orders');
  for (const other of [jo, reader]) {
    await other.until('✎orders');
    await other.until(/mara@\S+ has Cancel open on this job for/);
  }
  expect(mara.screen).not.toContain('Also');
  jo.type('L');
  await jo.until(/Also +mara@\S+ has Cancel open on this job for/);
  await mara.until(/Also +jo@\S+ has Deadline open on this job for/);

  process.kill(mara.pid, 'SIGKILL');
  await waitFor('the end of mara’s', () => mara.exitCode !== null);
  // It did not close its dialog: the lease ends by the database's clock.
  expect((await dialogs()).map(({ actor }) => actor)).toContain('mara');
  await jo.until(() => !jo.screen.includes('Also'));
  expect(jo.screen).toContain('Set deadline of orders');
  await reader.until(/jo@\S+ has Deadline open on this job for/);
  expect(reader.screen).not.toContain('more)');

  // After a regular end, even by Ctrl-C, the dialog is gone before its lease ends.
  jo.type('\x03');
  await waitFor('the end of jo’s', () => jo.exitCode !== null);
  expect((await dialogs()).filter(({ actor }) => actor === 'jo')).toEqual([]);
  await reader.until(() => !reader.screen.includes('✎'));
});
