import pty from '@lydell/node-pty';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { binary, environment, urlOf } from '../support/cli.ts';
import { Operator } from '../support/operator.ts';
import { waitFor } from '../support/wait-for.ts';

let operator: Operator;
let variables: Record<string, string>;
beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders');
  variables = {
    DATABASE_URL: urlOf(operator.database.app),
    TENANT_ID: 'acme',
    SERVO_ACTOR: 'mara',
  };
});
afterAll(() => operator.close());

let made = 0;
const aRunning = () =>
  operator.job({ asset: 'orders', partitions: [`k${made++}`] }, { state: 'running' });
const row = async (id: string) =>
  (await operator.sql('select state, error_message from backfill_jobs where id = $1', [id]))[0]!;

/** Runs the program at a terminal; each answer is typed when its question has been seen. */
async function converse(args: string[], dialogue: [question: RegExp, answer: string][]) {
  const terminal = pty.spawn(process.execPath, [binary, ...args], {
    cols: 120,
    rows: 30,
    env: environment(variables) as Record<string, string>,
  });
  let screen = '';
  let code: number | null = null;
  terminal.onData((data) => (screen += data));
  terminal.onExit(({ exitCode }) => {
    code = exitCode;
  });
  for (const [question, answer] of dialogue) {
    await waitFor(String(question), () => question.test(screen) || code !== null, {
      seen: () => screen,
    });
    terminal.write(answer);
  }
  await waitFor('the end', () => code !== null, { seen: () => screen });
  return { code, screen };
}

test('one job with its full id and all parameters needs no prompt', async () => {
  const id = await aRunning();
  expect((await converse(['pause', id], [])).code).toBe(0);
  expect((await converse(['cancel', id, '--reason', 'r'], [])).code).toBe(0);
});

test('a cancel by prefix asks for confirmation, and Enter never confirms', async () => {
  const id = await aRunning();
  const cancel = ['cancel', id.slice(0, 8), '--reason', 'r'];
  const no = await converse(cancel, [[/cancel this job\? \[y\/N\]/, '\r']]);
  expect(no.code).toBe(130);
  expect(no.screen).toContain(`orders ${id.slice(0, 8)} (running)`);
  expect((await row(id)).state).toBe('running');
  expect((await converse(cancel, [[/\[y\/N\]/, 'y\r']])).code).toBe(0);
  expect((await row(id)).state).toBe('cancelled');
});

test('a cancel without a reason prompts for one, and does nothing without it', async () => {
  const id = await aRunning();
  const none = await converse(['cancel', id], [[/Reason: /, '\r']]);
  expect(none.code).toBe(2);
  expect((await row(id)).state).toBe('running');
  expect((await converse(['cancel', id], [[/Reason: /, 'wrong range\r']])).code).toBe(0);
  expect(await row(id)).toEqual({ state: 'cancelled', error_message: 'wrong range' });
});

test('several jobs are listed, and need confirmation', async () => {
  const ids = [await aRunning(), await aRunning()];
  const no = await converse(['pause', ...ids], [[/pause these 2 jobs\? \[y\/N\]/, 'n\r']]);
  expect(no.code).toBe(130);
  for (const id of ids) expect(no.screen).toContain(id.slice(0, 8));
  expect((await converse(['pause', ...ids], [[/\[y\/N\]/, 'yes\r']])).code).toBe(0);
  for (const id of ids) expect((await row(id)).state).toBe('paused');
});

test('Ctrl-C and Ctrl-D at a question do nothing', async () => {
  const ids = [await aRunning(), await aRunning()];
  for (const key of ['\x03', '\x04']) {
    expect((await converse(['pause', ...ids], [[/\[y\/N\]/, key]])).code).toBe(130);
  }
  expect((await row(ids[0]!)).state).toBe('running');
});

test('with --json nothing prompts, not even at a terminal', async () => {
  const ids = [await aRunning(), await aRunning()];
  const { code, screen } = await converse(['pause', ...ids, '--json'], []);
  expect(code).toBe(2);
  expect(screen).toContain('--yes');
  expect((await converse(['cancel', ids[0]!, '--json'], [])).code).toBe(2);
});
