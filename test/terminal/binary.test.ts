import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Backfills, functionHandler, Gate, keys } from '../support/backfill.ts';
import { binary, urlOf } from '../support/cli.ts';
import { Emulator, linesOfFile, type Size } from './emulator.ts';

// The installed program in a real terminal, on a real database, with an executor running.

const small: Size = { columns: 80, rows: 24 };

let backfills: Backfills;
let consoles: Emulator[] = [];

beforeAll(async () => {
  backfills = await Backfills.open();
});
afterEach(() => {
  for (const emulator of consoles) emulator.kill();
  consoles = [];
});
afterAll(() => backfills.close());

function openConsole(...args: string[]): Emulator {
  return openWith([], args);
}

function openWith(forNode: string[], args: string[]): Emulator {
  const emulator = new Emulator(process.execPath, [...forNode, binary, ...args], small, {
    DATABASE_URL: urlOf(backfills.database.app),
    TENANT_ID: 'acme',
    SERVO_ACTOR: 'mara',
  });
  consoles.push(emulator);
  return emulator;
}

async function openJob(console: Emulator, asset: string): Promise<void> {
  await console.until('Enter open');
  console.type(`/${asset}`);
  await console.until(new RegExp(`▐ . ${asset}`));
  console.type('\r');
  await console.until(`filter: ${asset}`);
  console.type('\r');
  await console.until(/Failed \d+ /);
}

/** Confirms an open dialog: `y` is repeated until the dialog takes it. */
function sayYes(console: Emulator, title: string): Promise<void> {
  return console.confirm(() => !console.screen.includes(title));
}

const journal = (id: string) =>
  backfills.rows(
    `select to_state, actor, reason from backfill_events where job_id = $1 and actor = 'mara' order by id`,
    [id],
  );

test('pause with a reason, resume, and see both followed through', async () => {
  const gate = new Gate();
  const id = await backfills.job({ asset: 'orders', keys: keys(3) });
  await backfills.execute([
    functionHandler('orders', async () => {
      await gate.opened;
      return undefined;
    }),
  ]);
  await backfills.state(id, 'running');
  const console = openConsole();
  await openJob(console, 'orders');
  await console.until('Open 1');
  console.type('p');
  await console.until('Pause orders');
  // Repeated until the dialog takes it: the first 300 ms are dropped.
  await console.until(() => {
    if (/▐Reason/.test(console.screen)) return true;
    console.type('\t');
    return false;
  }, 400);
  console.type('db maintenance');
  await console.until('Reason (optional): db maintenance');
  console.type('\t');
  await sayYes(console, 'Pause orders');
  await console.until('pausing orders: 1 partition still running');
  await backfills.state(id, 'paused');
  gate.open();
  await console.until(/orders: paused at k00001 \(/);
  expect(await journal(id)).toEqual([
    { to_state: 'paused', actor: 'mara', reason: 'db maintenance' },
  ]);

  // The screen may be a reading behind the notice, and then says why r does nothing yet.
  await console.until('‖ paused');
  await console.until(() => {
    if (console.screen.includes('Resume orders')) return true;
    console.type('r');
    return false;
  }, 1000);
  await sayYes(console, 'Resume orders');
  await console.until(/orders: (running again|resumed, now completed)/);
  await backfills.state(id, 'completed');
  await console.until('✓ completed');
});

test('a job whole: its calendar, a failed partition with its output, the SQL that y copies', async () => {
  const days = Array.from({ length: 90 }, (_, day) =>
    new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10),
  );
  const columns = { state: 'paused', failed_partitions: 2, completed_partitions: 40 };
  const id = await backfills.job({ asset: 'calendar', keys: days, columns });
  await backfills.rows(
    `update backfill_partitions set state = case when partition_key in ('2024-01-03', '2024-02-01') then 'failed' else 'completed' end, attempt_count = 3,
       duration_ms = 1200, available_at = null, completed_at = now(), error_message = 'HTTP 429 Too Many Requests'
     where backfill_job_id = $1 and partition_key < '2024-02-12'`,
    [id],
  );
  await backfills.rows(
    `insert into backfill_attempt_logs (job_id, partition_key, attempt, tenant_id, executor_id, output)
     values ($1, '2024-01-03', 3, 'acme', 'web-1:1:x', E'asked for it\nwas told to slow down\n')`,
    [id],
  );
  const console = openConsole();
  await openJob(console, 'calendar');
  await console.until(/2024 Jan +Feb +Mar/);
  // The third of January was a Wednesday.
  await console.until(/ We +█?✗/);
  await console.until(/▸ +2 × +HTTP 429 Too Many Requests +rate limiting\?/);
  console.type('\r');
  await console.until(/2024-01-03 +3 attempts/);
  console.type('j\r');
  await console.until('Output of attempt 3');
  await console.until('was told to slow down');
  await console.until('likely: Rate limiting from external systems');
  console.type('\x1b');
  await console.until('Enter open');
  console.type('s');
  await console.until("SET app.current_tenant = 'acme';");
  console.type('y');
  const clipboard = () => /\x1b\]52;c;([A-Za-z0-9+/=]+)\x07/.exec(console.output)?.[1];
  await console.until(() => clipboard() !== undefined);
  expect(Buffer.from(clipboard()!, 'base64').toString()).toContain(`j.id = '${id}'`);
});

