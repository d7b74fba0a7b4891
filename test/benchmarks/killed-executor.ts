import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { defaultTimings } from '../../source/executor/settings.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';
import { createJob } from './create-job.ts';
import { type Block, percentile } from './measure.ts';
import { type BenchDatabase, withClient } from './server.ts';

const partitions = 4;
/** An executor declares others dead once its own lock is older than their silence plus a ping. */
const seasonedMs = defaultTimings.silence + 2 * defaultTimings.ping;
/** Ends when its executor is gone. */
const handler = '#!/bin/sh\nwhile kill -0 $PPID 2>/dev/null; do sleep 0.2; done\n';

/**
 * From SIGKILL of an executor to the start of the last of its partitions on another one: two real processes with the timings
 * that users get, one of which has been there for a while. By the database's clock, which is the killer's as well: one host.
 */
export async function killedExecutor(database: BenchDatabase, rounds: number): Promise<Block> {
  const handlers = handlerDirectory({ killed: handler });
  const start = () =>
    new Worker(database.app, 'bench', ['--handlers', handlers, '--slots', '8']).started();
  const workers: Worker[] = [];
  const client = new Client(database.superuser);
  await client.connect();
  const seconds: number[] = [];
  try {
    workers.push(await start());
    await createJob(database, 'killed', partitions, partitions);
    await waitFor(
      'the partitions to run',
      async () => (await running(client)).length === partitions,
    );
    workers.push(await start());
    for (let round = 0; round < rounds; round++) {
      await sleep(seasonedMs);
      // What is lost three times is poison, and runs nowhere: each kill is to be the first.
      await client.query('update backfill_partitions set crash_count = 0');
      const before = await running(client);
      const victim = workers.find(({ process }) => before[0]!.owner.includes(`:${process.pid}:`))!;
      const its = before.filter((row) => row.owner === before[0]!.owner);
      const { rows } = await client.query('select clock_timestamp() as at');
      await victim.kill();
      workers.splice(workers.indexOf(victim), 1, await start());
      const after = await waitFor(
        'the partitions to run elsewhere',
        async () => {
          const now = await running(client);
          const moved = now.filter((row) =>
            its.some(({ id, owner }) => id === row.id && owner !== row.owner),
          );
          return moved.length === its.length ? moved : null;
        },
        { timeout: 60_000 },
      );
      const last = Math.max(...after.map((row) => row.started_at.getTime()));
      seconds.push((last - rows[0].at.getTime()) / 1000);
    }
  } finally {
    for (const worker of workers) await worker.kill();
    await client.end();
    await withClient(database.superuser, (c) => c.query('truncate backfill_jobs cascade'));
    rmSync(handlers, { recursive: true });
  }
  return {
    name: `SIGKILL → its partitions run elsewhere, ${rounds} kills, default timings`,
    rows: [
      { name: 'servo-tui', figures: seconds, unit: 's' },
      { name: '', figures: seconds, unit: 's', show: 'percentiles' },
    ],
    budgets: [{ name: 'p95, s', figure: percentile(seconds, 95), at: 'most', limit: 15 }],
  };
}

async function running(client: Client): Promise<{ id: string; owner: string; started_at: Date }[]> {
  const { rows } = await client.query(
    `select id, lease_owner as owner, started_at from backfill_partitions where state = 'running' order by lease_owner`,
  );
  return rows;
}
