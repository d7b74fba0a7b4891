import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { DatabaseProxy } from '../faults/proxy.ts';
import { Backfills, keys } from '../support/backfill.ts';
import { binary, urlOf } from '../support/cli.ts';
import { Emulator } from './emulator.ts';

// The program in a real terminal, and a line to the database on which things go wrong.

let backfills: Backfills;
let proxy: DatabaseProxy;
let console: Emulator;
let ids: string[];

beforeAll(async () => {
  backfills = await Backfills.open();
  ids = [];
  for (const asset of ['first', 'second', 'third'])
    ids.push(await backfills.job({ asset, keys: keys(5) }));
});
beforeEach(async () => {
  proxy = await DatabaseProxy.open(backfills.database.app);
});
afterEach(async () => {
  console?.kill();
  proxy.weather = { kind: 'clear' };
  await proxy.close();
});
afterAll(() => backfills.close());

function openConsole(): Emulator {
  console = new Emulator(
    process.execPath,
    [binary],
    { columns: 100, rows: 24 },
    {
      DATABASE_URL: urlOf(proxy.settings),
      TENANT_ID: 'acme',
      SERVO_ACTOR: 'mara',
    },
  );
  return console;
}

test('a database that stops: the age is shown, keys keep working, no action is offered, and all is well after', async () => {
  await openConsole().until(/▐ . \w+/);
  let release = () => {};
  proxy.weather = { kind: 'held', until: new Promise((resolve) => (release = resolve)) };
  await console.until(/data is .* old · no answer from the database/);
  const selected = console.lines.find((line) => line.includes('▐'));
  console.type('j');
  await console.until(() => console.lines.find((line) => line.includes('▐')) !== selected);
  console.type('X');
  await console.until('no answer from the database: the data shown is old');
  console.type('?');
  await console.until('Search:');
  console.type('\x1b');
  proxy.weather = { kind: 'clear' };
  release();
  await console.until(() => !console.screen.includes('no answer from the database'));
  expect(console.exitCode).toBeNull();
});

test('a half-open connection: Ctrl-R asks on another one', async () => {
  await openConsole().until(/▐ . \w+/);
  proxy.weather = { kind: 'frozen' };
  await console.until('no answer from the database');
  proxy.weather = { kind: 'clear' };
  await backfills.rows(`update backfill_jobs set priority = 77 where id = $1`, [ids[0]]);
  await console.until(() => {
    console.type('\x12');
    return !console.screen.includes('no answer from the database');
  }, 300);
  await console.until(/first.*77/);
});

test('a line of 10 KB a second with 150 ms each way: it can be looked at and acted upon', async () => {
  proxy.weather = { kind: 'slow', delay: 150, bytes_per_second: 10_000 };
  await openConsole().until(/▐ . \w+/);
  console.type('/second\r');
  await console.until('filter: second');
  console.type('\r');
  await console.until('second · ·');
  console.type('X');
  await console.until('Cancel second');
  await console.until(() => {
    if (/▐Reason/.test(console.screen)) return true;
    console.type('\t');
    return false;
  }, 400);
  console.type('not needed\tsecond');
  await console.until('Type second: second');
  await console.confirm(() => !console.screen.includes('Cancel second'));
  await console.until(/second: cancelled, 0 done, 5 will not run/);
  expect(await backfills.rows(`select state from backfill_jobs where id = $1`, [ids[1]])).toEqual([
    { state: 'cancelled' },
  ]);
});
