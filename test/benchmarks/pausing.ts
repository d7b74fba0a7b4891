import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../support/wait-for.ts';
import { createJob } from './create-job.ts';
import type { Block } from './measure.ts';
import { handlerOf, withExecutor } from './run-executor.ts';
import { type BenchDatabase, withClient } from './server.ts';

const partitions = 20_000;
const parallel = 4;
const pausesARound = 10;

/**
 * Pauses a job of fine-grained work at random moments, by the runbook's SQL, and counts the partitions that were claimed after the
 * pause had committed: by their rows, on the database's clock, once nothing runs any more.
 */
export async function pausing(database: BenchDatabase, rounds: number): Promise<Block> {
  const released: number[] = [];
  const stopTimes: number[] = [];
  let late = 0;
  for (let round = 0; round < rounds; round++) {
    const job = await createJob(database, 'paused', partitions, parallel);
    // A millisecond each: two hundred are claimed ahead.
    const handler = handlerOf('paused', () => sleep(1));
    await withExecutor(database.app, [handler], { slots: parallel }, () =>
      withClient(database.superuser, async (client) => {
        const count = async (where: string, values: unknown[] = []): Promise<number> =>
          (
            await client.query(
              `select count(*)::int as n from backfill_partitions where backfill_job_id = $1 and ${where}`,
              [job, ...values],
            )
          ).rows[0].n;
        for (let i = 0; i < pausesARound; i++) {
          const done = await count(`state = 'completed'`);
          await waitFor(
            'the job to move',
            async () => (await count(`state = 'completed'`)) > done + 100,
          );
          await sleep(Math.random() * 50);
          await client.query(
            `update backfill_jobs set state = 'paused', paused_at = now(), version = version + 1 where id = $1`,
            [job],
          );
          const { rows } = await client.query('select clock_timestamp() as at');
          const paused = performance.now();
          await waitFor('what runs to end', async () => (await count(`state = 'running'`)) === 0);
          stopTimes.push(performance.now() - paused);
          released.push(await count(`state = 'pending' and available_at is not null`));
          late += await count('started_at > $2', [rows[0].at]);
          await client.query(
            `update backfill_jobs set state = 'resuming', heartbeat_at = now(), version = version + 1 where id = $1`,
            [job],
          );
        }
      }),
    );
    await withClient(database.superuser, (client) =>
      client.query('truncate backfill_jobs cascade'),
    );
  }
  return {
    name: `pausing fine-grained work, ${rounds * pausesARound} pauses, ${parallel} lease queues that look ahead`,
    rows: [
      { name: 'claimed ahead, released unstarted', figures: released, unit: 'partitions' },
      { name: 'pause → nothing runs', figures: stopTimes, unit: 'ms', show: 'percentiles' },
    ],
    budgets: [{ name: 'claims after a pause', figure: late, at: 'most', limit: 0 }],
  };
}
