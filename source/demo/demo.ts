import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, openDatabase } from '../database/database.ts';
import { type EmbeddedServer, ensureEmbeddedServer } from '../database/embedded/server.ts';
import { requireSchema } from '../database/schema-version.ts';
import type { ConnectionSettings } from '../database/settings.ts';
import { ServoError } from '../errors.ts';
import { demoSettings, makeDemoDatabase, registerDemoAssets } from './demo-database.ts';
import { demoTenant, watchablePace } from './jobs.ts';
import { claimDemo } from './live.ts';
import type { DemoOptions, DemoResult } from './options.ts';
import { readProgress } from './progress.ts';
import { runToEnd } from './run-to-end.ts';
import { startDue } from './start-due.ts';
import { startWorker, type Worker } from './worker.ts';

/** Handlers that the worker runs at once. */
const slots = 8;

/**
 * The demonstration: the embedded server, a database of its own that is made anew, a worker, three backfills of real
 * data. One at a time: where one is live already, a person joins its console, and a script is refused (`not_allowed`).
 * @throws ServoError database_unreachable where there can be no embedded server
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  options.say('starting the embedded PostgreSQL');
  const server = await ensureEmbeddedServer();
  const claim = await claimDemo(server);
  if (claim === null) return join(server, options);
  try {
    return await run(server, options);
  } finally {
    await claim.release();
  }
}

async function run(server: EmbeddedServer, options: DemoOptions): Promise<DemoResult> {
  const { openConsole, say, actor } = options;
  say(`PostgreSQL ${server.version} is up; loading the births of 7,670 days into a new database`);
  await makeDemoDatabase(server, openConsole === null ? 0 : watchablePace);
  const settings = demoSettings(server);
  const database = openDatabase(settings, { connections: 2 });
  const over = new AbortController();
  let worker: Worker | null = null;
  try {
    await registerDemoAssets(database, actor);
    await startDue(database, actor, []);
    worker = startWorker(settings, slots);
    if (openConsole === null) return await runToEnd(database, worker, options);
    const follower = followUp(database, actor, over.signal);
    const exit = await openConsole(settings, demoTenant);
    over.abort();
    await follower;
    say('letting the worker finish what it has begun');
    say('PostgreSQL stays up for the next time; servo-tui embedded stop ends it');
    return { exit, report: null };
  } finally {
    over.abort();
    await worker?.stop();
    await database.close();
  }
}

/** Starts what comes after a backfill when that has completed. Whatever goes wrong, the console shows it better. */
async function followUp(database: Database, actor: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await readProgress(database)
      .then((jobs) => startDue(database, actor, jobs))
      .catch(() => {});
    await sleep(500, undefined, { signal }).catch(() => {});
  }
}

/** A second console on a demonstration that is live. It may still be loading its data. */
async function join(
  server: EmbeddedServer,
  { openConsole, say }: DemoOptions,
): Promise<DemoResult> {
  if (openConsole === null) {
    throw new ServoError('not_allowed', 'a demonstration is live already', {
      hint: 'end it, or join its console: run servo-tui demo at a terminal',
    });
  }
  say('a demonstration is live already: joining its console');
  const settings = demoSettings(server);
  await untilReady(settings);
  return { exit: await openConsole(settings, demoTenant), report: null };
}

const timeoutMs = 30_000;

async function untilReady(settings: ConnectionSettings): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const database = openDatabase(settings, { connections: 1 });
    try {
      return await requireSchema(database);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(200);
    } finally {
      await database.close();
    }
  }
}
