import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionSettings } from '../database/settings.ts';
import { packageRoot } from '../package.ts';
import { demoTenant } from './jobs.ts';
import { dataFolder } from './series.ts';

/** Handlers of the demonstration are done in milliseconds; the worker has this long to stop in order. */
const graceMs = 10_000;

/** A worker of the demonstration: a child process, the same program that a user would start. */
export type DemoExecutor = {
  /** What it said last on stderr, where it ended by itself; null as long as it is at work. */
  failed(): string | null;
  /** Lets it finish what it has begun, and waits for its end. */
  stop(): Promise<void>;
};

/**
 * Ends the worker when the channel to us closes: a demonstration that was killed leaves none behind. Not
 * keeping it alive either.
 */
const endWithParent = `process.on('disconnect', () => process.kill(process.pid, 'SIGTERM')); process.channel.unref();`;

export function startExecutor(settings: ConnectionSettings, slots: number): DemoExecutor {
  const said: string[] = [];
  let ended: string | null = null;
  const args = [
    '--worker',
    '--handlers',
    join(dataFolder, 'handlers'),
    '--slots',
    String(slots),
    '--grace',
    `${graceMs / 1000}s`,
  ];
  const child = spawn(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(endWithParent)}`,
      join(packageRoot, 'bin', 'servo-tui.js'),
      ...args,
    ],
    {
      env: environment(settings),
      // A session of its own: Ctrl-C in our terminal is for us, and we stop it in order.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  );
  child.stderr!.on('data', (chunk: Buffer) => {
    said.push(chunk.toString());
    while (said.length > 50) said.shift();
  });
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('close', (code, signal) => {
    ended ??= `${said.join('').trim().split('\n').slice(-3).join(' | ') || 'it said nothing'} (${signal ?? `exit ${code}`})`;
  });
  return { failed: () => ended, stop: () => stop(child) };
}

/** The database, and nothing else of ours that could lead it to another one. */
function environment(settings: ConnectionSettings): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(DATABASE_URL|TENANT_ID|PG[A-Z]+|SERVO_.*)$/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    PGHOST: settings.host,
    PGPORT: String(settings.port),
    PGUSER: settings.user,
    PGDATABASE: settings.database,
    TENANT_ID: demoTenant,
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const impatience = new AbortController();
  const late = sleep(graceMs + 5_000, 'late', { signal: impatience.signal }).catch(() => null);
  if ((await Promise.race([exited, late])) === 'late') child.kill('SIGKILL');
  impatience.abort();
  await exited;
}
