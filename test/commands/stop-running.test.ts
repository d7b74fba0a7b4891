import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Backfills, keys, tenant } from '../support/backfill.ts';
import { documentOf, run, urlOf } from '../support/cli.ts';
import { isAlive } from '../support/processes.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';

let backfills: Backfills;
let worker: Worker;
let handlers: string;
beforeAll(async () => {
  backfills = await Backfills.open();
  handlers = handlerDirectory({
    orders:
      '#!/bin/sh\necho $$ > "$(dirname "$0")/$SERVO_PARTITION_KEY.pid"\nwhile :; do sleep 0.05; done\n',
  });
  worker = await new Worker(
    backfills.database.app,
    tenant,
    ['--handlers', handlers, '--slots', '4'],
    { SERVO_SPEED: '20' },
  ).started();
});
afterAll(async () => {
  await worker.kill('SIGKILL');
  await backfills.close();
});

const pids = () =>
  readdirSync(handlers)
    .filter((name) => name.endsWith('.pid'))
    .map((name) => Number(readFileSync(join(handlers, name), 'utf8')))
    .filter((pid) => pid > 0);
const statesOf = async (job: string) => (await backfills.partitions(job)).map(({ state }) => state);

test('C9: a cancel can stop running partitions, and reclaim stops those that a cancel left running', async () => {
  const variables = { DATABASE_URL: urlOf(backfills.database.app), TENANT_ID: tenant };
  const servo = (...args: string[]) => run([...args, '--json'], variables);
  const running = async (first: number) => {
    const two = keys(first + 1).slice(first - 1);
    const strategy = { type: 'parallel', max_parallel: 2 };
    const job = await backfills.job({ keys: two, strategy });
    await waitFor('both to run', async () =>
      (await statesOf(job)).every((state) => state === 'running'),
    );
    await waitFor('their processes', () => pids().length === first + 1);
    return { job, own: pids().slice(-2) };
  };
  const gone = async ({ job, own }: { job: string; own: number[] }) => {
    await waitFor('what ran to be skipped', async () =>
      (await statesOf(job)).every((state) => state === 'skipped'),
    );
    await waitFor('its processes to end', () => !own.some(isAlive));
  };

  const one = await running(1);
  const cancelled = await servo('cancel', one.job, '--reason', 'it loops', '--stop-running');
  expect(cancelled.code).toBe(0);
  const [result] = documentOf('cancel', cancelled.stdout).results;
  expect(result).toMatchObject({ result: 'applied', state: 'cancelled', hint: null });
  expect(result.message).toMatch(/^cancelled orders .*; stopping 2 attempts of /);
  await gone(one);

  const other = await running(3);
  const left = await servo('cancel', other.job, '--reason', 'r');
  expect(documentOf('cancel', left.stdout).results[0].hint).toContain('servo-tui reclaim');
  // As agreed, what a cancel finds running may finish.
  expect(await statesOf(other.job)).toEqual(['running', 'running']);
  expect(other.own.every(isAlive)).toBe(true);
  const stopped = await servo('reclaim', other.job, '--reason', 'it loops');
  expect(stopped.code).toBe(0);
  await gone(other);
  expect((await servo('reclaim', other.job)).code).toBe(4);
  expect(await backfills.violations()).toEqual([]);
});
