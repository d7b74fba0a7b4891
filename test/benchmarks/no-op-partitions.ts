import { Client } from 'pg';
import { startExecutor } from '../../source/executor/executor.ts';
import { defaultTimings } from '../../source/executor/settings.ts';
import { silentLog } from '../../source/observability/log.ts';
import { createJob } from './create-job.ts';
import { type Comparison, inTurn } from './measure.ts';
import { type BenchDatabase, withClient } from './server.ts';

const partitions = 50_000;
const parallel = 10;
const batch = 500;

/** No-op partitions a second of one executor on a parallel job, beside the two bare batched UPDATEs that any executor needs. */
export async function noOpPartitions(database: BenchDatabase, rounds: number): Promise<Comparison> {
  const figures = await inTurn(
    rounds,
    () => runExecutor(database),
    () => runBareUpdates(database),
  );
  return {
    name: `no-op partitions, one executor, parallel job of ${partitions.toLocaleString('en')} with --parallel ${parallel}`,
    unit: 'partitions/s',
    ours: figures.ours,
    reference: {
      name: `two bare batched UPDATEs per partition, ${batch} at a time`,
      figures: figures.reference,
    },
    budget: { at: 'least', ratio: 0.6 },
  };
}

async function runExecutor(database: BenchDatabase): Promise<number> {
  const asset = 'noop';
  const job = await createJob(database, asset, partitions, parallel);
  const listener = new Client(database.superuser);
  await listener.connect();
  await listener.query('listen servo');
  const executor = await startExecutor({
    settings: database.app,
    tenants: ['bench'],
    catalogue: new Map([
      [asset, { asset, kind: 'function', run: async () => ({ outcome: { kind: 'completed' } }) }],
    ]),
    slots: parallel,
    grace: 1_000,
    timings: defaultTimings,
    log: () => silentLog,
  });
  try {
    const look = () =>
      listener.query(
        `select state, extract(epoch from completed_at - started_at)::float8 as seconds,
      (select count(*)::int from backfill_partitions where backfill_job_id = j.id and state = 'completed') as completed
      from backfill_jobs j where id = $1 and state not in ('pending', 'running')`,
        [job],
      );
    for (;;) {
      const notified = new Promise((resolve) => listener.once('notification', resolve));
      const [row] = (await look()).rows;
      if (row !== undefined) {
        if (row.state !== 'completed' || row.completed !== partitions)
          throw new Error(`the job ended ${JSON.stringify(row)}`);
        return partitions / row.seconds;
      }
      await notified;
    }
  } finally {
    await executor.drain();
    await listener.end();
    await withClient(database.superuser, (client) => client.query('delete from backfill_jobs'));
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
    await client.query('delete from backfill_jobs');
    return partitions / seconds;
  });
}
