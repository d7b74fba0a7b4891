import { createJob } from './create-job.ts';
import { type Block, inTurn, median } from './measure.ts';
import { jobSeconds, withExecutor } from './run-executor.ts';
import { type BenchDatabase, withClient } from './server.ts';

const partitions = 2_000;
const asset = 'sql';
const unit = 'a second';

/** From the handler's statement to where its errors go, with the cleaning of the session between. */
const cleaning = /\n {2}begin\n( {4}execute p_sql using p_key;\n)[\s\S]*?\n {4}raise;\n {2}end;\n/;

/**
 * No-op SQL partitions a second of one slot: with the session cleaned after each, by the same function without that, and
 * beside a bare transaction for each partition that completes one and claims the next.
 */
export async function sqlHandlers(database: BenchDatabase, rounds: number): Promise<Block> {
  const figures = await inTurn(rounds, {
    ours: () => runExecutor(database),
    uncleaned: () => withoutCleaning(database, () => runExecutor(database)),
    bare: () => runBareTransactions(database),
  });
  const ours = median(figures.ours!);
  return {
    name: `no-op SQL partitions, one slot, sequential job of ${partitions.toLocaleString('en')}`,
    rows: [
      { name: 'servo-tui', figures: figures.ours!, unit },
      { name: 'the same, the session not cleaned', figures: figures.uncleaned!, unit },
      { name: 'a bare transaction each', figures: figures.bare!, unit },
    ],
    budgets: [
      {
        name: '÷ the session not cleaned',
        figure: ours / median(figures.uncleaned!),
        at: 'least',
        limit: 0.8,
      },
    ],
    notes: [`÷ a bare transaction each: ${(ours / median(figures.bare!)).toFixed(2)}`],
  };
}

async function runExecutor(database: BenchDatabase): Promise<number> {
  const job = await createJob(database, asset, partitions, 1);
  const handler = { asset, kind: 'sql', sql: 'select $1' } as const;
  try {
    return await withExecutor(
      database.app,
      [handler],
      { slots: 1 },
      async () => partitions / (await jobSeconds(database.superuser, job)),
    );
  } finally {
    await forget(database);
  }
}

async function withoutCleaning<T>(database: BenchDatabase, work: () => Promise<T>): Promise<T> {
  return withClient(database.superuser, async (client) => {
    const { rows } = await client.query(
      `select pg_get_functiondef('servo_run_sql_v1'::regproc) as text`,
    );
    const text: string = rows[0].text;
    if (!cleaning.test(text)) throw new Error('servo_run_sql_v1 is not as it was');
    await client.query(text.replace(cleaning, '\n$1'));
    try {
      return await work();
    } finally {
      await client.query(text);
    }
  });
}

async function runBareTransactions(database: BenchDatabase): Promise<number> {
  const job = await createJob(database, asset, partitions, 1);
  try {
    return await withClient(database.superuser, async (client) => {
      const started = performance.now();
      for (let done: string | null = null, n = 0; n <= partitions; n++) {
        const { rows }: { rows: { id: string }[] } = await client.query(
          `with done as (
             update backfill_partitions set state = 'completed', completed_at = clock_timestamp(), duration_ms = 0 where id = $2
           )
           update backfill_partitions set state = 'running', attempt_count = attempt_count + 1, started_at = clock_timestamp()
           where id = any (array(select id from backfill_partitions where backfill_job_id = $1 and state = 'pending' and available_at is null
             order by partition_key limit 1))
           returning id`,
          [job, done],
        );
        done = rows[0]?.id ?? null;
      }
      return (partitions / (performance.now() - started)) * 1000;
    });
  } finally {
    await forget(database);
  }
}

function forget(database: BenchDatabase): Promise<unknown> {
  return withClient(database.superuser, (client) => client.query('truncate backfill_jobs cascade'));
}
