import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionSettings } from '../database/settings.ts';
import { packageRoot } from '../package.ts';
import { demoTenant } from './jobs.ts';
import { dataFolder } from './series.ts';

/** The demonstration's handlers take milliseconds, so this is plenty. */
const graceMs = 10_000;

export type DemoExecutor = {
  /** Its last lines of stderr if it ended unexpectedly; null while it runs. */
  failed(): string | null;
  stop(): Promise<void>;
};

/**
 * Ends the executor when the IPC channel closes, so that a killed demonstration leaves none behind.
 * The channel does not keep it running.
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
      // Its own session: Ctrl-C must not reach it, since we drain it.
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
    ended ??= `${said.join('').trim().split('\n').slice(-3).join(' | ') || 'no output'} (${signal ?? `exit ${code}`})`;
  });
  return { failed: () => ended, stop: () => stop(child) };
}

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
  const timer = new AbortController();
  const late = sleep(graceMs + 5_000, 'late', { signal: timer.signal }).catch(() => null);
  if ((await Promise.race([exited, late])) === 'late') child.kill('SIGKILL');
  timer.abort();
  await exited;
}
