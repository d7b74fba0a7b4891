import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { packageRoot } from '../../../source/package.ts';
import { type BenchDatabase, withClient } from '../server.ts';

type Module = typeof import('graphile-worker');
type Installed = {
  folder: string;
  schema: string;
  mode: string;
  /** Options of its fastest way of working. */
  fastest: object;
};

/** Jobs fetched at once, as in its own benchmark. */
const batch = 500;

/** The newest has batches (it asks for Node 22.18, and runs on 20); the last one that asks for less has none. */
const versions: readonly Installed[] = [
  {
    folder: join('test', 'benchmarks', 'peers', 'newest', 'node_modules', 'graphile-worker'),
    schema: 'graphile_worker_next',
    mode: `batches of ${batch}`,
    fastest: {
      preset: {
        worker: { localQueue: { size: batch }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
      },
    },
  },
  {
    folder: join('node_modules', 'graphile-worker'),
    schema: 'graphile_worker',
    mode: 'one at a time',
    fastest: {},
  },
];

export type GraphileWorker = {
  /** With its version. */
  name: string;
  /** How it works when it is to be fast. */
  mode: string;
  /** Its command line program, which runs on whatever `connection` says and keeps its tables in `schema`. */
  program: string;
  schema: string;
  /** Jobs a second, from the first task's start until the last job is gone from its table. */
  noOp(jobs: number, concurrency: number): Promise<number>;
  /** For each of as many jobs, milliseconds from its commit to its task's start, with its default options. */
  startTimes(jobs: number, concurrency: number): Promise<number[]>;
};

/** Its versions, the newest first, each with a schema of its own. */
export function graphileWorkers(database: BenchDatabase): Promise<GraphileWorker[]> {
  return Promise.all(versions.map((version) => prepare(database, version)));
}

async function prepare(database: BenchDatabase, installed: Installed): Promise<GraphileWorker> {
  const folder = join(packageRoot, installed.folder);
  const module: Module = createRequire(import.meta.url)(folder);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { schema } = installed;
  const logger = new module.Logger(() => () => undefined);

  const withPool = async <T>(
    work: (shared: { pgPool: pg.Pool; schema: string; logger: typeof logger }) => Promise<T>,
  ) => {
    const pgPool = new pg.Pool({ ...database.superuser, max: 12 });
    pgPool.on('error', () => {});
    pgPool.on('connect', (client) => client.on('error', () => {}));
    try {
      return await work({ pgPool, schema, logger });
    } finally {
      await pgPool.end();
    }
  };
  const withWorkers = <T>(options: object, task: () => void, work: () => Promise<T>): Promise<T> =>
    withPool(async (shared) => {
      const runner = await module.run({
        ...shared,
        ...options,
        noHandleSignals: true,
        taskList: { noop: task },
      });
      try {
        return await work();
      } finally {
        await runner.stop();
      }
    });
  await withPool((shared) => module.runMigrations(shared));

  return {
    name: `graphile-worker ${version}`,
    mode: installed.mode,
    program: join(folder, 'dist', 'cli.js'),
    schema,
    noOp: (jobs, concurrency) =>
      withClient(database.superuser, async (client) => {
        const table = `${schema}._private_jobs`;
        await client.query(`truncate ${table}`);
        await client.query(
          `select count(*) from ${schema}.add_jobs(array(
             select ('noop', '{}', null, null, null, null, null, null)::${schema}.job_spec from generate_series(1, $1)))`,
          [jobs],
        );
        await client.query(`vacuum analyze ${table}`);
        let started = 0;
        let run = 0;
        const all = signal();
        const task = () => {
          if (run++ === 0) started = performance.now();
          if (run === jobs) all.resolve();
        };
        return withWorkers({ concurrency, ...installed.fastest }, task, async () => {
          await all.promise;
          while ((await client.query(`select from ${table} limit 1`)).rowCount !== 0);
          return (jobs / (performance.now() - started)) * 1000;
        });
      }),
    startTimes: (jobs, concurrency) =>
      withClient(database.superuser, async (client) => {
        let began = signal<number>();
        const task = () => began.resolve(performance.now());
        return withWorkers({ concurrency }, task, async () => {
          const times: number[] = [];
          for (let i = 0; i < jobs; i++) {
            began = signal();
            await client.query('begin');
            await client.query(`select ${schema}.add_job('noop', '{}')`);
            const committing = performance.now();
            await client.query('commit');
            times.push((await began.promise) - committing);
            await sleep(5 + Math.random() * 20);
          }
          return times;
        });
      }),
  };
}

function signal<T = void>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
