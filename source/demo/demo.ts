import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, openDatabase } from '../database/database.ts';
import { type EmbeddedServer, ensureEmbeddedServer } from '../database/embedded/server.ts';
import { requireSchema } from '../database/schema-version.ts';
import type { ConnectionSettings } from '../database/settings.ts';
import { ServoError } from '../errors.ts';
import { demoSettings, makeDemoDatabase, registerDemoAssets } from './demo-database.ts';
import { type DemoExecutor, startExecutor } from './executor.ts';
import { demoTenant, watchablePace } from './jobs.ts';
import { lockDemo } from './lock.ts';
import type { DemoOptions, DemoResult } from './options.ts';
import { readProgress } from './progress.ts';
import { runToEnd } from './run-to-end.ts';
import { startDue } from './start-due.ts';

const slots = 8;

const steps = 5;

/**
 * The demonstration: the embedded server, a new database, an executor and three backfills of real
 * data. If one is running already, a terminal joins its console and a script gets `not_allowed`.
 * @throws ServoError database_unreachable if the embedded server cannot be started
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  options.say('starting the embedded PostgreSQL');
  const server = await ensureEmbeddedServer();
  const claim = await lockDemo(server);
  if (claim === null) return join(server, options);
  try {
    return await run(server, options);
  } finally {
    await claim.release();
  }
}

async function run(server: EmbeddedServer, options: DemoOptions): Promise<DemoResult> {
  const { openConsole, say, advance, actor } = options;
  say(`PostgreSQL ${server.version} is running; loading births of 7,670 days into a new database`);
  let done = 1;
  advance(done, steps);
  await makeDemoDatabase(server, openConsole === null ? 0 : watchablePace, () => {
    done += 1;
    advance(done, steps);
  });
  const settings = demoSettings(server);
  const database = openDatabase(settings, { connections: 2 });
  const ended = new AbortController();
  let executor: DemoExecutor | null = null;
  try {
    await registerDemoAssets(database, actor);
    await startDue(database, actor, []);
    executor = startExecutor(settings, slots);
    advance(steps, steps);
    if (openConsole === null) return await runToEnd(database, executor, options);
    const follower = startFollowing(database, actor, ended.signal);
    const exit = await openConsole(settings, demoTenant);
    ended.abort();
    await follower;
    say('draining the executor');
    say('PostgreSQL keeps running; stop it with: servo-tui embedded stop');
    return { exit, report: null };
  } finally {
    ended.abort();
    await executor?.stop();
    await database.close();
  }
}

/** Starts each backfill when the one before it has completed. The console shows errors. */
async function startFollowing(
  database: Database,
  actor: string,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await readProgress(database)
      .then((jobs) => startDue(database, actor, jobs))
      .catch(() => {});
    await sleep(500, undefined, { signal }).catch(() => {});
  }
}

async function join(
  server: EmbeddedServer,
  { openConsole, say }: DemoOptions,
): Promise<DemoResult> {
  if (openConsole === null) {
    throw new ServoError('not_allowed', 'a demonstration is already running', {
      hint: 'end it, or run servo-tui demo at a terminal to join its console',
    });
  }
  say('a demonstration is already running: joining its console');
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
