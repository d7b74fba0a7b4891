import type { Timings } from '../../source/executor/settings.ts';
import type { Handler } from '../../source/handlers/handler.ts';
import { DatabaseProxy } from '../faults/proxy.ts';
import { createJob } from './create-job.ts';
import type { Block } from './measure.ts';
import { handlerOf, jobSeconds, withExecutor } from './run-executor.ts';
import { type BenchDatabase, withClient } from './server.ts';

const partitions = 2_000;
const asset = 'counted';

type Case = { name: string; handler: Handler; timings?: Partial<Timings>; budget: boolean };

const cases: readonly Case[] = [
  { name: 'no-op handler', handler: handlerOf(asset), budget: true },
  {
    name: 'no-op handler, claimed one at a time',
    handler: handlerOf(asset),
    timings: { look_ahead: 0 },
    budget: true,
  },
  { name: 'SQL handler', handler: { asset, kind: 'sql', sql: 'select $1' }, budget: true },
  {
    name: 'handler that prints, claimed one at a time',
    handler: {
      asset,
      kind: 'function',
      run: async () => ({ outcome: { kind: 'completed' }, output: 'done' }),
    },
    timings: { look_ahead: 0 },
    budget: false,
  },
];

/** What is sent for the partitions themselves, and what is sent once for a job, or without any. */
const kinds: Readonly<Record<string, RegExp>> = {
  work: /servo_report_and_claim_v|servo_run_sql_v|servo_store_logs_v/,
  'to claim the job': /servo_claim_v/,
  'heartbeats and pings': /servo_heartbeat_v|as alive|servo_register_v/,
  'polls and duties': /./,
};

/**
 * Messages to the server for each partition of a sequential job, counted by a proxy between the two: a simple query, or
 * everything up to a Sync.
 */
export async function messagesPerPartition(database: BenchDatabase): Promise<Block> {
  const block: Block = {
    name: `messages to the server for each partition, sequential job of ${partitions.toLocaleString('en')}`,
    rows: [],
    budgets: [],
    notes: [],
  };
  for (const one of cases) {
    const { counts, seconds } = await count(database, one);
    const { work = 0, ...others } = counts;
    // The first message completes nothing: there is one for the job's sake.
    const figure = (work - 1) / partitions;
    if (one.budget) block.budgets.push({ name: one.name, figure, at: 'most', limit: 1 });
    else block.rows.push({ name: one.name, figures: [figure], unit: 'messages', show: 'value' });
    const besides = Object.entries(others).map(([kind, sent]) => `${sent} ${kind}`);
    block.notes!.push(
      `besides, in the ${seconds.toFixed(1)} s of ${one.name}: ${besides.join(', ')}`,
    );
  }
  return block;
}

async function count(
  database: BenchDatabase,
  { handler, timings = {} }: Case,
): Promise<{ counts: Record<string, number>; seconds: number }> {
  const proxy = await DatabaseProxy.open(database.app);
  try {
    return await withExecutor(proxy.settings, [handler], { slots: 2, timings }, async () => {
      // What starting takes is no part of it: the executor stands by.
      const before = new Map(proxy.requestTexts);
      const job = await createJob(database, asset, partitions, 1);
      const seconds = await jobSeconds(database.superuser, job);
      const counts: Record<string, number> = {};
      for (const [text, sent] of proxy.requestTexts) {
        const kind = Object.keys(kinds).find((name) => kinds[name]!.test(text))!;
        counts[kind] = (counts[kind] ?? 0) + sent - (before.get(text) ?? 0);
      }
      return { counts, seconds };
    });
  } finally {
    await proxy.close();
    await withClient(database.superuser, (client) =>
      client.query('truncate backfill_jobs cascade'),
    );
  }
}
