import { afterAll, beforeAll, expect, test } from 'vitest';
import { Backfills, keys } from '../support/backfill.ts';
import { binary, urlOf } from '../support/cli.ts';
import { Emulator } from './emulator.ts';

// The installed `servo-tui --plain` on a dumb terminal, on a real database.

let backfills: Backfills;
let console: Emulator;

beforeAll(async () => {
  backfills = await Backfills.open();
});
afterAll(async () => {
  console?.kill();
  await backfills.close();
});

test('TERM=dumb: changes come as lines, a job is paused by a line and yes, nothing is painted', async () => {
  const id = await backfills.job({ asset: 'orders', keys: keys(20) });
  await backfills.rows(
    `update backfill_jobs set state = 'running', started_at = now(), heartbeat_at = now() where id = $1`,
    [id],
  );
  console = new Emulator(
    process.execPath,
    [binary, '--plain'],
    { columns: 100, rows: 60 },
    {
      DATABASE_URL: urlOf(backfills.database.app),
      TENANT_ID: 'acme',
      SERVO_ACTOR: 'mara',
      TERM: 'dumb',
    },
  );
  await console.until('1 running.');
  console.type(`pause ${id.slice(0, 8)}\r`);
  await console.until('Reason (optional)? Enter skips it');
  // Repeated until the question has been shown for long enough.
  await console.until(() => {
    if (console.screen.includes('Type yes to pause')) return true;
    console.type('db maintenance\r');
    return false;
  }, 400);
  await console.until(() => {
    if (console.screen.includes('sent, not confirmed yet')) return true;
    if (!console.screen.includes('nothing was done')) console.type('yes\r');
    return false;
  }, 400);
  await console.until(/orders [0-9a-f]{8}: paused before its first partition/);
  await console.until(/was running, is paused now/);
  expect(
    await backfills.rows(
      `select to_state, actor, reason from backfill_events where job_id = $1 and actor = 'mara'`,
      [id],
    ),
  ).toEqual([{ to_state: 'paused', actor: 'mara', reason: 'db maintenance' }]);
  console.type('quit\r');
  await console.until(() => console.exitCode !== null);
  expect(console.exitCode).toBe(0);
  expect(console.output).not.toContain('\x1b');
});
