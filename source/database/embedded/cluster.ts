import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { installBinaries } from './binaries.ts';
import { failure } from './failure.ts';
import { type Installation, isRoot, requireOwner } from './installation.ts';

/** PGDATA, PGPORT, LC_* and others would change what PostgreSQL's programs do. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C' };
}

export function usesFsync(): boolean {
  return process.env.SERVO_EMBEDDED_FSYNC !== 'off';
}

/** Creates what is missing. Each folder gets its final name when it is complete. */
export async function prepare(installation: Installation): Promise<void> {
  try {
    mkdirSync(installation.folder, { recursive: true });
    if (isRoot()) chmodSync(installation.folder, 0o755);
    removePartial(installation.folder);
  } catch (cause) {
    throw failure(`cannot create the folder ${installation.folder}`, '', cause);
  }
  if (!existsSync(installation.binaries))
    await installBinaries(installation.package, installation.binaries);
  if (!existsSync(installation.dataDirectory)) await makeCluster(installation);
  requireOwner(installation.dataDirectory, serverUid(installation));
  makeSocketDirectory(installation);
}

export function serverUid(installation: Installation): number | undefined {
  return installation.user?.uid ?? process.getuid?.();
}

/** Removes half-made folders of processes that have ended. */
function removePartial(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /\.partial-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Collation by code point, the same on every system and after every upgrade. C.UTF-8 for the rest
 * if the system has it, else C.
 */
const locales = ['C.UTF-8', 'C'];

async function makeCluster(installation: Installation): Promise<void> {
  const partial = `${installation.dataDirectory}.partial-${process.pid}`;
  let said = '';
  try {
    for (const locale of locales) {
      makePrivate(partial, installation);
      const { code, output } = await run(installation, 'initdb', initdbArguments(partial, locale));
      if (code === 0) {
        renameSync(partial, installation.dataDirectory);
        return;
      }
      said = output;
      rmSync(partial, { recursive: true, force: true });
      if (!/invalid locale/i.test(output)) break;
    }
  } catch (cause) {
    rmSync(partial, { recursive: true, force: true });
    if (existsSync(installation.dataDirectory)) return;
    throw failure(
      `cannot create the embedded database in ${installation.dataDirectory}`,
      '',
      cause,
    );
  }
  throw failure(`cannot create the embedded database in ${installation.dataDirectory}`, said);
}

function initdbArguments(dataDirectory: string, locale: string): string[] {
  return [
    '-D',
    dataDirectory,
    '-U',
    'postgres',
    '-E',
    'UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    `--locale=${locale}`,
    // Safe, because only we and root can enter the socket's folder, and the server has no other
    // address. `peer` would fail: root's server runs under another name.
    '--auth-local=trust',
    '--auth-host=reject',
    '--no-instructions',
    ...(usesFsync() ? [] : ['--no-sync']),
  ];
}

/** Runs a PostgreSQL program to its end as the server's user. Throws if it cannot be started. */
function run(
  installation: Installation,
  program: string,
  args: string[],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      join(installation.binaries, 'bin', program),
      args,
      spawnOptions(installation),
    );
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', (error) => reject(cannotRun(installation, error)));
    child.on('close', (code, signal) =>
      resolve({ code, output: signal ? `${output}\nended by ${signal}` : output }),
    );
  });
}

export function spawnOptions(installation: Installation) {
  // Not in our own folder, which the server's user may not enter.
  return {
    cwd: '/',
    env: serverEnvironment(),
    uid: installation.user?.uid,
    gid: installation.user?.gid,
  };
}

/** ENOENT for an existing file means that its loader, the C library, is missing. */
export function cannotRun(installation: Installation, error: NodeJS.ErrnoException): Error {
  const as = installation.user === null ? '' : ` as user ${installation.user.name}`;
  const missing =
    error.code === 'ENOENT' && existsSync(join(installation.binaries, 'bin', 'postgres'));
  return failure(
    `cannot run PostgreSQL's programs in ${installation.binaries}${as}`,
    missing ? 'error while loading shared libraries: the C library is another one' : '',
    error,
  );
}

function makeSocketDirectory(installation: Installation): void {
  try {
    makePrivate(installation.socketDirectory, installation);
  } catch (cause) {
    throw failure(
      `cannot create the folder ${installation.socketDirectory} for the server's socket`,
      '',
      cause,
    );
  }
  requireOwner(installation.socketDirectory, serverUid(installation));
  chmodSync(installation.socketDirectory, 0o700);
}

/** A folder that only the server's user, and root, can enter. */
function makePrivate(path: string, installation: Installation): void {
  if (existsSync(path)) return;
  mkdirSync(path, { mode: 0o700 });
  if (installation.user !== null) chownSync(path, installation.user.uid, installation.user.gid);
}
