import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServoError } from '../../errors.ts';
import { cannotRun, spawnOptions, usesFsync } from './cluster.ts';
import { failure } from './failure.ts';
import type { Installation } from './installation.ts';

type Postmaster = {
  pid: number;
  /** As PostgreSQL writes it: starting, ready, stopping. */
  status: string;
};

/** The running server of this data folder, or null. Another process with its old pid is not one. */
export function findPostmaster(installation: Installation): Postmaster | null {
  const lines = readPidFile(installation);
  const pid = Number(lines[0]);
  return pid > 0 && isServer(pid, installation) ? { pid, status: (lines[7] ?? '').trim() } : null;
}

function pidFile(installation: Installation): string {
  return join(installation.dataDirectory, 'postmaster.pid');
}

function readPidFile(installation: Installation): string[] {
  try {
    return readFileSync(pidFile(installation), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw failure(`cannot read ${pidFile(installation)}`, '', error);
  }
}

/** By its command line, which is empty for a zombie. */
function isServer(pid: number, installation: Installation): boolean {
  try {
    const command = existsSync('/proc/self/cmdline')
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      : execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes(` -D ${installation.dataDirectory} `);
  } catch {
    return false;
  }
}

/**
 * Starts a server that outlives us, in a session of its own: neither our Ctrl-C nor the terminal's
 * end reaches it. `exited`: its output once it has ended, else null.
 */
export function startPostmaster(installation: Installation): {
  exited: () => Error | string | null;
} {
  replaceStalePid(installation);
  const from = rotateLog(installation);
  const log = openSync(installation.logFile, 'a', 0o600);
  let ended: Error | true | null = null;
  let child: ChildProcess;
  try {
    child = spawn(join(installation.binaries, 'bin', 'postgres'), serverArguments(installation), {
      ...spawnOptions(installation),
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
  child.on('error', (error) => {
    ended = cannotRun(installation, error);
  });
  child.on('exit', () => {
    ended ??= true;
  });
  child.unref();
  return {
    exited: () =>
      ended === true ? readFileSync(installation.logFile).subarray(from).toString() : ended,
  };
}

const settings: Readonly<Record<string, string | number>> = {
  listen_addresses: '',
  port: 5432,
  unix_socket_permissions: '0700',
  max_connections: 100,
  shared_buffers: '128MB',
  // Partitions are updated all the time: a minute between vacuums is too long.
  autovacuum_naptime: '10s',
  wal_level: 'minimal',
  max_wal_senders: 0,
  // Not in /dev/shm: logind empties it at logout, and containers limit it to 64 MB.
  dynamic_shared_memory_type: 'mmap',
  min_dynamic_shared_memory: '16MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // Without errors of statements: their senders receive them.
  log_min_messages: 'log',
};

function serverArguments(installation: Installation): string[] {
  const all = {
    ...settings,
    unix_socket_directories: installation.socketDirectory,
    fsync: usesFsync() ? 'on' : 'off',
  };
  return [
    '-D',
    installation.dataDirectory,
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/**
 * After a crash another process may have the server's old pid, and PostgreSQL would refuse to
 * start; its parent's pid (ours) it takes for stale. The other lines identify the memory of a
 * running server.
 */
function replaceStalePid(installation: Installation): void {
  const [pid, ...rest] = readPidFile(installation);
  if (pid === undefined) return;
  writeFileSync(pidFile(installation), [String(process.pid), ...rest].join('\n'));
}

/** Returns where the new server's part of the log begins. */
function rotateLog(installation: Installation): number {
  const size = existsSync(installation.logFile) ? statSync(installation.logFile).size : 0;
  if (size < 1_000_000) return size;
  renameSync(installation.logFile, `${installation.logFile}.1`);
  return 0;
}

/** Stops the server: fast shutdown first (clients are cut, nothing is lost), then immediate. */
export async function stopPostmaster(installation: Installation): Promise<boolean> {
  const found = findPostmaster(installation);
  if (found === null) return false;
  const escalation: readonly (readonly [NodeJS.Signals, number])[] = [
    ['SIGINT', 30_000],
    ['SIGQUIT', 10_000],
  ];
  for (const [signal, timeoutMs] of escalation) {
    kill(found.pid, signal);
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      if (!isServer(found.pid, installation)) return true;
      await sleep(20);
    }
  }
  throw new ServoError(
    'database_unreachable',
    `the embedded database (pid ${found.pid}) does not stop`,
    {
      hint: `see ${installation.logFile}`,
    },
  );
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw failure(`cannot stop the embedded database (pid ${pid})`, '', error);
    }
  }
}
