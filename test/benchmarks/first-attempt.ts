import { setTimeout as sleep } from 'node:timers/promises';
import { type Block, percentile } from './measure.ts';
import { graphileWorkers } from './peers/graphile-worker.ts';
import { handlerOf, withExecutor, withNotifications } from './run-executor.ts';
import type { BenchDatabase } from './server.ts';
import { withClient } from './server.ts';

const jobsARound = 40;
const slots = 10;

/**
 * From the commit of a new job, made by another connection, to the start of its first attempt: one clock, read in the process that runs both.
 * The executor is idle each time, and has been told of the former job's end.
 */
export async function firstAttempt(database: BenchDatabase, rounds: number): Promise<Block> {
  const [worker] = await graphileWorkers(database);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(...(await startTimes(database)));
    theirs.push(...(await worker!.startTimes(jobsARound, slots)));
  }
  return {
    name: `new job → its first attempt starts, ${rounds * jobsARound} jobs one after another`,
    rows: [
      { name: 'servo-tui', figures: ours, unit: 'ms', show: 'percentiles' },
      { name: worker!.name, figures: theirs, unit: 'ms', show: 'percentiles' },
    ],
    budgets: [{ name: 'p99, ms', figure: percentile(ours, 99), at: 'most', limit: 15 }],
  };
}

async function startTimes(database: BenchDatabase): Promise<number[]> {
  let began: (at: number) => void = () => {};
  const handler = handlerOf('first', () => began(performance.now()));
  const times: number[] = [];
  await withExecutor(database.app, [handler], { slots }, () =>
    withNotifications(database.superuser, async (client, notified) => {
      for (let i = 0; i < jobsARound; i++) {
        const start = new Promise<number>((resolve) => {
          began = resolve;
        });
        await client.query('begin');
        const { rows } = await client.query(
          `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, total_partitions)
           select 'bench', id, name, gen_random_uuid()::text, 1 from assets where name = 'first' and tenant_id = 'bench' returning id`,
        );
        await client.query(
          `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key) values (gen_random_uuid(), $1, 'bench', '1')`,
          [rows[0].id],
        );
        const committing = performance.now();
        await client.query('commit');
        times.push((await start) - committing);
        for (;;) {
          const next = notified();
          const { rows: ended } = await client.query(
            `select from backfill_jobs where id = $1 and state = 'completed'`,
            [rows[0].id],
          );
          if (ended.length > 0) break;
          await next;
        }
        await sleep(5 + Math.random() * 20);
      }
    }),
  );
  await withClient(database.superuser, (client) => client.query('truncate backfill_jobs cascade'));
  return times;
}
