import { createJob } from './create-job.ts';
import { type Block, inTurn, median } from './measure.ts';
import { graphileWorkers } from './peers/graphile-worker.ts';
import { pgBoss } from './peers/pg-boss.ts';
import { handlerOf, jobSeconds, withExecutor } from './run-executor.ts';
import { type BenchDatabase, withClient } from './server.ts';

const partitions = 50_000;
const parallel = 10;
const batch = 500;
const unit = 'a second';

/**
 * No-op partitions a second of one executor on a parallel job, beside other queues with as many jobs, each in its
 * fastest mode, and beside the two bare batched UPDATEs that any executor needs.
 */
export async function noOpPartitions(database: BenchDatabase, rounds: number): Promise<Block> {
  const workers = await graphileWorkers(database);
  const boss = await pgBoss(database);
  const figures = await inTurn(rounds, {
    ours: () => runExecutor(database),
    bare: () => runBareUpdates(database),
    [boss.name]: () => boss.noOp(partitions, batch),
    ...Object.fromEntries(
      workers.map((worker) => [worker.name, () => worker.noOp(partitions, parallel)]),
    ),
  });
  const ours = median(figures.ours!);
  const best = Math.max(...workers.map((worker) => median(figures[worker.name]!)));
  return {
    name: `no-op partitions, one executor, parallel job of ${partitions.toLocaleString('en')} with --parallel ${parallel}`,
    rows: [
      { name: 'servo-tui', figures: figures.ours!, unit },
      { name: `two bare UPDATEs, ${batch} at a time`, figures: figures.bare!, unit },
      ...workers.map(({ name, mode }) => ({
        name: `${name}, concurrency ${parallel}, ${mode}`,
        figures: figures[name]!,
        unit,
      })),
      { name: `${boss.name}, batches of ${batch}`, figures: figures[boss.name]!, unit },
    ],
    budgets: [
      { name: "÷ graphile-worker's best", figure: ours / best, at: 'least', limit: 1.2 },
      { name: '÷ the bare UPDATEs', figure: ours / median(figures.bare!), at: 'least', limit: 0.6 },
    ],
  };
}

async function runExecutor(database: BenchDatabase): Promise<number> {
  const job = await createJob(database, 'noop', partitions, parallel);
  try {
    return await withExecutor(
      database.app,
      [handlerOf('noop')],
      { slots: parallel },
      async () => partitions / (await jobSeconds(database.superuser, job)),
    );
  } finally {
    await withClient(database.superuser, (client) =>
      client.query('truncate backfill_jobs cascade'),
    );
  }
}

/** Claims and completes in batches, one after the other on one connection, and does nothing else that an executor must. */
async function runBareUpdates(database: BenchDatabase): Promise<number> {
  const job = await createJob(database, 'bare', partitions, parallel);
  return withClient(database.superuser, async (client) => {
    const started = performance.now();
    for (let done = 0; done < partitions; ) {
      const { rows } = await client.query(
        `update backfill_partitions set state = 'running', attempt_count = attempt_count + 1, started_at = clock_timestamp()
         where id = any (array(select id from backfill_partitions where backfill_job_id = $1 and state = 'pending' and available_at is null
           order by partition_key limit ${batch}))
         returning id, partition_key`,
        [job],
      );
      await client.query(
        `update backfill_partitions set state = 'completed', completed_at = clock_timestamp(), duration_ms = 0 where id = any ($1)`,
        [rows.map((row) => row.id)],
      );
      done += rows.length;
    }
    const seconds = (performance.now() - started) / 1000;
    await client.query('truncate backfill_jobs cascade');
    return partitions / seconds;
  });
}
