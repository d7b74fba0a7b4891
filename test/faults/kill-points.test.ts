import { afterEach, beforeEach, expect, it } from 'vitest';
import { Backfills, keys, tenant } from '../support/backfill.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';
import { DatabaseProxy, type Fate } from './proxy.ts';

let backfills: Backfills;
let proxy: DatabaseProxy;
let workers: Worker[];

beforeEach(async () => {
  backfills = await Backfills.open();
  proxy = await DatabaseProxy.open(backfills.database.app);
  workers = [];
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  await proxy.close();
  await backfills.close();
});

function then(act: () => unknown, fate: Fate): () => Fate {
  return () => {
    act();
    return fate;
  };
}

/** When the worker dies, and what becomes of the message that it has just sent. */
const points: Readonly<
  Record<string, (kill: () => void) => { before?: () => Fate; after?: () => Fate }>
> = {
  'before it is sent': (kill) => ({ before: then(kill, 'lost') }),
  'after it is sent': (kill) => ({ before: then(kill, 'passed') }),
  'before its reply': (kill) => ({ after: then(kill, 'lost') }),
  'after its reply': (kill) => ({ after: then(() => setTimeout(kill, 1), 'passed') }),
};

const messages = {
  'the step that claims': { text: /servo_report_and_claim_v/, handler: 'program', at: 1 },
  'the step that reports': { text: /servo_report_and_claim_v/, handler: 'program', at: 2 },
  'an SQL handler’s call': { text: /servo_run_sql_v/, handler: 'sql', at: 2 },
} as const;

const effect = `insert into effects (key) values ($1)`;
const handlers = {
  sql: { 'orders.sql': effect },
  program: { orders: '#!/bin/sh\necho "$SERVO_PARTITION_KEY" >> "$EFFECTS"\n' },
} as const;

for (const [message, { text, handler, at }] of Object.entries(messages)) {
  for (const [point, fates] of Object.entries(points)) {
    it(`a worker killed at ${message}, ${point}, loses and doubles nothing`, async () => {
      await backfills.rows(
        'create table effects (key text); grant insert, select on effects to servo_app',
      );
      const directory = handlerDirectory(handlers[handler]);
      const start = async (settings: typeof proxy.settings) => {
        const worker = new Worker(settings, tenant, ['--handlers', directory, '--slots', '2'], {
          SERVO_SPEED: '50',
          EFFECTS: `${directory}/.effects`,
        });
        workers.push(worker);
        return worker.started();
      };
      const victim = await start(proxy.settings);
      for (let i = 1; i < at; i++) void proxy.trap(text, { before: () => 'passed' });
      const reached = proxy.trap(
        text,
        fates(() => victim.process.kill('SIGKILL')),
      );
      const job = await backfills.job({ keys: keys(6) });
      await reached;
      await victim.exited;
      await start(backfills.database.app);
      expect(await backfills.state(job, 'completed')).toMatchObject({
        completed_partitions: 6,
        failed_partitions: 0,
        lease_tokens: [],
      });
      expect(await backfills.violations()).toEqual([]);
      if (handler === 'sql') {
        expect(await backfills.rows('select key from effects order by key')).toEqual(
          keys(6).map((key) => ({ key })),
        );
      }
    });
  }
}
