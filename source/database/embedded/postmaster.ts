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
import { cannotRun, fsyncWanted, spawnOptions } from './cluster.ts';
import { failure } from './failure.ts';
import type { Place } from './place.ts';

export type Postmaster = {
  pid: number;
  /** As PostgreSQL writes it: starting, ready, stopping. */
  status: string;
};

/** The live server of this data folder, or null. A pid that another process has now is not one. */
export function findPostmaster(place: Place): Postmaster | null {
  const lines = readPidFile(place);
  const pid = Number(lines[0]);
  return pid > 0 && isServer(pid, place) ? { pid, status: (lines[7] ?? '').trim() } : null;
}

function pidFile(place: Place): string {
  return join(place.dataDirectory, 'postmaster.pid');
}

function readPidFile(place: Place): string[] {
  try {
    return readFileSync(pidFile(place), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw failure(`cannot read ${pidFile(place)}`, '', error);
  }
}

/** By its command line, which is empty for a dead process that nobody has waited for. */
function isServer(pid: number, place: Place): boolean {
  try {
    const command = existsSync('/proc/self/cmdline')
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      : execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes(` -D ${place.dataDirectory} `);
  } catch {
    return false;
  }
}

/**
 * Starts a server that outlives us: a session of its own, so that neither our Ctrl-C nor the terminal's end
 * reaches it. `exited` is what it printed if it ended, null as long as it lives.
 */
export function startPostmaster(place: Place): { exited: () => Error | string | null } {
  forgetForeignPid(place);
  const from = rotateLog(place);
  const log = openSync(place.logFile, 'a', 0o600);
  let ended: Error | true | null = null;
  let child: ChildProcess;
  try {
    child = spawn(join(place.binaries, 'bin', 'postgres'), serverArguments(place), {
      ...spawnOptions(place),
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
  child.on('error', (error) => {
    ended = cannotRun(place, error);
  });
  child.on('exit', () => {
    ended ??= true;
  });
  child.unref();
  return {
    exited: () => (ended === true ? readFileSync(place.logFile).subarray(from).toString() : ended),
  };
}

const settings: Readonly<Record<string, string | number>> = {
  listen_addresses: '',
  port: 5432,
  unix_socket_permissions: '0700',
  max_connections: 100,
  shared_buffers: '128MB',
  // Partitions are rewritten at every step: an idle minute between clean-ups is too long.
  autovacuum_naptime: '10s',
  wal_level: 'minimal',
  max_wal_senders: 0,
  // Not in /dev/shm: logind empties it of a user's things at logout, and containers keep it at 64 MB.
  dynamic_shared_memory_type: 'mmap',
  min_dynamic_shared_memory: '16MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // Without the errors of statements: they reach whoever sent the statement.
  log_min_messages: 'log',
};

function serverArguments(place: Place): string[] {
  const all = {
    ...settings,
    unix_socket_directories: place.socketDirectory,
    fsync: fsyncWanted() ? 'on' : 'off',
  };
  return [
    '-D',
    place.dataDirectory,
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/**
 * After a crash another process may have got the server's old pid, and PostgreSQL would refuse to start. Its
 * parent's pid, ours, it takes for stale. The other lines stay: by them it still finds a live server's memory.
 */
function forgetForeignPid(place: Place): void {
  const [pid, ...rest] = readPidFile(place);
  if (pid === undefined) return;
  writeFileSync(pidFile(place), [String(process.pid), ...rest].join('\n'));
}

/** Returns where the new server's part of the log begins. */
function rotateLog(place: Place): number {
  const size = existsSync(place.logFile) ? statSync(place.logFile).size : 0;
  if (size < 1_000_000) return size;
  renameSync(place.logFile, `${place.logFile}.1`);
  return 0;
}

/** Ends the server, politely (clients are cut, nothing is lost), then by force. */
export async function stopPostmaster(place: Place): Promise<boolean> {
  const found = findPostmaster(place);
  if (found === null) return false;
  const escalation: readonly (readonly [NodeJS.Signals, number])[] = [
    ['SIGINT', 30_000],
    ['SIGQUIT', 10_000],
  ];
  for (const [signal, timeoutMs] of escalation) {
    kill(found.pid, signal);
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      if (!isServer(found.pid, place)) return true;
      await sleep(20);
    }
  }
  throw new ServoError(
    'database_unreachable',
    `the embedded database (pid ${found.pid}) does not stop`,
    {
      hint: `look at ${place.logFile}`,
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
