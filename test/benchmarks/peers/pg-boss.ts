import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import PgBoss from 'pg-boss';
import { packageRoot } from '../../../source/package.ts';
import { type BenchDatabase, withClient } from '../server.ts';

const queue = 'noop';

/** pg-boss in the benchmarks' database, with one queue. */
export async function pgBoss(database: BenchDatabase): Promise<{
  /** With its version. */
  name: string;
  /** Jobs a second when they are fetched and completed so many at a time, one batch after the other. */
  noOp(jobs: number, batch: number): Promise<number>;
}> {
  const { version } = JSON.parse(
    readFileSync(join(packageRoot, 'node_modules', 'pg-boss', 'package.json'), 'utf8'),
  );
  return {
    name: `pg-boss ${version}`,
    noOp: async (jobs, batch) => {
      const boss = new PgBoss({ ...database.superuser, supervise: false, schedule: false });
      await boss.start();
      try {
        await boss.createQueue(queue);
        for (let i = 0; i < jobs; i += 5_000)
          await boss.insert(
            Array.from({ length: Math.min(5_000, jobs - i) }, () => ({ name: queue, data: {} })),
          );
        await withClient(database.superuser, (client) => client.query('vacuum analyze pgboss.job'));
        const started = performance.now();
        let done = 0;
        for (;;) {
          const found = await boss.fetch(queue, { batchSize: batch });
          if (found.length === 0) break;
          await boss.complete(
            queue,
            found.map((job) => job.id),
          );
          done += found.length;
        }
        if (done !== jobs) throw new Error(`pg-boss did ${done} of ${jobs} jobs`);
        return (jobs / (performance.now() - started)) * 1000;
      } finally {
        await boss.clearStorage();
        await boss.stop({ graceful: false, close: true });
      }
    },
  };
}