test('cancel with a reason and the asset typed; an answer to the wrong question changes nothing', async () => {
  const id = await backfills.job({ asset: 'clicks', keys: keys(5) });
  const console = openConsole();
  await openJob(console, 'clicks');
  console.type('X');
  await console.until('Cancel clicks');
  await console.until(() => {
    if (/▐Reason/.test(console.screen)) return true;
    console.type('\t');
    return false;
  }, 400);
  console.type('wrong range\tclick\t');
  await console.until('Type clicks: click');
  // A y that came too early is dropped; otherwise it focuses what is missing.
  await console.until(() => {
    if (console.screen.includes('▐Type clicks: click')) return true;
    console.type('y');
    return false;
  }, 400);
  expect(console.screen).toContain('type clicks to enable the button');
  expect(await journal(id)).toEqual([]);
  console.type('s\t');
  await console.until('Type clicks: clicks');
  await sayYes(console, 'Cancel clicks');
  await console.until(/clicks: cancelled, 0 done, 5 will not run/);
  expect(await journal(id)).toEqual([
    { to_state: 'cancelled', actor: 'mara', reason: 'wrong range' },
  ]);
});

test("a failed partition's message can be read in full, escape sequences taken out", async () => {
  const message = `the source differs by 3.2 % ${'and so on '.repeat(20)}\x1b[2J\x1b]0;pwned\x07the end`;
  const id = await backfills.job({ asset: 'births', keys: keys(2), strategy: { max_attempts: 1 } });
  await backfills.execute([
    functionHandler('births', (key) => (key === 'k00002' ? { kind: 'fatal', message } : undefined)),
  ]);
  await backfills.state(id, 'failed');
  const console = openConsole();
  await openJob(console, 'births');
  await console.until('1 ×  the source differs');
  console.type('\r');
  await console.until('Partition k00002');
  await console.until(/attempts +1 \(1 failed\)/);
  await console.until('the end');
  expect(console.output).not.toMatch(/\x1b\[2J|\x1b\]0;/);
});

test('another operator pauses it under an open dialog: the button is disabled', async () => {
  const id = await backfills.job({ asset: 'sessions', keys: keys(5) });
  await backfills.rows(
    `update backfill_jobs set state = 'running', started_at = now(), heartbeat_at = now() where id = $1`,
    [id],
  );
  const console = openConsole();
  await openJob(console, 'sessions');
  console.type('p');
  await console.until('Pause sessions');
  await backfills.rows(
    `update backfill_jobs set state = 'paused', paused_at = now(), version = version + 1 where id = $1 and state = 'running'`,
    [id],
  );
  await console.until('the job has changed');
  console.type('\t');
  await console.until(() => {
    console.type('y');
    return console.screen.includes('the job has changed: close and try again');
  }, 200);
  expect(await journal(id)).toEqual([]);
});

test('--read-only says so and does nothing', async () => {
  await backfills.job({ asset: 'weather', keys: keys(1) });
  const console = await openConsole('--read-only').until('READ-ONLY');
  await console.until('▐');
  console.type('X');
  await console.until('this console is read-only');
});

test('q ends it with 0, SIGTERM with 143, and the terminal is as it was', async () => {
  for (const [end, code] of [
    [(console: Emulator) => console.type('q'), 0],
    [(console: Emulator) => process.kill(console.pid, 'SIGTERM'), 143],
  ] as const) {
    const console = await openConsole().until('▐');
    end(console);
    await console.until(() => console.exitCode !== null);
    expect(console.exitCode).toBe(code);
    expect(console.inAlternateScreen).toBe(false);
    expect(console.cursorIsShown).toBe(true);
    expect(console.pasteIsBracketed).toBe(false);
  }
});

test('on a terminal that TERM calls dumb it is the list, and says so', async () => {
  await backfills.job({ asset: 'orders', keys: keys(3) });
  const dumb = new Emulator(process.execPath, [binary], small, {
    DATABASE_URL: urlOf(backfills.database.app),
    TENANT_ID: 'acme',
    TERM: 'dumb',
  });
  consoles.push(dumb);
  await dumb.until(() => dumb.exitCode !== null);
  expect(dumb.exitCode).toBe(0);
  expect(dumb.screen).toContain('that TERM does not call dumb: this is the list');
  expect(dumb.screen).toContain(' orders ');
  expect(dumb.output).not.toContain('\x1b[');
});

test('the jobs are shown without ICU, which takes as long to load as a frame to draw', async () => {
  await backfills.job({ asset: 'quick', keys: keys(3) });
  const broken = "Intl.Segmenter = class { constructor() { throw new Error('ICU is asked') } }";
  const console = openWith(['--import', `data:text/javascript,${encodeURIComponent(broken)}`], []);
  await console.until(/\bquick\b/);
  expect(console.screen).not.toContain('ICU is asked');
});

test('a terminal that is closed ends each of them, and none with an abort and a core dump', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'servo-tui-hangup-'));
  const kinds = [
    { name: 'console', args: [], shows: 'Enter open', code: '129' },
    { name: 'plain', args: ['--plain'], shows: 'quit to leave', code: '0' },
  ];
  const ended = kinds.map(async ({ name, args, shows, code }) => {
    const at = (file: string) => join(folder, `${name}.${file}`);
    const line = `"${process.execPath}" "${binary}" ${args.join(' ')} 2>${at('stderr')}; echo $? >${at('code')}`;
    // The shell outlives the program, and prints its exit code.
    const shell = ['-c', `trap "" HUP; ${line}`];
    const console = new Emulator('/bin/sh', shell, small, {
      DATABASE_URL: urlOf(backfills.database.app),
      TENANT_ID: 'acme',
    });
    consoles.push(console);
    await console.until(shows);
    console.hangUp();
    await console.until(() => linesOfFile(at('code')).length > 0);
    return [name, linesOfFile(at('code')), readFileSync(at('stderr'), 'utf8'), code];
  });
  const how = await Promise.all(ended);
  rmSync(folder, { recursive: true });
  expect(how).toEqual(kinds.map(({ name, code }) => [name, [code], '', code]));
});
