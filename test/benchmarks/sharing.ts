import { setTimeout as sleep } from 'node:timers/promises';
import { createJob } from './create-job.ts';
import type { Block } from './measure.ts';
import { handlerOf, jobSeconds, withExecutor } from './run-executor.ts';
import { type BenchDatabase, withClient } from './server.ts';

const partitions = 8_000;
const parallel = 8;
const slots = 4;

/** Two executors on one job of fine-grained work with room for both: what each of them did of it, by the rows. */
export async function sharing(database: BenchDatabase, rounds: number): Promise<Block> {
  const shares: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const handler = handlerOf('shared', () => sleep(1));
    await withExecutor(database.app, [handler], { slots }, () =>
      withExecutor(database.app, [handler], { slots }, async () => {
        const job = await createJob(database, 'shared', partitions, parallel);
        await jobSeconds(database.superuser, job);
        const { rows } = await withClient(database.superuser, (client) =>
          client.query(
            'select count(*)::int as done from backfill_partitions where backfill_job_id = $1 group by lease_owner',
            [job],
          ),
        );
        shares.push(...[0, 1].map((i) => (rows[i]?.done ?? 0) / partitions));
      }),
    );
    await withClient(database.superuser, (client) =>
      client.query('truncate backfill_jobs cascade'),
    );
  }
  return {
    name: `two executors with ${slots} slots each on a job of fine-grained work, --parallel ${parallel}`,
    rows: [{ name: 'share of each', figures: shares, unit: 'of the partitions' }],
    budgets: [
      { name: 'the smallest share', figure: Math.min(...shares), at: 'least', limit: 0.3 },
      { name: 'the greatest share', figure: Math.max(...shares), at: 'most', limit: 0.7 },
    ],
  };
}
