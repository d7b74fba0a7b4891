import { setTimeout as sleep } from 'node:timers/promises';
import { createJob } from './create-job.ts';
import { type Block, median } from './measure.ts';
import { handlerOf, withExecutor } from './run-executor.ts';
import { type BenchDatabase, withClient } from './server.ts';

const jobsARound = 20;
const slots = 4;

/**
 * A job of higher priority appears while a parallel job of fine-grained work fills every slot: from its commit to the start of its first
 * attempt, with look-ahead and without.
 */
export async function overtaking(database: BenchDatabase, rounds: number): Promise<Block> {
  const figures: { ahead: number[]; single: number[] } = { ahead: [], single: [] };
  for (let round = 0; round < rounds; round++) {
    figures.ahead.push(...(await startTimes(database, undefined)));
    figures.single.push(...(await startTimes(database, 0)));
  }
  return {
    name: `a job of higher priority appears while fine-grained work fills ${slots} slots, ${rounds * jobsARound} jobs`,
    rows: [
      { name: 'look-ahead of 200 ms', figures: figures.ahead, unit: 'ms', show: 'percentiles' },
      { name: 'one at a time', figures: figures.single, unit: 'ms', show: 'percentiles' },
    ],
    budgets: [
      {
        name: 'p50 ÷ one at a time',
        figure: median(figures.ahead) / median(figures.single),
        at: 'most',
        limit: 1.5,
      },
    ],
  };
}

async function startTimes(
  database: BenchDatabase,
  look_ahead: number | undefined,
): Promise<number[]> {
  let began: (at: number) => void = () => {};
  await createJob(database, 'fine', 100_000, slots);
  const handlers = [
    handlerOf('fine', () => sleep(1)),
    handlerOf('urgent', () => began(performance.now())),
  ];
  const times: number[] = [];
  await withExecutor(
    database.app,
    handlers,
    { slots, timings: look_ahead === undefined ? {} : { look_ahead } },
    () =>
      withClient(database.superuser, async (client) => {
        await sleep(1_000);
        for (let i = 0; i < jobsARound; i++) {
          const start = new Promise<number>((resolve) => {
            began = resolve;
          });
          await client.query('begin');
          const { rows } = await client.query(
            `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, total_partitions, priority)
             select 'bench', id, name, gen_random_uuid()::text, 1, 5 from assets where name = 'urgent' and tenant_id = 'bench' returning id`,
          );
          await client.query(
            `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key) values (gen_random_uuid(), $1, 'bench', '1')`,
            [rows[0].id],
          );
          const committing = performance.now();
          await client.query('commit');
          times.push((await start) - committing);
          await sleep(100 + Math.random() * 200);
        }
      }),
  );
  await withClient(database.superuser, (client) => client.query('truncate backfill_jobs cascade'));
  return times;
}
